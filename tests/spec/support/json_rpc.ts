/**
 * Checks that a message is JSON-RPC 2.0 with the restrictions of MCP, independent of the code that
 * makes messages.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Message } from "./inbox.ts";

const MEMBERS = {
  request: ["id", "jsonrpc", "method", "params"],
  notification: ["jsonrpc", "method", "params"],
  response: ["error", "id", "jsonrpc", "result"],
};

/** Fails when something is not one request, notification or response. */
export function assertMessage(message: Message): void {
  const text = JSON.stringify(message);
  assert(typeof message === "object" && message !== null && !Array.isArray(message), text);
  assertEquals(message.jsonrpc, "2.0", text);
  if ("method" in message) assertCall(message, text);
  else assertResponse(message, text);
}

function assertCall(message: Message, text: string): void {
  assertEquals(typeof message.method, "string", text);
  if ("id" in message) assertId(message.id, text);
  assertMembers(message, "id" in message ? "request" : "notification", text);
  if ("params" in message) {
    assert(typeof message.params === "object" && message.params !== null, text);
    assert(!Array.isArray(message.params), text);
  }
}

function assertResponse(message: Message, text: string): void {
  assertMembers(message, "response", text);
  assert("result" in message !== "error" in message, `result or error, not both: ${text}`);
  if ("result" in message) return assertResult(message, text);
  // The id of a message that could not be read is null, or left out.
  if (message.id !== null && message.id !== undefined) assertId(message.id, text);
  assert(Number.isInteger(message.error.code), `integer code: ${text}`);
  assertEquals(typeof message.error.message, "string", text);
}

function assertResult(message: Message, text: string): void {
  assertId(message.id, text);
  assert(typeof message.result === "object" && message.result !== null, text);
  assert(!Array.isArray(message.result), text);
}

function assertId(id: unknown, text: string): void {
  assert(typeof id === "string" || Number.isInteger(id), `string or integer id: ${text}`);
}

function assertMembers(message: Message, kind: keyof typeof MEMBERS, text: string): void {
  const unknown = Object.keys(message).filter((key) => !MEMBERS[kind].includes(key));
  assertEquals(unknown, [], `members of a ${kind}: ${text}`);
}

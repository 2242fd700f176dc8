/**
 * Requests that many attacks send.
 *
 * @module
 */
import { rpc, toolCall } from "../helpers/app.ts";
import type { Answer, Force, Sent } from "./attack.ts";

export const JSON_ONLY = { "content-type": "application/json", accept: "application/json" };
export const STREAM_ONLY = { "content-type": "application/json", accept: "text/event-stream" };
const BOTH = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

/** The default limit of a body, less room for the message around the text. */
export const BIG = 4_194_304 - 4_096;

/** A text that nearly fills a body. */
export function bigText(start = ""): string {
  return start + "x".repeat(BIG - start.length);
}

/** POSTs a JSON-RPC message or a batch. */
export function post(body: string | Uint8Array, more: Partial<Sent> = {}): Sent {
  return {
    method: "POST",
    path: "/mcp",
    body,
    ...more,
    headers: { ...JSON_ONLY, ...more.headers },
  };
}

/** Calls a tool without a session. */
export function call(name: string, args: Record<string, unknown>): string {
  return JSON.stringify(toolCall(name, args));
}

/** An `initialize` request. */
export function initialize(protocolVersion = "2025-11-25", name = "attacker"): string {
  return JSON.stringify(rpc("initialize", {
    protocolVersion,
    capabilities: {},
    clientInfo: { name, version: "1" },
  }));
}

/** Opens a session; its id, or undefined where it was refused. */
export async function openSession(
  force: Force,
  protocolVersion = "2025-11-25",
  from?: string,
): Promise<string | undefined> {
  const { head }: Answer = await force.send(
    post(initialize(protocolVersion), { headers: BOTH, ...(from !== undefined && { from }) }),
  );
  return head?.headers.get("mcp-session-id") ?? undefined;
}

/** Headers of a request in a session. */
export function inSession(id: string, protocolVersion = "2025-11-25"): Record<string, string> {
  return { ...BOTH, "mcp-session-id": id, "mcp-protocol-version": protocolVersion };
}

/** Waits, for attacks that hold resources rather than send often. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

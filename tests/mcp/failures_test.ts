/** Errors that are not a tool's: what the client is told, and what the log keeps. */
import { assertEquals, assertMatch } from "@std/assert";
import { ProtocolError, ToolError } from "../../lib/base/errors.ts";
import { unknownMethod } from "../../lib/mcp/methods/table.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";

interface Failure {
  readonly error: unknown;
  readonly params?: Record<string, unknown>;
  readonly masks?: boolean;
}

/** The message that the client gets, and the fields of the log's lines. */
async function failed({ error, params, masks = false }: Failure) {
  using log = new CapturedLog();
  const asked: unknown[] = [];
  const server = testServer({ masksErrors: (scope) => (asked.push(scope), masks) });
  const scope = testScope();
  const table = {
    requests: new Map([["broken", () => {
      throw error;
    }]]),
    notifications: new Map(),
    refuse: (method: string) => unknownMethod(method, []),
  };
  const request = { jsonrpc: "2.0", id: 1, method: "broken", ...(params && { params }) } as const;
  const response = await server.dispatch(request, scope, table);
  assertEquals(asked.every((each) => each === scope), true);
  const answer = response as unknown as { error: { code: number; message: string } };
  const lines = log.of("Request failed").map(({ level, fields: { stack, ...fields } }) => {
    assertEquals(typeof stack, error instanceof Error ? "string" : "undefined");
    return [level, fields];
  });
  return { ...answer.error, lines };
}

Deno.test("an error that was not meant for the client is hidden, and logged with its request", async () => {
  const error = new Error("secret");
  const { code, message, lines } = await failed({ error, params: { name: "n", uri: "u" } });
  assertEquals([code, message, lines], [-32603, "Internal error", [["ERROR", {
    method: "broken",
    of: "n",
    error: "secret",
  }]]]);
  const ofUri = await failed({ error, params: { name: 1, uri: "u" } });
  assertEquals(ofUri.lines, [["ERROR", { method: "broken", of: "u", error: "secret" }]]);
  const bare = await failed({ error });
  assertEquals(bare.lines, [["ERROR", { method: "broken", error: "secret" }]]);
});

Deno.test("where errors are hidden, the client gets the reference under which the log has it", async () => {
  const { message, lines } = await failed({ error: new Error("secret"), masks: true });
  const [[, fields]] = lines as [[string, { reference: string }]];
  assertMatch(fields.reference, /^\S{6,}$/);
  assertEquals(message.startsWith("Internal error"), true);
  assertEquals([message.includes(fields.reference), message.includes("secret")], [true, false]);
});

for (const masks of [false, true]) {
  Deno.test(`an error that was meant for the client reaches it, ${masks ? "also where others are hidden" : "and is logged"}`, async () => {
    const meant = await failed({ error: new ToolError("Ask again"), masks });
    assertEquals([meant.code, meant.message, meant.lines], [-32603, "Ask again", [["ERROR", {
      method: "broken",
      error: "Ask again",
    }]]]);
    const refused = await failed({ error: new ProtocolError("not_found", "No"), masks });
    assertEquals([refused.code, refused.message, refused.lines], [-32600, "No", []]);
  });
}

/** The check of operators by itself, with a clock and with callers that have scopes. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Auth } from "../../../lib/auth/auth.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";
import type { Identity } from "../../../lib/base/identity.ts";
import { OperatorCheck, operatorTokens } from "../../../lib/http/steps/operator.ts";
import { Client } from "../../../lib/stream/client.ts";
import { type RequestContext, RequestHead } from "../../../lib/transport/request_head.ts";
import { CapturedLog } from "../../helpers/log.ts";

const TOKENS = { admin: "admin-token", read: "read-token", isMade: false };

/** A request with a token, or with other headers. */
function asking(given?: string | Record<string, string>, address = "192.0.2.1"): RequestContext {
  const headers = typeof given === "string" ? { authorization: `Bearer ${given}` } : given ?? {};
  const head = new RequestHead(new Request("http://localhost/metrics?a=1", { headers }));
  const client = new Client({ address, userAgent: "", identity: undefined, headers: undefined });
  return Object.assign(head, { client }) as unknown as RequestContext;
}

/** Authorization that knows one caller, by a token or a key. */
function authOf(identity: Identity | Promise<Identity>, asked: unknown[] = []): Auth {
  return {
    hasKey: (headers: Headers) => headers.has("x-key"),
    identify: ({ path, query, peer }: Record<string, unknown>) => {
      asked.push({ path, query, peer });
      return identity;
    },
    insufficientScope: (needed: string[], scopes: string[], path: string) =>
      new ProtocolError("insufficient_scope", JSON.stringify([needed, scopes, path])),
  } as unknown as Auth;
}

const kindOf = (run: () => unknown) => assertThrows(run, ProtocolError).kind;

Deno.test("a token that gives the right passes, and the log learns which it was", () => {
  const check = new OperatorCheck(TOKENS, undefined);
  for (const right of ["read", "admin"] as const) {
    assertEquals(check.check(asking("admin-token"), right), "MCP_ADMIN_TOKEN");
  }
  assertEquals(check.check(asking("read-token"), "read"), "MCP_READ_TOKEN");
  assertEquals(kindOf(() => check.check(asking("read-token"), "admin")), "forbidden");
  const none = new OperatorCheck({ ...TOKENS, admin: undefined, read: undefined }, undefined);
  for (const token of ["undefined", "admin-token", ""]) {
    assertEquals(kindOf(() => none.check(asking(token), "read")), "unauthorized");
  }
});

Deno.test("the refusal says which token is needed, and how to send it", () => {
  const told = (check: OperatorCheck, right: "read" | "admin") => {
    const error = assertThrows(() => check.check(asking(), right), ProtocolError);
    assertEquals(error.headers, { "www-authenticate": 'Bearer realm="lifeline"' });
    return error.message;
  };
  const plain = new OperatorCheck(TOKENS, undefined);
  const scoped = new OperatorCheck(TOKENS, authOf({ principal: "ada" }));
  const made = new OperatorCheck({ ...TOKENS, isMade: true }, undefined);
  const both = "Send the token of MCP_ADMIN_TOKEN or MCP_READ_TOKEN";
  const end = "in the header Authorization: Bearer";
  assertEquals(told(plain, "read"), `${both} ${end}`);
  assertEquals(told(plain, "admin"), `Send the token of MCP_ADMIN_TOKEN ${end}`);
  assertEquals(
    told(scoped, "read"),
    `${both}, or a token with the scope lifeline:read, ${end}`,
  );
  assertEquals(
    told(scoped, "admin"),
    `Send the token of MCP_ADMIN_TOKEN, or a token with the scope lifeline:admin, ${end}`,
  );
  assertEquals(
    told(made, "read"),
    `Send the operator's token, which the server's greeting prints and app.operatorToken has (or that of MCP_ADMIN_TOKEN), ${end}`,
  );
});

Deno.test("a caller passes with the scope of the right; that to end includes that to see", async () => {
  for (
    const [scopes, right, passes] of [
      [["lifeline:read"], "read", true],
      [["lifeline:admin"], "read", true],
      [["lifeline:admin"], "admin", true],
      [["lifeline:read"], "admin", false],
      [["other"], "read", false],
      [undefined, "read", false],
    ] as const
  ) {
    for (const later of [false, true]) {
      const identity = { principal: "ada", scopes };
      const auth = authOf(later ? Promise.resolve(identity) : identity);
      const run = () => new OperatorCheck(TOKENS, auth).check(asking("x"), right);
      if (passes) {
        assertEquals(await run(), "ada");
        continue;
      }
      const { kind, message } = await assertRejects(async () => await run(), ProtocolError);
      assertEquals(kind, "insufficient_scope");
      assertEquals(JSON.parse(message), [[`lifeline:${right}`], scopes ?? [], "/metrics"]);
    }
  }
});

Deno.test("a caller is asked for with a token or a key of its own, and not without", () => {
  const asked: unknown[] = [];
  const auth = authOf({ principal: "ada", scopes: ["lifeline:read"] }, asked);
  const check = new OperatorCheck(TOKENS, auth);
  assertEquals(kindOf(() => check.check(asking(), "read")), "unauthorized");
  assertEquals(check.check(asking("read-token"), "read"), "MCP_READ_TOKEN");
  assertEquals(asked, []);
  assertEquals(check.check(asking({ "x-key": "k" }), "read"), "ada");
  assertEquals(check.check(asking("token"), "read"), "ada");
  const one = { path: "/metrics", query: "?a=1", peer: { address: "192.0.2.1" } };
  assertEquals(asked, [one, one]);
});

Deno.test("after 20 wrong tokens a client waits, and the answer says how long", () => {
  let now = 0;
  const check = new OperatorCheck(TOKENS, undefined, () => now);
  const guess = (address?: string) =>
    assertThrows(() => check.check(asking("wrong", address), "read"), ProtocolError);
  for (let count = 0; count < 20; count++) assertEquals(guess().kind, "unauthorized");
  const { kind, message, headers } = guess();
  assertEquals([kind, message], ["too_many_requests", "Too many wrong tokens; come back in 1 s"]);
  assertEquals(headers, { "retry-after": "1" });
  assertEquals(guess("192.0.2.2").kind, "unauthorized");
  assertEquals(check.check(asking("admin-token"), "admin"), "MCP_ADMIN_TOKEN");
  assertEquals(kindOf(() => check.check(asking(), "read")), "unauthorized", "nothing was guessed");
  now = 999;
  assertEquals(guess().kind, "unauthorized");
  assertEquals(guess().message, "Too many wrong tokens; come back in 2 s");
});

Deno.test("a request without a token, and one that waits, are not counted as guesses", () => {
  const check = new OperatorCheck(TOKENS, undefined, () => 0);
  for (let count = 0; count < 50; count++) {
    assertEquals(kindOf(() => check.check(asking(), "read")), "unauthorized");
    assertEquals(kindOf(() => check.check(asking("read-token"), "admin")), "forbidden");
  }
  for (let count = 0; count < 20; count++) {
    assertEquals(kindOf(() => check.check(asking("wrong"), "read")), "unauthorized");
  }
});

Deno.test("refusals are logged by kind, one line in ten seconds, with their number", async () => {
  using log = new CapturedLog();
  let now = 0;
  const failing = authOf(Promise.reject(new Error("no")));
  const check = new OperatorCheck(TOKENS, failing, () => now);
  for (const at of [0, 1, 10_000]) {
    now = at;
    assertThrows(() => check.check(asking(), "read"));
  }
  assertThrows(() => check.check(asking("read-token"), "admin"));
  await assertRejects(async () => await check.check(asking("x"), "read"), Error, "no");
  const fields = log.parsed().map((line) => [line.level, line.message, line.fields]);
  const about = { path: "/metrics", client_ip: "192.0.2.1" };
  assertEquals(fields, [
    ["WARNING", "Operator refused", { kind: "unauthorized", ...about, refused: 1 }],
    ["WARNING", "Operator refused", { kind: "unauthorized", ...about, refused: 2 }],
    ["WARNING", "Operator refused", { kind: "forbidden", ...about, refused: 1 }],
    ["WARNING", "Operator refused", { kind: "internal_error", ...about, refused: 1 }],
  ]);
});

Deno.test("a token is made only where nothing else lets an operator in", () => {
  const auth = authOf({ principal: "ada" });
  const none = { MCP_ADMIN_TOKEN: undefined, MCP_READ_TOKEN: undefined };
  const made = operatorTokens(none, undefined);
  assertEquals([made.isMade, made.read, /^[0-9a-f]{64}$/.test(made.admin ?? "")], [
    true,
    undefined,
    true,
  ]);
  assertEquals(operatorTokens(none, auth), { admin: undefined, read: undefined, isMade: false });
  for (const given of [{ MCP_ADMIN_TOKEN: "a" }, { MCP_READ_TOKEN: "b" }]) {
    const settings = { ...none, ...given };
    const { MCP_ADMIN_TOKEN: admin, MCP_READ_TOKEN: read } = settings;
    assertEquals(operatorTokens(settings, undefined), { admin, read, isMade: false });
  }
});

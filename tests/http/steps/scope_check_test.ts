/** Scopes of calls, and the headers that tools may read. */
import { assertEquals, assertThrows } from "@std/assert";
import type { Auth } from "../../../lib/auth/auth.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { AuditLog } from "../../../lib/http/metrics/audit_log.ts";
import { ScopeCheck } from "../../../lib/http/steps/scope_check.ts";
import { defineTool } from "../../../lib/mod.ts";
import { Catalog } from "../../../lib/registry/catalog.ts";
import type { RequestContext } from "../../../lib/transport/request_head.ts";
import { testApp, toolCall } from "../../helpers/app.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { toolThat } from "../../helpers/tools.ts";

const guarded = (name: string, ...scopes: string[]) =>
  defineTool({ name, description: "Needs scopes", scopes, run: () => "done" });
const CATALOG = new Catalog({ tools: [guarded("read", "a"), guarded("write", "a", "b")] });

/** A request of a caller with scopes, or of nobody. */
function from(scopes?: readonly string[]): RequestContext {
  const identity = scopes === undefined ? undefined : { principal: "ada", scopes };
  return { path: "/mcp", identity, client: { address: "::1" } } as unknown as RequestContext;
}

const AUTH = {
  insufficientScope: (...given: unknown[]) =>
    new ProtocolError("insufficient_scope", JSON.stringify(given)),
} as unknown as Auth;

Deno.test("a check is needed where a feature names scopes", () => {
  const free = new Catalog({ tools: [toolThat(() => "done")] });
  const isNeeded = (catalog: Catalog) => new ScopeCheck(catalog, AUTH, undefined).isNeeded;
  assertEquals([isNeeded(CATALOG), isNeeded(free)], [true, false]);
});

Deno.test("a body passes if its caller has the scopes of all its calls", () => {
  using log = new CapturedLog();
  const check = new ScopeCheck(CATALOG, AUTH, new AuditLog(() => 0));
  const run = (scopes: readonly string[] | undefined, ...tools: string[]) =>
    check.check(tools.map((name) => toolCall(name)), from(scopes), undefined);
  run(["a"], "read");
  run(["b", "a", "c"], "read", "write");
  run(undefined);
  run([], "unknown");
  assertEquals(log.lines, []);
  for (
    const [scopes, tools, needed] of [
      [["a"], ["write"], ["a", "b"]],
      [["a"], ["read", "write"], ["a", "b"]],
      [[], ["read"], ["a"]],
      [undefined, ["read"], ["a"]],
    ] as const
  ) {
    const { message } = assertThrows(() => run(scopes, ...tools), ProtocolError);
    assertEquals(JSON.parse(message), [needed, scopes ?? [], "/mcp"]);
  }
  assertEquals(
    log.of("Audit").map(({ fields }) => [fields.principal, fields.client_ip, fields.name]),
    [
      ["ada", "::1", "write"],
      ["ada", "::1", "read"],
      ["ada", "::1", "write"],
      ["ada", "::1", "read"],
      ["anonymous", "::1", "read"],
    ],
  );
});

Deno.test("without authorization nobody has a scope, and the refusal says which is needed", () => {
  using log = new CapturedLog();
  const check = new ScopeCheck(CATALOG, undefined, undefined);
  const error = assertThrows(
    () => check.check([toolCall("write")], from(["a"]), undefined),
    ProtocolError,
  );
  assertEquals([error.kind, error.cause instanceof Error, log.lines], [
    "insufficient_scope",
    true,
    [],
  ]);
  assertEquals(error.message, (error.cause as Error).message);
  check.check([toolCall("read")], from(["a"]), undefined);
});

Deno.test("tools read the headers that the settings name, and no other", async () => {
  const seen: unknown[] = [];
  const tool = toolThat((ctx) => {
    seen.push(ctx.headers === undefined ? undefined : { ...ctx.headers });
    return "done";
  });
  const headers = { "x-tenant": "acme", "x-other": "1" };
  using app = testApp({ tools: [tool], settings: { MCP_TOOL_HEADERS: ["X-Tenant", "X-Absent"] } });
  await (await app.post("/mcp", toolCall("subject"), headers)).body?.cancel();
  using plain = testApp({ tools: [tool] });
  await (await plain.post("/mcp", toolCall("subject"), headers)).body?.cancel();
  assertEquals(seen[0], { "x-tenant": "acme" });
  assertEquals(Object.keys(seen[1] ?? {}), []);
});

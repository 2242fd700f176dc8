/** Members of a handler's context that depend on its request and its caller. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { Call } from "../../lib/mcp/call.ts";
import { errorMasking, isReachable } from "../../lib/mcp/error_masking.ts";
import type { RequestScope } from "../../lib/mcp/scope.ts";
import { ClientState } from "../../lib/mcp/session/client_state.ts";
import { createToolContext } from "../../lib/mcp/tool_context.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import type { ToolContext } from "../../lib/registry/context.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { testScope, testServer } from "../helpers/scope.ts";

function contextOf(
  members: Partial<RequestScope> = {},
  params = {},
  catalog = new Catalog(),
): ToolContext {
  const request = { jsonrpc: "2.0", id: 1, method: "tools/call", params } as const;
  const server = testServer({ catalog, lifespan: { value: "started" } });
  return createToolContext(new Call(request, testScope(members), server.context));
}

Deno.test("a stream is let go of for whole milliseconds, up to an hour, a second by default", () => {
  const released: number[] = [];
  const { releaseStream } = contextOf({ releaseStream: (ms) => void released.push(ms) });
  for (const ms of [undefined, NaN, 0, -1, 1.4, 1.5, 3_600_000, 3_600_001, Infinity]) {
    releaseStream(ms);
  }
  assertEquals(released, [1_000, 1_000, 0, 0, 1, 2, 3_600_000, 3_600_000, 3_600_000]);
});

Deno.test("a caller without a principal has four members, and a known one its scopes and claims", () => {
  const base = { address: "127.0.0.1", name: "n", version: "v" };
  const unknown = contextOf({ caller: { ...base, scopes: ["a"], claims: { b: 1 } } }).caller;
  assertEquals({ ...unknown }, { ...base, principal: undefined });
  const bare = contextOf({ caller: { ...base, principal: "ada" } }).caller;
  assertEquals({ ...bare }, {
    ...base,
    principal: "ada",
    clientId: undefined,
    scopes: [],
    claims: {},
  });
  const [scopes, claims] = [["a"], { b: { c: 1 } }];
  const known = contextOf({
    caller: { ...base, principal: "ada", clientId: "app", scopes, claims },
  }).caller;
  assertEquals([known.clientId, known.scopes, known.claims], ["app", ["a"], { b: { c: 1 } }]);
  assert(Object.isFrozen(known) && Object.isFrozen(known.scopes) && !Object.isFrozen(scopes));
  (known.claims as { b: { c: number } }).b.c = 2;
  assertEquals(claims, { b: { c: 1 } });
  const hostile = contextOf({
    caller: { ...base, principal: "ada", claims: { run: () => 1, d: 1 } },
  }).caller;
  assertEquals(hostile.claims?.d, 1);
});

Deno.test("a member that is not there yet is looked for again, and others are made once", () => {
  const scope: { connectionId: string | undefined } = { connectionId: undefined };
  const members = Object.defineProperty({ ...testScope() }, "connectionId", {
    get: () => scope.connectionId,
    enumerable: true,
  });
  const request = { jsonrpc: "2.0", id: 1, method: "tools/call" } as const;
  const ctx = createToolContext(new Call(request, members, testServer().context));
  assertEquals(ctx.connectionId, undefined);
  scope.connectionId = "s1";
  assertEquals(ctx.connectionId, "s1");
  scope.connectionId = "s2";
  assertEquals(ctx.connectionId, "s1");
  assertEquals([ctx.log === ctx.log, ctx.session], [true, undefined]);
});

Deno.test("a context has own members that can be listed, described, replaced and added to", () => {
  const ctx = contextOf() as ToolContext & Record<string, unknown>;
  assertEquals(["signal" in ctx, "toString" in ctx, "other" in ctx], [true, true, false]);
  const { value, ...flags } = Object.getOwnPropertyDescriptor(ctx, "app")!;
  assertEquals([value, flags], ["started", {
    writable: true,
    enumerable: true,
    configurable: true,
  }]);
  assertEquals(Object.getOwnPropertyDescriptor(ctx, "other"), undefined);
  ctx.other = 1;
  assertEquals(Object.getOwnPropertyDescriptor(ctx, "other")?.value, 1);
  const before = Object.keys(ctx);
  assertEquals(new Set(before).size, before.length);
  Object.assign(ctx, { app: "replaced" });
  assertEquals([ctx.app, Object.keys(ctx)], ["replaced", before]);
  Object.preventExtensions(ctx);
  assertThrows(() => Object.assign(ctx, { more: 1 }), TypeError);
  assertEquals([Object.keys(ctx).sort(), ctx.app], [before.sort(), "replaced"]);
});

Deno.test("the headers of a call are those of its caller, or a frozen empty object", () => {
  const { headers } = contextOf();
  assertEquals([headers, Object.isFrozen(headers)], [{}, true]);
  const given = contextOf({ caller: { address: "127.0.0.1", headers: { "x-a": "b" } } });
  assertEquals(given.headers, { "x-a": "b" });
});

Deno.test("a handler asks with a copy of the capabilities and knows whether progress is wanted", () => {
  const capabilities = { roots: {} };
  const ctx = contextOf({ capabilities }, { _meta: { progressToken: "p" } });
  assertEquals([ctx.capabilities, ctx.wantsProgress], [{ roots: {} }, true]);
  assertNotEquals(ctx.capabilities === capabilities, true);
  assertEquals(contextOf().wantsProgress, false);
});

Deno.test("showing and hiding tell the session of the lists that it sees change, once", () => {
  const tool = (name: string, tags: string[], enabled = true) =>
    defineTool({ name, description: "", tags, enabled, run: () => "" });
  const catalog = new Catalog({ tools: [tool("a", ["on"]), tool("b", ["off"], false)] });
  const session = new ClientState(
    { wheel: new TimerWheel(), settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 } },
    { address: "127.0.0.1" },
  );
  const told: string[] = [];
  session.sendNotification = ({ method }) => void told.push(method);
  const ctx = contextOf({ session }, {}, catalog);
  const own = ctx.session!;
  own.show("on");
  own.show("none");
  assertEquals(told, []);
  own.show("off");
  own.show("off");
  own.hide("on");
  own.hide("on");
  const changed = "notifications/tools/list_changed";
  assertEquals(told, [changed, changed]);
  own.set("a", 1);
  assertEquals([own.get("a"), own.get("b"), Object.isFrozen(own)], [1, undefined, true]);
  assertEquals(contextOf({ session }, {}, catalog).session === own, true);
});

Deno.test("errors are hidden where the mode says so, and by `auto` from those who come over the network", () => {
  const of = (transport: "http" | "pipe") =>
    testScope({
      describe: () => ({ transport, session: undefined, protocolVersion: undefined }),
    });
  for (
    const [mode, isExposed, http, pipe] of [
      ["on", false, true, true],
      ["on", true, true, true],
      ["off", false, false, false],
      ["off", true, false, false],
      ["auto", false, false, false],
      ["auto", true, true, false],
    ] as const
  ) {
    const masks = errorMasking(mode, isExposed);
    assertEquals([masks(of("http")), masks(of("pipe"))], [http, pipe], `${mode} ${isExposed}`);
  }
});

Deno.test("other machines reach a server by its address, its public URL or a proxy", () => {
  const local = { HOST: "127.0.0.1", MCP_PUBLIC_URL: undefined, MCP_TRUSTED_PROXIES: [] };
  for (
    const [settings, expected] of [
      [{}, false],
      [{ HOST: "::1" }, false],
      [{ HOST: "0.0.0.0" }, true],
      [{ MCP_PUBLIC_URL: new URL("https://example.com") }, true],
      [{ MCP_TRUSTED_PROXIES: ["10.0.0.0/8"] }, true],
    ] as const
  ) assertEquals(isReachable({ ...local, ...settings } as never), expected);
});

/** The log lines of calls: the audit log, and the line at `debug` that each request gets. */
import { assertEquals } from "@std/assert";
import type { ObservedCall } from "../../../lib/base/observer.ts";
import { AuditLog } from "../../../lib/http/metrics/audit_log.ts";
import { Instrumentation } from "../../../lib/http/metrics/instrumentation.ts";
import { RecentEnds, RingBuffer } from "../../../lib/http/metrics/recent.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { FakeTime } from "../../helpers/time.ts";

const CALLER = { address: "192.0.2.1", principal: "ada", clientId: "app" };

function call(
  method: string,
  params?: Record<string, unknown>,
  scope?: ObservedCall["scope"],
): ObservedCall {
  return {
    request: { method, ...(params !== undefined && { params }) },
    startedAt: 1_000,
    ...(scope !== undefined && { scope }),
  };
}

Deno.test("the audit log has caller, method, name, outcome and duration of each call", () => {
  using log = new CapturedLog();
  const audit = new AuditLog(() => 1_012.34);
  const scope = { caller: CALLER };
  audit.requestFinished(call("tools/call", { name: "add", arguments: { a: 1 } }, scope), "ok");
  audit.requestFinished(call("prompts/get", { name: "x".repeat(200) }, scope), "timeout");
  audit.requestFinished(
    call("resources/read", { uri: "file:///secret", name: "n" }, {
      caller: { address: "::1" },
    }),
    "aborted",
  );
  audit.requestFinished(call("tools/call", { name: 5 }), "ok");
  audit.requestFinished(call("tools/call"), "ok");
  for (const method of ["ping", "tools/list", "resources/subscribe"]) {
    audit.requestFinished(call(method, { name: "x" }, scope), "ok");
  }
  const who = { principal: "ada", client_id: "app", client_ip: "192.0.2.1" };
  const duration_ms = 12.3;
  assertEquals(
    log.parsed().map(({ level, message, fields }) => [level, message, fields]),
    [
      { ...who, method: "tools/call", name: "add", outcome: "ok", duration_ms },
      { ...who, method: "prompts/get", name: "x".repeat(128), outcome: "timeout", duration_ms },
      {
        principal: "anonymous",
        client_ip: "::1",
        method: "resources/read",
        outcome: "aborted",
        duration_ms,
      },
      { principal: "anonymous", method: "tools/call", outcome: "ok", duration_ms },
      { principal: "anonymous", method: "tools/call", outcome: "ok", duration_ms },
    ].map((fields) => ["INFO", "Audit", fields]),
  );
});

Deno.test("a refused call is in the audit log without a duration, and so is each call of a batch", () => {
  using log = new CapturedLog();
  new AuditLog(() => 0).logRefused([
    { method: "tools/call", params: { name: "add" } },
    { method: "tools/call", params: [1] },
    { method: "ping" },
    { method: 5 },
    "text",
    null,
    { method: "prompts/get" },
  ], { address: "::1", principal: "ada" });
  const who = { principal: "ada", client_ip: "::1" };
  const outcome = "insufficient_scope";
  assertEquals(log.parsed().map(({ fields }) => fields), [
    { ...who, method: "tools/call", name: "add", outcome },
    { ...who, method: "tools/call", outcome },
    { ...who, method: "prompts/get", outcome },
  ]);
});

function instrumentation(more: Partial<ConstructorParameters<typeof Instrumentation>[0]> = {}) {
  return new Instrumentation({
    streams: ["plain"],
    sessionStreams: [],
    clock: () => 1_012.34,
    hasTool: () => false,
    audit: undefined,
    isShared: false,
    observer: undefined,
    ...more,
  });
}

Deno.test("each request that ends is a line at `debug`, with the name or the URI that it is about", () => {
  using log = new CapturedLog("debug");
  const { emit } = instrumentation();
  const long = "x".repeat(200);
  emit("requestFinished", call("tools/call", { name: "add", uri: "no" }), "ok");
  emit("requestFinished", call("resources/read", { uri: "a:b" }), "cancelled");
  emit("requestFinished", call(long, { name: long }), "ok");
  emit("requestFinished", call("ping", { name: 5 }), "ok");
  emit("requestFinished", call("ping"), "ok");
  const cut = "x".repeat(128);
  const duration_ms = 12.3;
  assertEquals(
    log.parsed().map(({ level, message, fields }) => [level, message, fields]),
    [
      { method: "tools/call", name: "add", outcome: "ok", duration_ms },
      { method: "resources/read", name: "a:b", outcome: "cancelled", duration_ms },
      { method: cut, name: cut, outcome: "ok", duration_ms },
      { method: "ping", outcome: "ok", duration_ms },
      { method: "ping", outcome: "ok", duration_ms },
    ].map((fields) => ["DEBUG", "Request finished", fields]),
  );
  using quiet = new CapturedLog("info");
  emit("requestFinished", call("ping"), "ok");
  assertEquals(quiet.lines, []);
});

Deno.test("metrics, audit and a library user's observer hear of the same event", () => {
  const heard: unknown[] = [];
  const audit = { loopDelayed: (ms: number) => void heard.push(["audit", ms]) };
  const observer = {
    loopDelayed: (ms: number) => void heard.push(["user", ms]),
    unhandledRejection: () => void heard.push("rejection"),
    uncaughtError: () => void heard.push("error"),
  };
  const { runtimeObserver, metrics } = instrumentation({ audit, observer });
  runtimeObserver.loopDelayed(20);
  runtimeObserver.unhandledRejection();
  runtimeObserver.uncaughtError();
  assertEquals(heard, [["audit", 20], ["user", 20], "rejection", "error"]);
  const counts = ["lifeline_unhandled_rejections_total", "lifeline_uncaught_errors_total"]
    .map((name) => [...metrics].find((one) => one.name === name)?.samples()[0]?.value);
  assertEquals(counts, [1, 1]);
});

Deno.test("the store has metrics where instances share one", () => {
  const names = (isShared: boolean) =>
    [...instrumentation({ isShared }).metrics].filter(({ name }) => /_store_/.test(name)).length;
  assertEquals([names(false), names(true)], [0, 3]);
});

Deno.test("a ring keeps the newest items, newest first", () => {
  const ring = new RingBuffer<number>(3);
  const shown = [1, 2, 3, 4, 5, 6, 7].map((item) => {
    ring.add(item);
    return ring.newestFirst().join("");
  });
  assertEquals(shown, ["1", "21", "321", "432", "543", "654", "765"]);
});

Deno.test("an ended stream and a refused credential are kept with all that the operator may see", () => {
  using _time = new FakeTime();
  const recent = new RecentEnds();
  recent.connectionClosed({
    id: "mcp_sse_0123456789abcdef0123",
    dialect: "plain",
    address: "::1",
    userAgent: "curl",
    reason: "drain",
    ageMs: 12.6,
    sentBytes: 9,
  });
  const at = "2026-01-01T00:00:00.000Z";
  assertEquals(recent.closed(), [{
    at,
    id: "mcp_sse_0123456789abc",
    dialect: "plain",
    client_ip: "::1",
    user_agent: "curl",
    age_ms: 13,
    sent_bytes: 9,
    reason: "drain",
  }]);
  const rejection = { method: "GET", path: "/", address: "::1", message: "no" };
  const refuse = (auth: { reason: string; expected?: unknown; given?: unknown }) =>
    recent.requestRejected("unauthorized", { ...rejection, auth });
  refuse({ reason: "wrong_issuer", expected: ["a"], given: "b".repeat(600) });
  refuse({ reason: "missing" });
  refuse({ reason: "odd", given: () => {} });
  const shown = { at, method: "GET", path: "/", client_ip: "::1", status: 401, message: "no" };
  assertEquals(recent.refused(), [
    { ...shown, kind: "unauthorized", reason: "odd", given: "" },
    { ...shown, kind: "unauthorized", reason: "missing" },
    {
      ...shown,
      kind: "unauthorized",
      reason: "wrong_issuer",
      expected: '["a"]',
      given: `"${"b".repeat(511)}`,
    },
  ]);
});

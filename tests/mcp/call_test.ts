/** The server's half of a running request, without a server or a transport. */
import { assertEquals, assertRejects } from "@std/assert";
import { CallAborted, ToolError } from "../../lib/base/errors.ts";
import { Call } from "../../lib/mcp/call.ts";
import { DEFAULT_LOG_LEVEL, isLogLevel, LOG_SEVERITY } from "../../lib/mcp/log_levels.ts";
import type { RequestScope } from "../../lib/mcp/scope.ts";
import type { JsonRpcRequest } from "../../lib/wire/json_rpc.ts";
import type { LoggingLevel } from "../../lib/wire/mcp_types.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";

/** A call, and what it did to its scope. */
class Subject {
  readonly call: Call;
  readonly sent: unknown[] = [];
  readonly endedProgress: (string | number)[] = [];
  readonly released: number[] = [];
  watching = 0;
  leave: () => void = () => {};

  constructor(params: Record<string, unknown> = {}, members: Partial<RequestScope> = {}) {
    const request: JsonRpcRequest = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    const scope = testScope({
      send: ({ method, params }: { method: string; params?: unknown }) =>
        void this.sent.push([method, params]),
      endProgress: (token) => void this.endedProgress.push(token),
      releaseStream: (retryMs) => void this.released.push(retryMs),
      onClientGone: (listener) => {
        this.watching++;
        this.leave = listener;
        return () => void this.watching--;
      },
      ...members,
    });
    this.call = new Call(request, scope, testServer().context);
  }
}

const WITH_TOKEN = { _meta: { progressToken: 0 } };

Deno.test("a call watches its client from the first look at its signal until it ends", () => {
  const subject = new Subject();
  assertEquals([subject.watching, subject.call.isDone], [0, false]);
  const { signal } = subject.call;
  assertEquals([subject.call.signal === signal, subject.watching], [true, 1]);
  subject.call.finish();
  assertEquals([subject.watching, signal.aborted, subject.call.isDone], [0, false, true]);
});

Deno.test("a client that leaves stops the call, with the reason that streams have for it", () => {
  const subject = new Subject();
  const { signal } = subject.call;
  assertEquals([signal.aborted, subject.call.aborted], [false, undefined]);
  subject.leave();
  assertEquals(signal.aborted, true);
  assertEquals(signal.reason, subject.call.aborted);
  assertEquals([subject.call.aborted?.reason, subject.call.aborted?.message], [
    "client_closed",
    "Connection closed: client_closed",
  ]);
});

Deno.test("a call that has ended or was stopped watches no client", () => {
  const ended = new Subject();
  ended.call.finish();
  assertEquals([ended.call.signal.aborted, ended.watching], [false, 0]);
  const stopped = new Subject();
  const reason = new CallAborted("timeout");
  stopped.call.abort(reason);
  assertEquals([stopped.call.signal.reason, stopped.watching], [reason, 0]);
});

Deno.test("the first reason to stop a call wins, and a call that has ended is not stopped", () => {
  const { call } = new Subject();
  const heard: CallAborted[] = [];
  call.onAbort((reason) => void heard.push(reason));
  const [first, second] = [new CallAborted("timeout"), new CallAborted("cancelled")];
  call.abort(first);
  call.abort(second);
  assertEquals([call.aborted, call.signal.reason, heard], [first, first, [first]]);
  const late: CallAborted[] = [];
  call.onAbort((reason) => void late.push(reason));
  assertEquals(late, [first]);
  const ended = new Subject().call;
  ended.onAbort((reason) => void heard.push(reason));
  ended.finish();
  ended.abort(second);
  assertEquals([ended.aborted, ended.signal.aborted, ended.isDone, heard], [
    undefined,
    false,
    true,
    [first],
  ]);
});

Deno.test("progress waits no more once its call has ended, where the call reported any", () => {
  const silent = new Subject(WITH_TOKEN);
  silent.call.finish();
  assertEquals([silent.call.wantsProgress, silent.endedProgress], [true, []]);
  const reporting = new Subject(WITH_TOKEN);
  reporting.call.reportProgress(0);
  assertEquals(reporting.endedProgress, []);
  reporting.call.finish();
  reporting.call.reportProgress(1);
  assertEquals([reporting.sent.length, reporting.endedProgress], [1, [0]]);
  const unasked = new Subject();
  unasked.call.reportProgress(1);
  unasked.call.finish();
  assertEquals([unasked.call.wantsProgress, unasked.sent, unasked.endedProgress], [false, [], []]);
});

Deno.test("a progress report has the members that were given, and goes up", () => {
  const { call, sent } = new Subject(WITH_TOKEN);
  call.reportProgress(1);
  call.reportProgress(1, 5);
  call.reportProgress(2, 5);
  call.reportProgress(3, undefined, "half \ud83d");
  call.reportProgress(4, 0, "", { "x/y": 1 });
  assertEquals(
    sent,
    [
      { progress: 1 },
      { progress: 2, total: 5 },
      { progress: 3, message: "half \ufffd" },
      { progress: 4, total: 0, message: "", _meta: { "x/y": 1 } },
    ].map((params) => ["notifications/progress", { progressToken: 0, ...params }]),
  );
});

Deno.test("a wrong progress report is not sent, and the log names its fault and its request", () => {
  using log = new CapturedLog();
  const { call, sent } = new Subject({ ...WITH_TOKEN, uri: "test://one" });
  for (
    const [progress, total, message] of [
      [NaN],
      [1, Infinity],
      ["1" as unknown as number],
      [1, 2, 3 as unknown as string],
    ] as const
  ) call.reportProgress(progress, total, message);
  call.reportProgress(1, undefined, undefined, { big: 1n });
  assertEquals(sent, []);
  assertEquals(
    log.of("Message cannot be written").map(({ level, fields }) => [level, fields]),
    [
      "progress is NaN, not a finite number",
      "total is Infinity, not a finite number",
      'progress is "1", not a finite number',
      "message is not text",
      "meta.big is a BigInt",
    ].map((error) => ["WARNING", {
      method: "notifications/progress",
      request: "tools/call",
      of: "test://one",
      error,
    }]),
  );
});

Deno.test("a log message is sent from the wanted level on, while the call runs", () => {
  const { call, sent } = new Subject({}, { logLevel: "warning" });
  for (const level of ["debug", "notice", "warning", "error", "emergency"] as const) {
    call.sendLog(level, level);
  }
  call.sendLog("alert", null, "orders", { a: 1 });
  call.finish();
  call.sendLog("alert", "late");
  assertEquals(
    sent,
    [
      { level: "warning", data: "warning" },
      { level: "error", data: "error" },
      { level: "emergency", data: "emergency" },
      { level: "alert", logger: "orders", data: null, _meta: { a: 1 } },
    ].map((params) => ["notifications/message", params]),
  );
  const silent = new Subject();
  silent.call.sendLog("emergency", "unheard");
  assertEquals(silent.sent, []);
});

Deno.test("each level of log messages lets itself and the more urgent ones through", () => {
  const levels = Object.keys(LOG_SEVERITY) as LoggingLevel[];
  assertEquals(levels.map((level) => LOG_SEVERITY[level]), [0, 1, 2, 3, 4, 5, 6, 7]);
  for (const [index, logLevel] of levels.entries()) {
    const { call, sent } = new Subject({}, { logLevel });
    for (const level of levels) call.sendLog(level, level);
    assertEquals(
      sent.map((message) => (message as [string, { level: string }])[1].level),
      levels.slice(index),
    );
  }
  for (const wrong of ["loud", "toString", "", 1, null, undefined]) {
    assertEquals(isLogLevel(wrong), false);
  }
  assertEquals([levels.every(isLogLevel), DEFAULT_LOG_LEVEL], [true, "info"]);
});

Deno.test("a stream is let go of only while its call runs", () => {
  const { call, released } = new Subject();
  call.releaseStream(50);
  call.finish();
  call.releaseStream(60);
  assertEquals(released, [50]);
});

Deno.test("a question without a way to the client is refused, and goes to the asker if there is one", async () => {
  const { call } = new Subject();
  const question = {
    method: "roots/list",
    params: {},
    requires: { roots: {} },
    key: undefined,
  } as const;
  const { message } = await assertRejects(() => call.ask(question), ToolError);
  assertEquals(
    message,
    "Client cannot be asked for roots/list: this connection has no way back",
  );
  const asked: unknown[] = [];
  call.setAsker({ ask: (...args) => (asked.push(args), Promise.resolve("answer")) });
  assertEquals([await call.ask(question), asked], ["answer", [[question, call]]]);
});

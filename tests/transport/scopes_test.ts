/** Where the messages of a call go: calls of another token, calls with a key, and calls of none. */
import { assertEquals } from "@std/assert";
import type { LegacyScope } from "../../lib/mcp/scope.ts";
import { KeyedScope } from "../../lib/transport/plain/keyed_scope.ts";
import { PingEvents } from "../../lib/transport/plain/ping_events.ts";
import { MessageScope } from "../../lib/transport/stream_session/message_scope.ts";
import type { StreamSession } from "../../lib/transport/stream_session/session.ts";
import { InitializeScope } from "../../lib/transport/streamable/initialize_scope.ts";
import { Carrier, REPLAY_CARRIER } from "../../lib/transport/streamable/carrier.ts";
import type { ResumableStream } from "../../lib/transport/streamable/resumable_stream.ts";
import type { ClientState } from "../../lib/mcp/session/client_state.ts";
import type { StreamSnapshot } from "../../lib/stream/snapshot.ts";
import { PLAIN_HEADERS, testApp, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, START } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";

const MESSAGE = { jsonrpc: "2.0", method: "notifications/message" } as const;

/** Something that tells all calls of its methods. */
function recorder(name: string, told: unknown[][], members: Record<string, unknown> = {}) {
  const method = (what: string) => (...args: unknown[]) => void told.push([name, what, ...args]);
  return {
    ...Object.fromEntries(
      ["send", "endProgress", "releaseStream", "onClientGone", "sendDeferred", "onCarrierEnded"]
        .map((what) => [what, method(what)]),
    ),
    ...members,
  };
}

Deno.test("a message of another token is the stream's in all but its caller", () => {
  const told: unknown[][] = [];
  const members = {
    session: {},
    page: "own",
    connectionId: "id",
    inFlight: {},
    logLevel: "error",
    capabilities: { roots: {} },
    describe: () => ({ transport: "http", session: "s", protocolVersion: undefined }),
  };
  const stream = recorder("stream", told, members) as unknown as LegacyScope;
  const scope = new MessageScope(stream, { address: "10.0.0.1", principal: "me" });
  assertEquals(scope.caller, { address: "10.0.0.1", principal: "me" });
  const { session, page, connectionId, inFlight, logLevel, capabilities } = scope;
  assertEquals<unknown>({ session, page, connectionId, inFlight, logLevel, capabilities }, {
    ...{ session: members.session, page: "own", connectionId: "id", inFlight: members.inFlight },
    ...{ logLevel: "error", capabilities: { roots: {} } },
  });
  assertEquals(scope.describe(), members.describe() as ReturnType<LegacyScope["describe"]>);
  const listener = () => {};
  scope.send(MESSAGE);
  scope.endProgress("token");
  scope.onClientGone(listener);
  scope.releaseStream(5);
  assertEquals(told, [
    ["stream", "send", MESSAGE],
    ["stream", "endProgress", "token"],
    ["stream", "onClientGone", listener],
    ["stream", "releaseStream", 5],
  ]);
});

Deno.test("a call that another token sends on a plain stream says there what it has to say", async () => {
  const peer = { address: "10.0.0.1", principal: "me" };
  using app = testApp({
    tools: [toolThat(({ progress, log }) => {
      progress(1, 2, "half");
      log.warning("hello");
      return "done";
    })],
  });
  const opened = await app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS }, peer);
  const id = opened.headers.get("mcp-connection-id")!;
  const events = new EventReader(opened);
  await events.nextNamed("welcome");
  const call = toolCall("subject", {}, 5);
  Object.assign(call.params as object, { _meta: { progressToken: "t" } });
  const taken = await app.request("/mcp/sse", {
    method: "POST",
    headers: { "content-type": "application/json", "mcp-connection-id": id },
    body: JSON.stringify(call),
  }, { ...peer, clientId: "another token" });
  assertEquals(taken.status, 202);
  const said = [await events.next(), await events.next(), await events.next()];
  assertEquals(said.map((event) => event?.json.method ?? event?.json.id), [
    "notifications/progress",
    "notifications/message",
    5,
  ]);
  await events.leave();
});

Deno.test("a call with a key moves to the newest stream, with its caller and its own calls", () => {
  const told: unknown[][] = [];
  const session = { logLevel: "error", capabilities: { roots: {} } };
  const members = (id: string) => ({ id, page: `page of ${id}`, caller: { address: id }, session });
  const [first, second] = ["mcp_sse_first", "mcp_sse_second"].map((id) =>
    recorder(id, told, members(id)) as unknown as StreamSession
  ) as [StreamSession, StreamSession];
  const scope = new KeyedScope(first);
  scope.send(MESSAGE);
  assertEquals([scope.page, scope.connectionId], ["page of mcp_sse_first", "mcp_sse_first"]);
  scope.moveTo(second);
  scope.send(MESSAGE);
  scope.endProgress(7);
  scope.releaseStream();
  scope.onClientGone()();
  assertEquals(told, [
    ["mcp_sse_first", "send", MESSAGE],
    ["mcp_sse_second", "send", MESSAGE],
    ["mcp_sse_second", "endProgress", 7],
  ]);
  assertEquals([scope.page, scope.connectionId], ["page of mcp_sse_second", "mcp_sse_second"]);
  assertEquals<unknown>([scope.caller, scope.logLevel, scope.capabilities, scope.inFlight.size], [
    { address: "mcp_sse_first" },
    "error",
    { roots: {} },
    0,
  ]);
  const { transport, protocolVersion } = scope.describe();
  assertEquals([transport, protocolVersion], ["http", undefined]);
});

Deno.test("initialize has no page, no connection, and nobody to say anything to", () => {
  const state = {
    caller: { address: "10.0.0.1" },
    inFlight: {},
    logLevel: "info",
    capabilities: {},
    agreedVersion: "2025-06-18",
  } as unknown as ClientState;
  const scope = new InitializeScope("key", state);
  assertEquals([scope.page, scope.connectionId], [undefined, undefined]);
  assertEquals(scope.describe(), {
    transport: "http",
    session: "key",
    protocolVersion: "2025-06-18",
  });
  assertEquals<unknown>([scope.caller, scope.inFlight, scope.logLevel, scope.capabilities], [
    state.caller,
    state.inFlight,
    "info",
    {},
  ]);
});

Deno.test("the response that carries a stream is busy as long as the stream has requests to answer", () => {
  const told: unknown[][] = [];
  const stream = recorder("stream", told, {
    unanswered: 0,
    answeredCount: 4,
    pingClient: () => "answered",
  });
  for (const isLongLived of [true, false]) {
    const carrier = new Carrier(stream as unknown as ResumableStream, isLongLived);
    assertEquals(carrier.isLongLived, isLongLived);
    stream.unanswered = 0;
    assertEquals([carrier.isBusy(), carrier.unanswered], [false, 0]);
    stream.unanswered = 1;
    assertEquals([carrier.isBusy(), carrier.unanswered], [true, 1]);
    assertEquals([carrier.name, carrier.answeredCount], ["streamable", 4]);
    assertEquals([carrier.ping(), carrier.pingClient()], [": ping\n\n", "answered"]);
  }
  const carrier = new Carrier(stream as unknown as ResumableStream, true);
  carrier.sendDeferred("text");
  carrier.onEnded(() => {
    throw new Error("its calls go on");
  });
  assertEquals(told, [["stream", "sendDeferred", "text"], ["stream", "onCarrierEnded"]]);
  const { isLongLived, name } = REPLAY_CARRIER;
  assertEquals([isLongLived, name], [true, "streamable"]);
});

Deno.test("streams that ping together say the same, each its own count and uptime", () => {
  using _time = new FakeTime();
  const pings = new PingEvents();
  const timestamp = START / 1_000;
  const of = (uptime: number, count: number) => pings.of({ uptime } as StreamSnapshot, count);
  const expected = (uptime: number, count: number, at = timestamp) =>
    'event: ping\ndata: {"event":"ping","data":{"timestamp":' +
    `${at},"ping_count":${count},"uptime":${uptime}}}\n\n`;
  for (let round = 0; round < 2; round++) {
    for (let count = 1; count <= 40; count++) {
      assertEquals(of(15 * count, count), expected(15 * count, count));
      assertEquals(of(99_999_999, count), expected(99_999_999, count));
    }
  }
});

Deno.test("a ping of the next second has the next timestamp", async () => {
  using time = new FakeTime();
  const pings = new PingEvents();
  const timestamps: number[] = [];
  for (let second = 0; second < 3; second++) {
    const event = pings.of({ uptime: 15 } as StreamSnapshot, 1);
    timestamps.push(JSON.parse(event.split("data: ")[1]!).data.timestamp - START / 1_000);
    await time.advance(1_000, 1_000);
  }
  assertEquals(timestamps, [0, 1, 2]);
});

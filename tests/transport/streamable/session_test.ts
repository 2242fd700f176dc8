/** One session and its streams: their names and ids, its age, and all that ends with it. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { Signer } from "../../../lib/base/signer.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { ClientState } from "../../../lib/mcp/session/client_state.ts";
import { StreamableSession } from "../../../lib/transport/streamable/session.ts";
import type { SessionParts } from "../../../lib/transport/streamable/session_parts.ts";
import { Carried } from "../../helpers/resumable.ts";
import { FakeTime } from "../../helpers/time.ts";

/** A session, alone or at instance `a`; all that it stores and ends is told in order. */
function make(time: FakeTime, isShared = false) {
  const told: unknown[][] = [];
  const wheel = new TimerWheel({ clock: time.clock });
  const options = { wheel, settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 } };
  const state = new ClientState(options, { address: "10.0.0.1" });
  state.setNegotiated({ version: "2025-11-25", capabilities: {} });
  const fences: (() => void)[] = [];
  const writers = {
    open: (_name: string, maxBytes: number, fence: () => void) => {
      assertEquals(maxBytes, 1_000);
      fences.push(fence);
      return { append: () => {}, appendLater: () => {} };
    },
    busy: (name: string) => ({ stop: () => void told.push(["stop", name]) }),
  };
  const carrying = { isElsewhere: false, sendElsewhere: () => false, setCarrier: () => [] };
  const session = new StreamableSession({
    id: "id",
    key: "s",
    state,
    signer: new Signer("key"),
    store: {
      append: (name: string, seq: number) => void told.push(["append", name, seq]),
      forget: (name: string) => void told.push(["forget", name]),
    },
    fleet: isShared ? { me: "a", sessions: {}, writers, carryingOf: () => carrying } : undefined,
    wheel,
    settings: { MCP_SESSION_IDLE_MS: 60_000, MCP_REPLAY_BYTES: 1_000 },
    onIdle: () => void told.push(["idle"]),
  } as unknown as SessionParts<StreamableSession>);
  const carry = (stream = session.standalone) => {
    const carried = new Carried();
    carried.sendRaw = (frame) => {
      const text = typeof frame === "string" ? frame : new TextDecoder().decode(frame);
      return (carried.sent.push(/^id: (.*)$/m.exec(text)?.[1] ?? ""), true);
    };
    stream.attach(carried.asStream, { since: 0, frames: [] }, () => {});
    carried.sent.length = 0;
    return carried;
  };
  return { session, told, wheel, carry, fences, state };
}

Deno.test("a session is as old as the time since it came into memory", async () => {
  using time = new FakeTime();
  await time.advance(3_000, 500);
  const { session, wheel } = make(time);
  assertEquals(session.ageMs, 0);
  await time.advance(5_000, 500);
  assertEquals(session.ageMs, 5_000);
  wheel.stop();
});

Deno.test("a session is busy while a response carries its own stream, and idle after it", async () => {
  using time = new FakeTime();
  const { session, carry, told, wheel } = make(time);
  assertEquals(session.isBusy, false);
  const carried = carry();
  assertEquals(session.isBusy, true);
  await time.advance(200_000, 5_000);
  assertEquals(told, []);
  carried.state = "closed";
  session.standalone.onCarrierEnded();
  assertEquals(session.isBusy, false);
  await time.advance(59_000, 1_000);
  assertEquals(told, []);
  await time.advance(1_100, 100);
  assertEquals(told, [["idle"]]);
  wheel.stop();
});

Deno.test("each stream has a name of its own, and is there until its requests are answered", () => {
  using time = new FakeTime();
  const { session, carry, wheel } = make(time);
  const [first, second] = [session.openStream([7], false), session.openStream([8, 9], true)];
  assertNotEquals(first.name, second.name);
  assertEquals([session.stream(first.name), session.stream(second.name)], [first, second]);
  assertEquals(session.stream(session.standalone.name), session.standalone);
  const carried = [carry(first), carry(second)];
  for (const stream of [first, second]) stream.prime(500);
  const ids = carried.map(({ sent }) => session.eventIds.read(sent[0]!));
  assertEquals(ids, [
    { stream: first.name, seq: 1, requestId: 7 },
    { stream: second.name, seq: 1, requestId: undefined },
  ]);
  session.countRequests(3);
  assertEquals([first.answeredCount, session.standalone.answeredCount], [3, 3]);
  session.endStream(first);
  assertEquals([session.stream(first.name), carried[0]?.sent.at(-1)], [
    undefined,
    "close completed",
  ]);
  assertEquals(session.stream(second.name), second);
  wheel.stop();
});

Deno.test("a whole answer has a priming event of number 1, and is stored as number 2", () => {
  using time = new FakeTime();
  const { session, told, wheel } = make(time);
  const text = session.wholeStream('{"jsonrpc":"2.0","id":7,"result":{}}', 7, false);
  const [first] = [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => session.eventIds.read(id!));
  assertEquals([first?.seq, first?.requestId], [1, 7]);
  assertEquals(told, [["append", `s/${first?.stream}`, 2]]);
  wheel.stop();
});

Deno.test("with a session its streams end, its calls, its timer, and what is stored of it", () => {
  using time = new FakeTime();
  const { session, told, wheel, carry, state } = make(time);
  const stream = session.openStream([7], false);
  const [own, other] = [carry(), carry(stream)];
  const aborted: unknown[] = [];
  state.inFlight.abortAll = (reason) => void aborted.push(reason().message);
  state.onEnd(() => void told.push(["end"]));
  session.end("drain");
  assertEquals([own.sent, other.sent], [["close disconnected"], ["close disconnected"]]);
  assertEquals(told, [
    ["forget", `s/${session.standalone.name}`],
    ["forget", `s/${stream.name}`],
    ["end"],
  ]);
  assertEquals(aborted, ["Session ended: drain"]);
  assertEquals([session.isOver, session.stream(stream.name), wheel.size], [true, undefined, 0]);
});

Deno.test("where instances share a session, a drain leaves its own stream for another to take up", () => {
  using time = new FakeTime();
  for (const [reason, forgotten] of [["drain", 0], ["disconnected", 1]] as const) {
    const { session, told } = make(time, true);
    const { name } = session.openStream([7], false);
    session.end(reason);
    assertEquals(told.slice(forgotten), [["stop", `s/${name}`], ["forget", `s/${name}`]]);
  }
});

Deno.test("a stream that another instance has ended is superseded here, and its calls cancelled", () => {
  using time = new FakeTime();
  const { session, fences, carry, state, wheel } = make(time, true);
  const stream = session.openStream([7, 8], false);
  assertEquals(stream.name.endsWith("ia"), true);
  const carried = carry(stream);
  const cancelled: unknown[] = [];
  state.inFlight.cancel = (id, reason) => void cancelled.push([id, reason?.reason]);
  fences.at(-1)?.();
  assertEquals(carried.sent, ["close superseded"]);
  assertEquals(cancelled, [[7, "superseded"], [8, "superseded"]]);
  assertEquals(session.stream(stream.name), undefined);
  wheel.stop();
});

Deno.test("another instance that carries the session's own stream has it superseded here", () => {
  using time = new FakeTime();
  const { session, carry, wheel } = make(time, true);
  const carried = carry();
  session.setCarrier("a");
  assertEquals([carried.sent, session.standalone.isAttached], [[], true]);
  session.setCarrier("b");
  assertEquals([carried.sent, session.standalone.isAttached], [["close superseded"], false]);
  wheel.stop();
});

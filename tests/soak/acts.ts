/**
 * Acts of the clients of a soak, by name. Each act leaves no socket behind.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { encodeRequest } from "../faults/http.ts";
import { pipeline, REQUEST_FAULTS, RESET_STAGES } from "../faults/request_faults.ts";
import { SlowReader } from "../faults/slow_reader.ts";
import type { Target } from "../faults/socket.ts";
import type { SseStream } from "../faults/sse_stream.ts";
import { STREAM_FAULTS } from "../faults/stream_faults.ts";
import { initializeRequest, toolCall } from "../helpers/app.ts";
import { BOTH } from "../helpers/session.ts";
import { mirrorHeaders, modernBody } from "../spec/support/modern.ts";
import { DIALECTS, eventStream, type LiveStream, type Message, opened, post } from "./dialects.ts";
import type { Dice } from "./dice.ts";
import { Late, type SessionTarget, SoakSession } from "./session.ts";

/** The server, with its settings that decide when a client is too late. */
export interface SoakTarget extends SessionTarget {
  readonly pingMs: number;
}

/** @throws {Late} when the machine was so busy that the client is to begin again */
export type Act = (target: SoakTarget, dice: Dice) => Promise<void>;

const COUNTDOWN = { from: 10, interval_ms: 10 };
const ENDLESS = { from: 100_000, interval_ms: 20 };
const LEAVINGS = ["leave", "reset", "half_close"] as const;

/** A call with progress. */
const call = (args: Message, id: number): Message => {
  const message = toolCall("countdown", args, id);
  return { ...message, params: { ...message.params as Message, _meta: { progressToken: id } } };
};
const cancelled = (requestId: number): Message => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});

/** Resolves with the response to a request when it arrives. */
class Answers {
  /** The longest time without an event since the last call was begun (ms). */
  longestSilenceMs = 0;
  #seenAt = 0;
  readonly #waiting = new Map<number, () => void>();

  take = ({ data }: { readonly data: string }): void => {
    const now = performance.now();
    this.longestSilenceMs = Math.max(this.longestSilenceMs, now - this.#seenAt);
    this.#seenAt = now;
    if (!data.startsWith("{")) return;
    const { id, method } = JSON.parse(data);
    if (method === undefined) this.#waiting.get(id)?.();
  };

  to(id: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(id, resolve);
    this.longestSilenceMs = 0;
    this.#seenAt = performance.now();
    return promise;
  }
}

/** @throws {Error} when the stream ends before the answer has come */
async function answeredOn({ ended }: SseStream, answered: Promise<void>): Promise<void> {
  const end = await Promise.race([answered, ended]);
  if (end !== undefined) throw new Error(`The stream ended before its answer: ${end}`);
}

/** Opens a stream of a random dialect, gets answers to calls on it, and leaves in a random way. */
async function converse(target: Target, dice: Dice): Promise<void> {
  const answers = new Answers();
  const name = dice.pick(["plain", "http_sse"] as const);
  const live = await DIALECTS[name](target, answers.take);
  await initialized(live, answers);
  for (let id = 2; id < 2 + dice.below(4); id++) {
    const answered = answers.to(id);
    assertEquals(await live.say!(call(COUNTDOWN, id)), 202);
    await answeredOn(live.stream, answered);
  }
  await goodbye(live, dice);
}

async function initialized(live: LiveStream, answers: Answers): Promise<void> {
  const answered = answers.to(1);
  assertEquals(await live.say!(initializeRequest("2024-11-05", { id: 1 })), 202);
  await answeredOn(live.stream, answered);
}

async function goodbye({ stream, end }: LiveStream, dice: Dice): Promise<void> {
  if (end !== undefined && dice.below(3) === 0) {
    assertEquals(await end(), 204);
    await stream.ended;
  } else STREAM_FAULTS[dice.pick(LEAVINGS)](stream);
  await stream.ended;
  stream.socket.close();
}

/** Begins calls that would run for half an hour, cancels some, and vanishes. */
async function vanish(target: Target, dice: Dice): Promise<void> {
  const answers = new Answers();
  const live = await DIALECTS[dice.pick(["plain", "http_sse"] as const)](target, answers.take);
  await initialized(live, answers);
  for (let id = 2; id < 5; id++) assertEquals(await live.say!(call(ENDLESS, id)), 202);
  if (dice.below(2) === 0) assertEquals(await live.say!(cancelled(2)), 202);
  await dice.pause(200);
  STREAM_FAULTS[dice.pick(LEAVINGS)](live.stream);
  await live.stream.ended;
  live.stream.socket.close();
}

/** Stops reading in the middle of a call, reads on or does not, and goes. */
async function stall(target: Target, dice: Dice): Promise<void> {
  const live = await DIALECTS.plain(target, () => {});
  assertEquals(await live.say!(call(ENDLESS, 1)), 202);
  live.stream.socket.stall();
  await dice.pause(500);
  if (dice.below(2) === 0) live.stream.socket.resume();
  live.stream.socket.reset();
  await live.stream.ended;
}

/** Stops reading while a tool says more than the kernel holds, reads on, and gets the answer. */
async function lag(target: SoakTarget, dice: Dice): Promise<void> {
  const answers = new Answers();
  const live = await DIALECTS[dice.pick(["plain", "http_sse"] as const)](target, answers.take);
  await initialized(live, answers);
  const answered = answers.to(2);
  const chatter = toolCall("chatter", { rounds: 50, bytes: 50_000 }, 2);
  const params = { ...chatter.params as Message, _meta: { progressToken: 2 } };
  assertEquals(await live.say!({ ...chatter, params }), 202);
  STREAM_FAULTS.stall(live.stream);
  await dice.pause(500);
  STREAM_FAULTS.resume(live.stream);
  try {
    await answeredOn(live.stream, answered);
  } catch (error) {
    // Three pings in a row have to find that nothing was read.
    const silentMs = Math.round(answers.longestSilenceMs);
    throw silentMs < 2 * target.pingMs ? error : new Late(`Read nothing for ${silentMs} ms`);
  }
  await goodbye(live, dice);
}

/** Loses the stream of a session's call, and fetches the answer where it stopped. */
async function resume(target: SoakTarget, dice: Dice): Promise<void> {
  const session = await SoakSession.open(target);
  const answers = new Answers();
  let lastEventId = "";
  const message = call({ from: 20, interval_ms: 10 }, 7);
  const first = await eventStream(session.stream({
    headers: { accept: BOTH },
    message,
    // The first event, because a busy client may also have the answer before it leaves.
    onEvent: ({ id }) => lastEventId ||= id ?? "",
  }));
  // Long calls always send progress, so there is something to go on from.
  while (lastEventId === "") await dice.pause(20);
  STREAM_FAULTS[dice.pick(["leave", "reset"] as const)](first);
  await first.ended;
  await dice.pause(100);
  const answered = answers.to(7);
  const again = await eventStream(session.stream({
    method: "GET",
    headers: { "last-event-id": lastEventId },
    onEvent: answers.take,
  }));
  await answeredOn(again, answered);
  again.socket.close();
  // Some never say that they are done; their sessions expire.
  if (dice.below(4) > 0) assertEquals(await session.end(), 204);
}

/** Opens a session's stream, calls beside it, and deletes the session. */
async function session(target: SoakTarget, dice: Dice): Promise<void> {
  const live = await DIALECTS.streamable(target, () => {});
  for (let id = 1; id <= dice.below(4); id++) {
    assertEquals(await live.say!(toolCall("echo", { message: "hello" }, id)), 200);
  }
  assertEquals(await live.end!(), 204);
  await live.stream.ended;
  live.stream.socket.close();
}

/** Calls of 2026-07-28: as JSON, on a stream, and given up in the middle. */
async function stateless(target: Target, dice: Dice): Promise<void> {
  const quick = modernBody("tools/call", { name: "echo", arguments: { message: "hello" } });
  assertEquals(await post(target, quick, mirrorHeaders(quick)), 200);
  const params = { name: "countdown", arguments: dice.pick([COUNTDOWN, ENDLESS]) };
  const message = modernBody("tools/call", params, { meta: { progressToken: 1 } });
  const headers = mirrorHeaders(message);
  const stream = await opened(target, { path: "/mcp", headers, message });
  if (params.arguments === ENDLESS) {
    await dice.pause(100);
    STREAM_FAULTS[dice.pick(LEAVINGS)](stream);
  }
  await stream.ended;
  stream.socket.close();
}

async function listen(target: Target, dice: Dice): Promise<void> {
  const live = await DIALECTS.listen(target, () => {});
  await dice.pause(200);
  await goodbye(live, dice);
}

/** Sends something that is no request, or not all of one. */
async function misuse(target: Target, dice: Dice): Promise<void> {
  const { endless_body: _, ...faults } = REQUEST_FAULTS;
  const begin = dice.pick([...Object.values(faults), ...Object.values(RESET_STAGES)]);
  const socket = await begin(target);
  await Promise.race([socket.ended, dice.pause(300)]);
  dice.below(2) === 0 ? socket.reset() : socket.close();
  await socket.ended;
}

/** Reads a stream byte by byte for a while. */
async function creep(target: Target, dice: Dice): Promise<void> {
  using _reader = await SlowReader.open(target, 1 + dice.below(20));
  await dice.pause(500);
}

/** Sends several requests at once, the last of which may open a stream. */
async function pipelined(target: Target, dice: Dice): Promise<void> {
  const get = encodeRequest({ path: "/healthz" });
  const open = encodeRequest({
    method: "POST",
    path: "/mcp/sse",
    headers: { accept: "text/event-stream" },
    body: "",
  });
  const requests = Array.from({ length: 1 + dice.below(5) }, () => get);
  const socket = await pipeline(target, dice.below(2) === 0 ? requests : [...requests, open]);
  await dice.pause(100);
  dice.below(2) === 0 ? socket.reset() : socket.close();
  await socket.ended;
}

export const ACTS = {
  converse,
  vanish,
  stall,
  lag,
  resume,
  session,
  stateless,
  listen,
  misuse,
  creep,
  pipelined,
};
export type ActName = keyof typeof ACTS;

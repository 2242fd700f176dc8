/**
 * Requests that a client sends before it has the answer to an earlier one.
 *
 * `node:http` makes a request and a response of everything that it has read from a socket. That
 * takes longer than most answers, and is wasted if the client never reads them. So the parts of
 * later messages wait here until the earlier message is answered. No public interface does that:
 * this module puts its own functions before those that the parser of a socket calls, which are its
 * members 0 to 4.
 *
 * @module
 */
import type { Socket } from "node:net";
import { IS_DENO } from "./is_deno.ts";

const MESSAGE_BEGIN = 0;
const BODY = 3;
const MESSAGE_COMPLETE = 4;
/** Set once for each parser, which serves many sockets. `MESSAGE_BEGIN` is set for each socket. */
const LASTING = [1, 2, BODY, MESSAGE_COMPLETE];

/** Parts that may wait before the socket is read no further. */
const MAX_WAITING = 16;
/** Bytes of a body that count as one part more. */
const BYTES_PER_PART = 4_096;

type Callback = (this: Parser, ...args: unknown[]) => unknown;

interface Parser {
  readonly socket: Watched | null;
  [member: number]: Callback;
}

type Watched = Socket & { readonly parser?: Parser | null; [PIPELINE]?: Pipeline | undefined };

/** Runs a function later, in a turn of the event loop of its own. */
type TakeTurn = (run: () => void) => void;

/** One call by the parser. */
interface Part {
  readonly member: number;
  readonly callback: Callback;
  readonly args: unknown[];
}

/** A map would be asked for each part of each request. */
const PIPELINE = Symbol("pipeline");
const prepared = new WeakSet<Parser>();

/** The requests of one socket. */
export class Pipeline {
  /** Requests that the app has had, or was refused. */
  requests = 0;
  readonly #socket: Watched;
  readonly #takeTurn: TakeTurn;
  #waiting: Part[] | undefined;
  #weight = 0;
  #isAnswering = false;
  /** Whether the last message that was passed on is complete. */
  #isComplete = true;

  private constructor(socket: Watched, takeTurn: TakeTurn) {
    this.#socket = socket;
    this.#takeTurn = takeTurn;
  }

  /** That of a new socket. */
  static start(socket: Watched, takeTurn: TakeTurn): Pipeline {
    const pipeline = socket[PIPELINE] = new Pipeline(socket, takeTurn);
    const { parser } = socket;
    if (!IS_DENO || !parser) return pipeline;
    put(parser, MESSAGE_BEGIN);
    if (prepared.has(parser)) return pipeline;
    prepared.add(parser);
    for (const member of LASTING) put(parser, member);
    return pipeline;
  }

  static of(socket: Watched): Pipeline | undefined {
    return socket[PIPELINE];
  }

  /** Drops what waits, because nobody will answer it. */
  static drop(socket: Watched): void {
    socket[PIPELINE] = undefined;
  }

  /** The app answers a request from now on. */
  begin(): void {
    this.#isAnswering = true;
  }

  /** The response to that request is sent, or the socket is gone. */
  end(): void {
    this.#isAnswering = false;
    if (this.#waiting !== undefined) this.#takeTurn(() => this.#next());
  }

  /** Passes a part on, or keeps it until the messages before it are answered. */
  tell(member: number, callback: Callback, args: unknown[]): unknown {
    if (this.#waiting === undefined) {
      if (!this.#mustWait()) return this.#pass(member, callback, args);
      this.#waiting = [];
    }
    this.#waiting.push({ member, callback, args });
    this.#weight += weightOf(member, args);
    // Repeated, because reading the body of the earlier message resumes the socket.
    if (this.#weight >= MAX_WAITING) this.#socket.pause();
    return 0;
  }

  #next(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#socket.destroyed) return;
    let passed = 0;
    while (passed < waiting.length && !this.#mustWait()) {
      const { member, callback, args } = waiting[passed++]!;
      this.#weight -= weightOf(member, args);
      this.#pass(member, callback, args);
    }
    if (passed === waiting.length) this.#waiting = undefined;
    else waiting.splice(0, passed);
    if (this.#weight < MAX_WAITING) this.#socket.resume();
  }

  #mustWait(): boolean {
    return this.#isAnswering && this.#isComplete;
  }

  #pass(member: number, callback: Callback, args: unknown[]): unknown {
    if (member === MESSAGE_BEGIN) this.#isComplete = false;
    else if (member === MESSAGE_COMPLETE) this.#isComplete = true;
    return callback.apply(this.#socket.parser!, args);
  }
}

function put(parser: Parser, member: number): void {
  const callback = parser[member]!;
  parser[member] = function (this: Parser, ...args: unknown[]): unknown {
    const pipeline = this.socket?.[PIPELINE];
    return pipeline === undefined
      ? callback.apply(this, args)
      : pipeline.tell(member, callback, args);
  };
}

function weightOf(member: number, args: unknown[]): number {
  return member === BODY ? 1 + (args[0] as Uint8Array).byteLength / BYTES_PER_PART : 1;
}

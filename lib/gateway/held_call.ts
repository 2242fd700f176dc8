/**
 * A call to a server that may ask its client of 2026-07-28. A question becomes the result of the
 * client's request (basic/patterns/mrtr), and the call waits at the server until the client comes
 * back with the answer, so it never runs twice.
 *
 * @module
 */
import { CallAborted, ProtocolError } from "../base/errors.ts";
import { randomId } from "../base/ids.ts";
import type { Question } from "../mcp/ask/questions.ts";
import type { Call } from "../mcp/call.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { metaMember } from "../wire/meta.ts";

/** How long a call waits for a client that was asked (ms). */
const HELD_MS = 300_000;
/** Most calls that wait for their clients; beyond that the oldest is dropped. */
const MAX_HELD = 1_000;

/** A request of the client that runs now: the first round of a call, or a later one. */
export interface Round {
  readonly call: Call;
  readonly params: JsonObject;
}

interface OpenQuestion {
  readonly question: Question;
  readonly number: number;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** Sends the call to the server. */
export type SendCall = (options: {
  readonly signal: AbortSignal;
  readonly onProgress?: (params: JsonObject) => void;
}) => Promise<JsonObject>;

/** One call, in all its rounds. */
export class HeldCall {
  readonly id: string = randomId("held_");
  readonly #principal: string | undefined;
  readonly #stop = new AbortController();
  readonly #questions: OpenQuestion[] = [];
  readonly #result: Promise<{ readonly result: JsonObject }>;
  #call: Call;
  #count = 0;
  #asked = Promise.withResolvers<undefined>();

  constructor(call: Call, send: SendCall) {
    this.#call = call;
    this.#principal = call.scope.caller.principal;
    this.#result = send({
      signal: this.#stop.signal,
      ...(call.wantsProgress && {
        onProgress: (params) => this.#call.reportProgress(...progressOf(params)),
      }),
    }).then((result) => ({ result }));
    // The call may fail while no request waits for it.
    this.#result.catch(() => {});
  }

  /** Settles with the call at the server. */
  get ended(): Promise<unknown> {
    return this.#result;
  }

  /** Ends it at the server, unless it has ended. */
  stop(reason: Error): void {
    this.#stop.abort(reason);
  }

  /** Whether a caller may come back to it. */
  isOf(call: Call): boolean {
    return call.scope.caller.principal === this.#principal;
  }

  /** The server asks; resolves with the client's answer, in this round or a later one. */
  ask(question: Question): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    this.#questions.push({ question, number: ++this.#count, answer });
    this.#asked.resolve(undefined);
    return answer.promise;
  }

  /** Sends a log message of the server to the client. */
  log(params: JsonObject): void {
    const { level, data, logger } = params;
    const { _meta } = metaMember(params);
    this.#call.sendLog(level as LoggingLevel, data, logger as string | undefined, _meta);
  }

  /**
   * Runs it for a request of the client, until its result or a question.
   *
   * @throws {CallAborted} `input_required` when the client is asked and must come back
   */
  async run(call: Call): Promise<JsonObject> {
    this.#call = call;
    const { signal } = call;
    const cancel = () => this.#stop.abort(signal.reason);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for (;;) {
        // A question comes first: the server may wait for its answer beyond the call.
        const outcome = await Promise.race([this.#nextQuestion(), this.#result]);
        if (outcome !== undefined) return outcome.result;
        await this.#passOn(call);
      }
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  #nextQuestion(): Promise<undefined> {
    if (this.#questions.length > 0) return Promise.resolve(undefined);
    this.#asked = Promise.withResolvers();
    return this.#asked.promise;
  }

  async #passOn(call: Call): Promise<void> {
    const [{ question, number, answer }] = this.#questions as [OpenQuestion];
    try {
      answer.resolve(await call.ask({ ...question, key: `${this.id}.${number}` }));
    } catch (error) {
      // The question stays open until the client comes back.
      if (isPause(error)) throw error;
      answer.reject(error);
    }
    this.#questions.shift();
  }
}

function isPause(error: unknown): boolean {
  return error instanceof CallAborted && error.reason === "input_required";
}

/** A report of progress, as arguments of the functions that pass it on. */
export function progressOf(
  params: JsonObject,
): [
  progress: number,
  total: number | undefined,
  message: string | undefined,
  meta: JsonObject | undefined,
] {
  const { progress, total, message } = params;
  return [
    Number(progress),
    total === undefined ? undefined : Number(total),
    typeof message === "string" ? message : undefined,
    metaMember(params)._meta,
  ];
}

interface Held {
  readonly call: HeldCall;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The calls that wait for clients that were asked. */
export class HeldCalls {
  readonly #calls = new Map<string, Held>();

  /**
   * Runs a call, or the next round of one.
   *
   * @param start begins a new one at the server
   * @throws {ProtocolError} `invalid_params` if the call that the client comes back to is not held
   */
  async run({ call, params }: Round, start: () => Promise<HeldCall>): Promise<JsonObject> {
    const held = params.requestState === undefined ? await start() : this.#take(call, params);
    try {
      return await held.run(call);
    } catch (error) {
      if (isPause(error)) this.#keep(held);
      throw error;
    }
  }

  /** Ends all that wait. */
  clear(): void {
    for (const { timer } of this.#calls.values()) clearTimeout(timer);
    this.#calls.clear();
  }

  /** It may end while its client is away, which then gets the result when it comes back. */
  #keep(call: HeldCall): void {
    if (this.#calls.size >= MAX_HELD) this.#drop(this.#calls.keys().next().value!);
    const timer = setTimeout(() => this.#drop(call.id), HELD_MS);
    this.#calls.set(call.id, { call, timer });
  }

  #drop(id: string): void {
    const held = this.#calls.get(id);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#calls.delete(id);
    held.call.stop(new Error(`The client did not come back within ${HELD_MS} ms`));
  }

  /** Taken once: two requests that come back at a time must not both run it. */
  #take(call: Call, { inputResponses }: JsonObject): HeldCall {
    const keys = isObject(inputResponses) ? Object.keys(inputResponses) : [];
    for (const [id = ""] of keys.map((key) => key.split("."))) {
      const held = this.#calls.get(id);
      if (held === undefined || !held.call.isOf(call)) continue;
      clearTimeout(held.timer);
      this.#calls.delete(id);
      return held.call;
    }
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: the call that asked is not held any more; "inputResponses" must answer it ' +
        "within 5 minutes, once, and at the instance that asked. Its outcome is unknown",
      { data: { outcome: "unknown" } },
    );
  }
}

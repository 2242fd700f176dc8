/**
 * One connection to a server: numbers requests anew, so that clients never share an id or a progress
 * token, and settles each request exactly once.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { Throttle } from "../base/throttled_warning.ts";
import {
  isObject,
  isRequest,
  isResponse,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcResponse,
  notification,
  parseJson,
  parseMessage,
} from "../wire/json_rpc.ts";
import { idIn, requireFewValues } from "./large_message.ts";
import { META_KEYS, metaOf } from "../wire/meta.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import { Channel, type ChannelLimits, type ServerStreams } from "./channel.ts";
import { relayedError } from "./relayed_error.ts";
import type { RequestOptions } from "./request_options.ts";
import { type AnswerQuestion, ServerQuestions } from "./server_questions.ts";
import type { RequestCounts } from "./tally.ts";

export type { RequestOptions } from "./request_options.ts";

/** Events of a connection. */
export interface UpstreamEvents {
  /** A notification that belongs to no request. */
  onNotification(message: JsonRpcNotification): void;
  /** Answers a question of the server; without it all are refused. */
  readonly onQuestion?: AnswerQuestion | undefined;
  /** Called once, when the connection has ended, with the reason. */
  onEnd(reason: string): void;
}

/** Requests to a server, in the words of the revisions that have sessions. */
export interface ServerRequests {
  /** Requests without an answer yet. */
  readonly size: number;
  /**
   * Sends a request.
   *
   * @returns the server's result
   * @throws {ProtocolError} the server's error, or `internal_error` if the server has ended or does
   *   not read
   */
  request(method: string, params?: JsonObject, options?: RequestOptions): Promise<JsonObject>;
  /** Sends a notification. */
  notify(method: string, params?: JsonObject): void;
  /** Opens streams that belong to no request, if the revision has them. */
  start?(capabilities: JsonObject): void;
  /** Ends these streams. */
  stop?(): void;
}

interface Pending {
  readonly options: RequestOptions;
  resolve(result: JsonObject): void;
  reject(error: Error): void;
}

/** Lines without a message, in a row, after which a server is given up. */
const MAX_NOISE = 100;
/** A connection to a server. */
export class Upstream implements ServerRequests {
  /** Counts requests; the owner sets its own once the connection serves clients. */
  counts: RequestCounts = { calls: 0, errors: 0 };
  readonly #name: string;
  readonly #events: UpstreamEvents;
  readonly #channel: Channel;
  readonly #pending = new Map<number, Pending>();
  readonly #questions: ServerQuestions;
  readonly #log = logFor("gateway");
  readonly #throttle = new Throttle();
  readonly #maxValues: number;
  #lastId = 0;
  #uncounted = 0;
  #noise = 0;
  /** Says why requests fail from now on. */
  #ended: string | undefined;

  constructor(
    name: string,
    { streams, limits, events }: {
      readonly streams: ServerStreams;
      readonly limits: ChannelLimits;
      readonly events: UpstreamEvents;
    },
  ) {
    this.#name = name;
    this.#events = events;
    this.#maxValues = limits.maxValues ?? Infinity;
    this.#questions = new ServerQuestions(
      (message) => void this.#channel.send(message),
      events.onQuestion,
    );
    this.#channel = new Channel(streams, limits, {
      onLine: (line) => this.#takeLine(line),
      onRest: () => this.#warnOfRest(),
      onEnd: (reason) => this.#events.onEnd(reason),
    });
  }

  /** Requests without an answer yet. */
  get size(): number {
    return this.#pending.size - this.#uncounted;
  }

  /** Whether all requests fail from now on. */
  get isEnded(): boolean {
    return this.#ended !== undefined || this.#channel.isEnded;
  }

  /** Text that waits for the server to read, in characters. */
  get queued(): number {
    return this.#channel.queued;
  }

  /**
   * Sends a request.
   *
   * @returns the server's result, unchanged
   * @throws {ProtocolError} the server's error, or `internal_error` if the server has ended or does
   *   not read
   */
  request(
    method: string,
    params: JsonObject = {},
    options: RequestOptions = {},
  ): Promise<JsonObject> {
    const id = ++this.#lastId;
    const sent = options.onProgress === undefined
      ? params
      : { ...params, _meta: { ...metaOf(params), progressToken: id } };
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    if (options.isUncounted) this.#uncounted++;
    else this.counts.calls++;
    if (!this.#channel.send({ jsonrpc: "2.0", id, method, params: sent }, options.client)) {
      this.counts.errors++;
      const why = this.#ended ?? `The server ${this.#name} does not read: too much waits for it`;
      return Promise.reject(new ProtocolError("internal_error", why));
    }
    const cancel = () => this.#cancel(id, options.signal?.reason);
    const settled = () => {
      options.signal?.removeEventListener("abort", cancel);
      if (options.isUncounted) this.#uncounted--;
    };
    options.signal?.addEventListener("abort", cancel, { once: true });
    this.#pending.set(id, {
      options,
      resolve: (result) => (settled(), resolve(result)),
      reject: (error) => (settled(), reject(error)),
    });
    return promise;
  }

  /** Sends a notification. */
  notify(method: string, params?: JsonObject): void {
    this.#channel.send(notification(method, params));
  }

  /** Fails all running requests and all later ones, because the server is gone. */
  fail(why: string): void {
    this.#ended = why;
    this.#channel.end(why);
    const open = [...this.#pending.values()];
    this.#pending.clear();
    this.counts.errors += open.length;
    // The server may have done the work, and only its answer is lost.
    const data = { outcome: "unknown" };
    this.#questions.stop(why);
    for (const { reject } of open) reject(new ProtocolError("internal_error", why, { data }));
  }

  /** An answer that comes later finds no request, and is ignored. */
  #cancel(requestId: number, reason: unknown): void {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return;
    this.#pending.delete(requestId);
    this.notify(NOTIFICATIONS.cancelled, { requestId, reason: messageOf(reason) });
    pending.reject(reason instanceof Error ? reason : new Error(messageOf(reason)));
  }

  /** @returns whether it answered a request */
  #takeLine(line: string): boolean {
    try {
      requireFewValues(line, this.#maxValues);
      const message = parseMessage(parseJson(line));
      this.#noise = 0;
      if (isResponse(message)) return this.#settle(message);
      if (isRequest(message)) void this.#questions.take(message);
      else this.#takeNotification(message);
    } catch (error) {
      return this.#takeNoise(line, messageOf(error));
    }
    return false;
  }

  /** @returns whether it was meant to answer a request, which fails */
  #takeNoise(line: string, error: string): boolean {
    const shown = { server: this.#name, error, line: line.slice(0, 200) };
    this.#log.debug("Server sent no message", shown);
    const pending = this.#takePending(idIn(line));
    if (pending !== undefined) {
      this.counts.errors++;
      const why = `The server ${this.#name} gave an answer that cannot be taken: ${error}`;
      pending.reject(new ProtocolError("internal_error", why));
    }
    if (++this.#noise >= MAX_NOISE) {
      this.#channel.end(`it sent ${MAX_NOISE} lines in a row that are no messages`);
    }
    return pending !== undefined;
  }

  #warnOfRest(): void {
    const rests = this.#throttle.count("rest", performance.now());
    if (rests === undefined) return;
    this.#log.warning("Server sends more than it is asked for, and is read more slowly", {
      server: this.#name,
      rests,
    });
  }

  #takePending(id: unknown): Pending | undefined {
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (pending !== undefined) this.#pending.delete(id as number);
    return pending;
  }

  /** @returns whether there was a request with its id */
  #settle(response: JsonRpcResponse): boolean {
    const pending = this.#takePending(response.id);
    if (pending === undefined) return false;
    if ("error" in response) {
      this.counts.errors++;
      pending.reject(relayedError(response));
    } else if (isObject(response.result)) {
      if (response.result.isError === true) this.counts.errors++;
      pending.resolve(response.result);
    } else {
      this.counts.errors++;
      const why = `The server ${this.#name} answered with a result that is not an object`;
      pending.reject(new ProtocolError("internal_error", why));
    }
    return true;
  }

  #takeNotification(message: JsonRpcNotification): void {
    const { method, params: all = {} } = message;
    if (method === NOTIFICATIONS.subscriptionAcknowledged) {
      const id = Number(metaOf(all)?.[META_KEYS.subscriptionId]);
      return this.#pending.get(id)?.options.onAcknowledged?.(all);
    }
    if (method === NOTIFICATIONS.message) {
      const onLog = this.#onlyLogged();
      return onLog === undefined ? this.#events.onNotification(message) : onLog(all);
    }
    if (method === NOTIFICATIONS.cancelled) return this.#questions.cancel(all);
    if (method !== NOTIFICATIONS.progress) return this.#events.onNotification(message);
    const { progressToken, ...params } = all;
    this.#pending.get(Number(progressToken))?.options.onProgress?.(params);
  }

  /**
   * The newest request of the one client that a log message can belong to; a message does not name
   * its request.
   */
  #onlyLogged(): RequestOptions["onLog"] {
    let found: RequestOptions | undefined;
    for (const { options } of this.#pending.values()) {
      if (options.onLog === undefined) continue;
      if (found !== undefined && !isSameOwner(found, options)) return undefined;
      found = options;
    }
    return found?.onLog;
  }
}

function isSameOwner(one: RequestOptions, other: RequestOptions): boolean {
  const owner = one.ownerOf?.();
  return owner !== undefined && owner === other.ownerOf?.();
}

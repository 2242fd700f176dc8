/**
 * A server elsewhere, reached over HTTP by the transports of the official client library. The rest
 * of the gateway sees it as a pipe with one message a line.
 *
 * @module
 */
import { logFor } from "../base/log.ts";
import { settlesWithin } from "../base/promises.ts";
import {
  isNotification,
  isObject,
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcNotification,
  toJson,
} from "../wire/json_rpc.ts";
import { METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import { boundedFetch } from "./bounded_fetch.ts";
import type { RemoteLaunch } from "./launch.ts";
import { MirroredParams } from "./mirrored_params.ts";
import { ReadingPace } from "./reading_pace.ts";
import {
  answerIn,
  describe,
  isRefusal,
  isUnreachable,
  RefusedTransport,
  statusOf,
} from "./remote_errors.ts";
import { type ClientTransport, createTransport, type SendOptions } from "./remote_transport.ts";
import type { RunningServer } from "./server.ts";

/** A request without an answer. */
interface OpenRequest {
  readonly method: string;
  readonly stop: AbortController;
}

/** Bytes of messages that may wait to be taken before the server is read no further. */
const MAX_WAITING_BYTES = 1_048_576;
/** How long the deletion of a session may take (ms). */
const GOODBYE_MS = 1_000;
/** Bounds for the time that a server names for its lost streams (`retry:`, in ms). */
const MIN_RECONNECT_MS = 100;
const MAX_RECONNECT_MS = 3_600_000;
const ENDED = "the gateway ended the connection";
const GAVE_UP_REGEXP = /Maximum reconnection attempts/;
const log = logFor("gateway");

/**
 * Connects to a remote server.
 *
 * @param maxBytes of one message of the server
 */
export function connectRemote(name: string, launch: RemoteLaunch, maxBytes: number): RunningServer {
  return new RemoteServer(name, launch, maxBytes);
}

class RemoteServer implements RunningServer {
  readonly isRemote = true;
  readonly input: WritableStream<Uint8Array>;
  readonly output: ReadableStream<Uint8Array>;
  readonly #name: string;
  readonly #launch: RemoteLaunch;
  readonly #fetch: typeof fetch;
  readonly #ended = Promise.withResolvers<string>();
  readonly #open = new Map<JsonRpcId, OpenRequest>();
  readonly #headers = new MirroredParams();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #connecting: Promise<ClientTransport> | undefined;
  /** The newest one. */
  #transport: ClientTransport | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #lastError = "";
  /** The last error of a stream since the last answer. */
  #streamError = "";
  #isEnded = false;
  readonly #pace = new ReadingPace(
    () => (this.#controller.desiredSize ?? 0) <= 0,
    (rests) => warnOfRest(this.#name, rests),
  );
  /** Whether `initialize` was answered. */
  #isConnected = false;

  constructor(name: string, launch: RemoteLaunch, maxBytes: number) {
    this.#name = name;
    this.#launch = launch;
    this.#fetch = boundedFetch(maxBytes, this.#pace.mayReadOn);
    const decoder = new TextDecoder();
    this.output = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pace.taken(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
    this.input = new WritableStream({
      // Not awaited: a request that waits must not hold up the next one.
      write: (bytes) => {
        for (const line of decoder.decode(bytes).split("\n")) {
          if (line !== "") void this.#send(JSON.parse(line));
        }
      },
    });
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  lastLines(): readonly string[] {
    return this.#lastError === "" ? [] : [this.#lastError];
  }

  async end(): Promise<void> {
    this.#end(ENDED);
    // A connection that is not open yet is not waited for: the server may never answer.
    const transport = this.#transport;
    if (transport === undefined) return;
    if (transport.sessionId !== undefined && transport.terminateSession !== undefined) {
      await settlesWithin(GOODBYE_MS, transport.terminateSession().catch(() => {}));
    }
    await transport.close().catch(() => {});
    this.#timers.forEach((timer) => clearTimeout(timer));
  }

  async #send(message: JsonRpcMessage): Promise<void> {
    if (isNotification(message) && this.#endStream(message)) return;
    const id = isRequest(message) ? message.id : undefined;
    const stop = new AbortController();
    if (isRequest(message)) this.#open.set(message.id, { method: message.method, stop });
    const options: SendOptions = {
      onRequestStreamEnd: () => this.#refuse(id, this.#wordsOfStreamEnd),
      requestSignal: stop.signal,
      headers: this.#headers.of(message),
    };
    try {
      if (this.#connecting !== undefined) {
        await (await this.#connecting).send(message, options);
      } else {
        this.#connecting = this.#connect(message, options);
        await this.#connecting;
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      if (isDiscovery(message) && isRefusal(error)) {
        // The next message begins anew, in an earlier revision.
        this.#connecting = undefined;
        return this.#refuse(id, describe(error));
      }
      this.#failed(id, error);
    }
  }

  /** Cancels a request of 2026-07-28, which is done by the end of its stream. */
  #endStream({ method, params }: JsonRpcNotification): boolean {
    if (method !== NOTIFICATIONS.cancelled || this.#isConnected) return false;
    const id = params?.requestId as JsonRpcId;
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.stop.abort(new Error("cancelled"));
    return true;
  }

  /** Opens the connection by its first message. */
  async #connect(
    message: JsonRpcMessage,
    options: SendOptions,
  ): Promise<ClientTransport> {
    const { transport } = this.#launch;
    if (transport === "sse" && isDiscovery(message)) throw new RefusedTransport();
    if (transport !== "sse") {
      const streamable = await this.#create("http");
      try {
        await streamable.start();
        await streamable.send(message, options);
        return streamable;
      } catch (error) {
        await streamable.close();
        const isLast = transport === "http" || isDiscovery(message);
        if (isLast || !isRefusal(error)) throw error;
      }
    }
    const sse = await this.#create("sse");
    await sse.start();
    await sse.send(message);
    return sse;
  }

  async #create(kind: "http" | "sse"): Promise<ClientTransport> {
    const transport = await createTransport(kind, {
      launch: this.#launch,
      fetch: this.#fetch,
      later: (reconnect, ms) => this.#later(reconnect, ms),
    });
    if (this.#isEnded) throw new Error(ENDED);
    this.#transport = transport;
    transport.onmessage = (message) => this.#take(transport, message as JsonRpcMessage);
    transport.onerror = (error) => {
      this.#note(error);
      this.#streamError = this.#lastError;
      // After a break, an SSE server does not know the session; a stream that is given up is lost.
      const isLost = kind === "sse" ? this.#isConnected : GAVE_UP_REGEXP.test(error.message);
      if (isLost) this.#end(`its stream is lost: ${describe(error)}`);
    };
    return transport;
  }

  /** Each stream has its own timer, because the library cancels only the latest one. */
  #later(reconnect: () => void, ms: number): () => void {
    const restMs = Math.min(Math.max(ms, MIN_RECONNECT_MS), MAX_RECONNECT_MS);
    const timer = setTimeout(() => (this.#timers.delete(timer), reconnect()), restMs);
    this.#timers.add(timer);
    return () => clearTimeout(timer);
  }

  get #wordsOfStreamEnd(): string {
    const why = this.#streamError === "" ? "" : `: ${this.#streamError}`;
    return `its stream ended without an answer${why}`;
  }

  #take(transport: ClientTransport, message: JsonRpcMessage): void {
    this.#streamError = "";
    let method: string | undefined;
    if (isResponse(message) && message.id !== undefined && message.id !== null) {
      method = this.#open.get(message.id)?.method;
      this.#open.delete(message.id);
      this.#headers.learn(method, message);
      if (method === METHODS.initialize && "result" in message && isObject(message.result)) {
        this.#isConnected = true;
        transport.setProtocolVersion(String(message.result.protocolVersion));
      }
    }
    this.#pass(message, method !== undefined);
  }

  #failed(id: JsonRpcId | undefined, error: unknown): void {
    this.#note(error);
    const why = describe(error);
    // With a session, the status tells if the session is still known.
    const answer = this.#isConnected ? undefined : answerIn(error);
    if (answer !== undefined && id !== undefined && this.#open.delete(id)) {
      return this.#pass({ jsonrpc: "2.0", id, error: answer });
    }
    if (this.#isConnected && statusOf(error) === 404) {
      return this.#end("it does not know the session any more");
    }
    const isAnswer = statusOf(error) !== undefined || (this.#isBegun(id) && !isUnreachable(error));
    if (!isAnswer) return this.#end(why);
    this.#refuse(id, why);
  }

  /** Whether the handshake waits for this answer. */
  #isBegun(id: JsonRpcId | undefined): boolean {
    const method = id === undefined ? undefined : this.#open.get(id)?.method;
    return method === METHODS.initialize || method === METHODS.discover;
  }

  /** Answers a request in place of the server. */
  #refuse(id: JsonRpcId | undefined, why: string): void {
    const message = this.#isBegun(id) ? why : `The server ${this.#name} gave no answer: ${why}`;
    if (id === undefined || !this.#open.delete(id)) return;
    this.#pass({ jsonrpc: "2.0", id, error: { code: -32603, message } });
  }

  #pass(message: JsonRpcMessage, isAsked = false): void {
    if (this.#isEnded) return;
    const line = new TextEncoder().encode(`${toJson(message)}\n`);
    if (isAsked) this.#pace.giveBack(line.byteLength);
    this.#controller.enqueue(line);
  }

  #note(error: unknown): void {
    this.#lastError = describe(error);
    log.debug("Remote server", { server: this.#name, error: this.#lastError });
  }

  #end(how: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#pace.end();
    this.#ended.resolve(how);
    try {
      this.#controller.close();
    } catch {
      // Nobody reads any more.
    }
  }
}

function warnOfRest(server: string, rests: number): void {
  log.warning("Server sends more than it is asked for, and is read more slowly", { server, rests });
}

function isDiscovery(message: JsonRpcMessage): boolean {
  return isRequest(message) && message.method === METHODS.discover;
}

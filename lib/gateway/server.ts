/**
 * A server behind the gateway: started when it is needed, shared by all clients, started again when
 * it has ended, and given up for a while when it ends again and again.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { settlesWithin } from "../base/promises.ts";
import { maskedText, newReference } from "../registry/masking.ts";
import type { ServerReport } from "../base/server_report.ts";
import type { JsonObject, JsonRpcNotification } from "../wire/json_rpc.ts";
import { type ChannelLimits, OUTPUT_CLOSED, type ServerStreams } from "./channel.ts";
import { handshake, type ServerFacts } from "./handshake.ts";
import { type RequestOptions, Upstream } from "./upstream.ts";

/** A server that runs, as whoever started it hands it over. */
export interface RunningServer extends ServerStreams {
  /** The last line of its stderr; empty if there is none. */
  lastLine(): string;
  /** Resolves when it has ended, to words that say how. */
  readonly ended: Promise<string>;
  /** Ends it and all that it started, for sure. Never rejects. */
  end(): Promise<void>;
}

/** Dependencies of a {@linkcode GatewayServer}. */
export interface GatewayServerOptions {
  /** Names it in errors and logs. */
  readonly name: string;
  readonly version: string;
  /** @throws {Error} saying why it cannot be started */
  readonly start: () => RunningServer;
  readonly limits: ChannelLimits;
  /** Time for `initialize` to be answered (ms). */
  readonly handshakeMs: number;
  readonly now: () => number;
  /** Whether clients are not told why the server ended, as these are its own words; default: no. */
  readonly hidesReasons?: boolean;
  /** The capabilities that the server may use; default: none. */
  readonly capabilities?: JsonObject;
  /** Answers the server's requests. */
  readonly onQuestion?: (method: string, params: JsonObject) => Promise<unknown>;
}

/** A connection and its server's answer to `initialize`. */
export interface Connection {
  readonly upstream: Upstream;
  readonly facts: ServerFacts;
}

/** Ends within {@linkcode BROKEN_WITHIN_MS} after which a server is not started any more. */
const MAX_ENDS = 5;
const BROKEN_WITHIN_MS = 60_000;
/** How long after its last end a broken server is tried again (ms). */
const BROKEN_FOR_MS = 30_000;
/** Pauses before it is started again: doubled after each failure (ms). */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
const log = logFor("gateway");

/** One server, shared by all clients. */
export class GatewayServer {
  readonly name: string;
  /** Told of each notification of the server. */
  onNotification: (message: JsonRpcNotification) => void = () => {};
  /** Told of each connection, before anybody may use it. */
  onConnected: (connection: Connection) => Promise<void> = () => Promise.resolve();
  readonly #options: GatewayServerOptions;
  #running: RunningServer | undefined;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  /** When it ended unasked, newest last (ms). */
  #ends: number[] = [];
  #lastEnd = "";
  #starts = 0;
  #isStopped = false;
  /** Attempts since it was last connected. */
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GatewayServerOptions) {
    this.#options = options;
    this.name = options.name;
  }

  /** Sends a request; starts the server first if it does not run. */
  request(method: string, params: JsonObject, options?: RequestOptions): Promise<JsonObject> {
    const { upstream } = this.#connection ?? {};
    if (upstream !== undefined) return upstream.request(method, params, options);
    return this.connect().then((connection) =>
      connection.upstream.request(method, params, options)
    );
  }

  /** @throws {ProtocolError} `overloaded`, saying why the server cannot be had */
  connect(): Promise<Connection> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    return this.#connecting ??= this.#connect().then((connection) => {
      this.#failures = 0;
      return connection;
    }, (error) => {
      this.#retryLater();
      throw error;
    }).finally(() => this.#connecting = undefined);
  }

  /** The connection, if there is one now. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** How it is, for those who watch. */
  get report(): ServerReport {
    const { name, connection } = this;
    const open = connection?.upstream.size ?? 0;
    return { name, isUp: connection !== undefined, starts: this.#starts, open };
  }

  /** Ends the server, and starts it never again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    const running = this.#running;
    this.#connection?.upstream.fail(`The server ${this.name} was ended: the gateway stops`);
    this.#connection = undefined;
    await running?.end();
  }

  async #connect(): Promise<Connection> {
    this.#requireWhole();
    const { start, limits, handshakeMs, capabilities = {}, onQuestion } = this.#options;
    let running: RunningServer;
    try {
      running = start();
    } catch (error) {
      throw this.#failed("cannot be started", `: ${messageOf(error)}`);
    }
    this.#running = running;
    this.#starts++;
    let upstream: Upstream | undefined = undefined;
    const ended = (reason: string) => void this.#ended({ running, upstream, reason });
    upstream = new Upstream(this.name, {
      streams: running,
      limits,
      events: {
        onNotification: (message) => this.onNotification(message),
        onQuestion,
        onEnd: ended,
      },
    });
    try {
      const shaking = handshake(upstream, { ...this.#options, capabilities });
      if (!await settlesWithin(handshakeMs, shaking)) {
        shaking.catch(() => {});
        throw new Error(`it did not answer initialize within ${handshakeMs} ms`);
      }
      const connection = { upstream, facts: await shaking };
      await this.onConnected(connection);
      if (this.#running !== running) throw new Error(this.#lastEnd || "it ended");
      this.#connection = connection;
      log.info("Server connected", { server: this.name, ...connection.facts.info });
      return connection;
    } catch (error) {
      throw await this.#giveUp(running, upstream, error);
    }
  }

  async #giveUp(
    running: RunningServer,
    upstream: Upstream,
    error: unknown,
  ): Promise<ProtocolError> {
    if (this.#running !== running) return this.#refusal(messageOf(error));
    this.#running = undefined;
    const failure = this.#failed("cannot be used", `: ${messageOf(error)}${lastWords(running)}`);
    upstream.fail(failure.message);
    await running.end();
    return failure;
  }

  /** The server is gone, or of no use any more. */
  async #ended(
    { running, upstream, reason }: {
      readonly running: RunningServer;
      readonly upstream: Upstream | undefined;
      readonly reason: string;
    },
  ): Promise<void> {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#connection = undefined;
    if (this.#isStopped) return;
    this.#ends.push(this.#options.now());
    let how = reason;
    // How it ended is known a moment after its output has closed.
    if (reason === OUTPUT_CLOSED) {
      await settlesWithin(ENDING_MS, running.ended.then((words) => how = words));
    }
    const fields = { how, last: running.lastLine() };
    this.#lastEnd = this.#report("Server ended", fields, {
      what: "ended",
      why: ` (${how})${lastWords(running)}`,
    });
    upstream?.fail(this.#lastEnd);
    await running.end();
    this.#retryLater();
  }

  /** Starts it again without a request, later after each failure. */
  #retryLater(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#retry);
    const delay = Math.min(MIN_RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS);
    this.#retry = setTimeout(() => this.connect().catch(() => {}), delay);
  }

  #requireWhole(): void {
    if (this.#isStopped) throw this.#refusal(`The server ${this.name} was ended`);
    const now = this.#options.now();
    this.#ends = this.#ends.filter((at) => now - at < BROKEN_WITHIN_MS);
    const last = this.#ends.at(-1) ?? -Infinity;
    if (this.#ends.length < MAX_ENDS || now - last > BROKEN_FOR_MS) return;
    throw this.#refusal(
      `${this.#lastEnd}, ${MAX_ENDS} times within a minute; it is tried again in ` +
        `${Math.ceil((last + BROKEN_FOR_MS - now) / 1000)} s`,
    );
  }

  #failed(what: string, why: string): ProtocolError {
    this.#ends.push(this.#options.now());
    const error = `${what}${why}`;
    this.#lastEnd = this.#report("Server cannot be started", { error }, { what, why });
    return this.#refusal(this.#lastEnd);
  }

  /** Logs what became of the server, and gives the words for clients. */
  #report(
    event: string,
    fields: Readonly<Record<string, string>>,
    { what, why }: { readonly what: string; readonly why: string },
  ): string {
    const server = this.name;
    if (this.#options.hidesReasons !== true) {
      log.warning(event, { server, ...fields });
      return `The server ${server} ${what}${why}`;
    }
    const reference = newReference();
    log.warning(event, { reference, server, ...fields });
    return maskedText(`The server ${server} ${what}`, reference);
  }

  #refusal(why: string): ProtocolError {
    return new ProtocolError("overloaded", why);
  }
}

/** How long its exit status is waited for (ms). */
const ENDING_MS = 50;

function lastWords(running: RunningServer): string {
  const line = running.lastLine();
  return line === "" ? "" : `; its last words: ${line}`;
}

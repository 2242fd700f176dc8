/**
 * A server behind the gateway: started when it is needed, shared by all clients, started again when
 * it has ended, and given up for a while when it ends again and again.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { settlesWithin } from "../base/promises.ts";
import type { ChildEnd, ChildReport } from "../base/server_report.ts";
import type { JsonObject, JsonRpcNotification } from "../wire/json_rpc.ts";
import { Callers } from "./callers.ts";
import { INPUT_CLOSED, OUTPUT_CLOSED } from "./channel.ts";
import { lastWords, tellOfEnd, wordsOfStop } from "./ends.ts";
import { type Connection, handshake } from "./handshake.ts";
import { KnownEntries } from "./known_entries.ts";
import { Restarts } from "./restarts.ts";
import { inTime, inTurn, type Run } from "./run.ts";
import type { GatewayServerOptions, RunningServer } from "./running_server.ts";
import { type CountedChild, type RequestCounts, ServerTally } from "./tally.ts";
import { type RequestOptions, Upstream } from "./upstream.ts";

export type { Connection } from "./handshake.ts";
export type { GatewayServerOptions, RunningServer } from "./running_server.ts";

/** How long the output of a process that has exited, or its exit status, is waited for (ms). */
const ENDING_MS = 30;
const log = logFor("gateway");

/** One child of a server: shared by all clients, or for some of them. */
export class GatewayServer implements CountedChild {
  readonly name: string;
  readonly counts: RequestCounts = { calls: 0, errors: 0 };
  /** Told of each notification of the server. */
  onNotification: (message: JsonRpcNotification) => void = () => {};
  /** Told of each connection, before anybody may use it. */
  onConnected: (connection: Connection) => Promise<void> = () => Promise.resolve();
  /** Counts the clients that use it. */
  countClients: () => number = () => 1;
  /** Counts it with the other children of its server. */
  readonly tally: ServerTally;
  readonly entries: KnownEntries;
  readonly #id: string;
  readonly #options: GatewayServerOptions;
  readonly #restarts: Restarts;
  #run: Run | undefined;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  /** Those for whom the next start waits for its turn. */
  #callers: Callers | undefined;
  /** Why the last run ended, for clients. */
  #why = "";
  #lastLines: readonly string[] = [];

  constructor(options: GatewayServerOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options);
    this.name = options.name;
    this.tally = options.tally ?? new ServerTally(options.name);
    this.entries = options.entries ?? new KnownEntries();
    this.#id = this.tally.enter(this);
  }

  /** Sends a request; starts the server first if it does not run. */
  request(method: string, params: JsonObject, options?: RequestOptions): Promise<JsonObject> {
    const { upstream } = this.#connection ?? {};
    if (upstream !== undefined) return upstream.request(method, params, options);
    return this.connect(options?.signal).then(
      (connection) => connection.upstream.request(method, params, options),
      (error) => {
        if (!options?.signal?.aborted) this.counts.errors++;
        throw error;
      },
    );
  }

  /**
   * Starts the server unless it runs.
   *
   * @param signal aborts when the caller does not want it any more. A start that still waits for its
   *   turn is dropped when all callers have left
   * @throws {ProtocolError} `overloaded`, saying why the server cannot be had
   */
  connect(signal?: AbortSignal): Promise<Connection> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const callers = this.#callers ??= new Callers();
    callers.add(signal);
    return this.#connecting ??= this.#connect(callers.signal).then((connection) => {
      this.#restarts.connected();
      return connection;
    }, (error) => {
      if (error !== callers.signal.reason) this.#startLater();
      throw error;
    }).finally(() => this.#connecting = this.#callers = undefined);
  }

  /** The connection, if there is one now. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  get why(): string {
    return this.#connection === undefined ? this.#why : "";
  }

  get report(): ChildReport {
    const run = this.#run;
    return {
      id: this.#id,
      policy: this.#options.policy ?? "shared",
      state: this.#state,
      pid: run?.process.pid,
      clients: this.countClients(),
      ageMs: run === undefined ? 0 : this.#options.now() - run.startedAt,
      calls: this.counts.calls,
      open: this.#connection?.upstream.size ?? 0,
      queued: run?.upstream.queued ?? 0,
      lastLines: run?.process.lastLines() ?? this.#lastLines,
    };
  }

  get #state(): ChildReport["state"] {
    if (this.#connection !== undefined) return "up";
    if (this.#run !== undefined) return "starting";
    if (this.#callers !== undefined) return "waiting";
    return this.#restarts.isBroken ? "broken" : "down";
  }

  /** Ends the server, and starts it never again. */
  async stop(reason: ChildEnd = "drain"): Promise<void> {
    if (this.#restarts.isStopped) return;
    this.#restarts.stop();
    this.#callers?.end(this.#refusal(wordsOfStop(this.name, reason)));
    const run = this.#leave(this.#run, reason);
    this.tally.leave(this);
    run?.upstream.fail(wordsOfStop(this.name, reason));
    await run?.process.end();
  }

  /**
   * Ends the process and starts it anew at once, also after it was given up.
   *
   * @returns the process that it had
   */
  restart(): number | undefined {
    const run = this.#leave(this.#run, "restarted");
    this.#restarts.allowOnce();
    run?.upstream.fail(wordsOfStop(this.name, "restarted"));
    void run?.process.end();
    this.connect().catch(() => {});
    return run?.process.pid;
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    this.#restarts.requireStart(this.#why);
    const { takeTurn } = this.#options;
    return await inTurn({ takeTurn, signal }, () => this.#start(), (run) => this.#open(run));
  }

  async #open(run: Run): Promise<Connection> {
    const { upstream } = run;
    const { onQuestion } = this.#options;
    const { capabilities = {}, protocol = "auto", known = { isLegacy: false } } = this.#options;
    const onNotification = (message: JsonRpcNotification) => this.onNotification(message);
    const events = { onNotification, onQuestion };
    try {
      const options = { ...this.#options, capabilities, protocol, known, events };
      const shaking = handshake(upstream, options);
      const connection = await inTime(run, "answer initialize", shaking, options);
      await inTime(run, "list its features", this.onConnected(connection), options);
      if (this.#run !== run) throw new Error(this.#why || "it ended");
      upstream.counts = this.counts;
      this.#connection = connection;
      connection.upstream.start?.(connection.facts.capabilities);
      log.info("Server connected", { server: this.name, ...connection.facts.info });
      return connection;
    } catch (error) {
      throw await this.#giveUp(run, error);
    }
  }

  /** @throws {ProtocolError} saying why it cannot be started */
  #start(): Run {
    const { start, limits, onQuestion, now } = this.#options;
    this.#callers = undefined;
    let process: RunningServer;
    try {
      process = start();
    } catch (error) {
      throw this.#failed("cannot be started", `: ${messageOf(error)}`);
    }
    const upstream = new Upstream(this.name, {
      streams: process,
      limits,
      events: {
        onNotification: (message) => this.onNotification(message),
        onQuestion,
        onEnd: (reason) => void this.#ended(run, reason),
      },
    });
    const run: Run = { process, upstream, startedAt: now(), exit: undefined };
    this.#run = run;
    this.tally.started(this.#restarts.started());
    // Its own processes may hold its output open.
    void process.ended.then((how) => {
      if (this.#run === run) run.exit = setTimeout(() => void this.#ended(run, how), ENDING_MS);
    });
    return run;
  }

  /** The run is over; undefined if it was already. */
  #leave(run: Run | undefined, reason: ChildEnd): Run | undefined {
    if (run === undefined || this.#run !== run) return undefined;
    clearTimeout(run.exit);
    this.#run = undefined;
    this.#connection?.upstream.stop?.();
    this.#connection = undefined;
    this.tally.ended(reason);
    this.#lastLines = run.process.lastLines();
    return run;
  }

  async #giveUp(run: Run, error: unknown): Promise<ProtocolError> {
    if (this.#leave(run, "unusable") === undefined) return this.#refusal(messageOf(error));
    const failure = this.#failed(
      "cannot be used",
      `: ${messageOf(error)}${lastWords(run.process)}`,
    );
    run.upstream.fail(failure.message);
    await run.process.end();
    return failure;
  }

  /** The server has ended, or its connection has. */
  async #ended(run: Run, reason: string): Promise<void> {
    if (this.#leave(run, "crashed") === undefined) return;
    this.#restarts.ended();
    const { process, upstream } = run;
    let how = reason;
    // How it ended is known a moment after its pipes have closed.
    if (reason === OUTPUT_CLOSED || reason.startsWith(INPUT_CLOSED)) {
      await settlesWithin(ENDING_MS, process.ended.then((words) => how = words));
    }
    this.#lastLines = process.lastLines();
    const fields = { how, last: this.#lastLines.at(-1) ?? "" };
    this.#why = tellOfEnd(this.#options, "Server ended", fields, {
      what: "ended",
      why: ` (${how})${lastWords(run.process)}`,
    });
    upstream.fail(this.#why);
    await process.end();
    this.#startLater();
  }

  #startLater(): void {
    this.#restarts.startLater(() => void this.connect().catch(() => {}));
  }

  #failed(what: string, why: string): ProtocolError {
    this.#restarts.ended();
    const error = `${what}${why}`;
    this.#why = tellOfEnd(this.#options, "Server cannot be started", { error }, { what, why });
    return this.#refusal(this.#why);
  }

  #refusal(why: string): ProtocolError {
    return new ProtocolError("overloaded", why);
  }
}

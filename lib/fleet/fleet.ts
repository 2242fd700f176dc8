/**
 * This instance among others that share a store: messages and requests between instances, which
 * instances are alive, and whether the store carries messages.
 *
 * Each instance has a random name, new with each start. Every id that a client sends back contains
 * the name of the instance that made it, so no request needs a look-up in the store.
 *
 * @module
 */
import type { JsonRpcId } from "../wire/json_rpc.ts";
import { type Emit, emitNothing } from "../base/observer.ts";
import { settlesWithin } from "../base/promises.ts";
import { LruMap } from "../base/lru_map.ts";
import { TimerEntry, type TimerWheel } from "../base/timer_wheel.ts";
import type { EventStore } from "../store/event_store.ts";
import type { SharedStore } from "../store/shared_store.ts";
import { Forwarding } from "./forwarding.ts";
import { Handlers, MESSAGE_VERSION } from "./handlers.ts";
import type { Body, Handler, InstanceState, Messenger } from "./messenger.ts";
import { instanceOfConnection, instanceOfQuestion, instanceOfStream } from "./names.ts";
import { Carrying } from "./carrying.ts";
import { FleetCalls } from "./calls.ts";
import { MeasuredStore } from "./measured_store.ts";
import { Requests } from "./requests.ts";
import { SessionRecords } from "./session_records.ts";
import { SharedEventStore } from "./shared_event_store.ts";
import { StreamWriters } from "./stream_writers.ts";
import { Troubles } from "./troubles.ts";

/** Renewals in the time of one lease. */
const RENEWALS = 4;
/** Messages to itself that may be missing before the bus counts as broken. */
const MAX_MISSING = 2;
/** For how long it is believed that an instance lives (ms). */
const ALIVE_MS = 200;
/** Time for which a claim is kept; both sides make theirs within seconds (ms). */
const CLAIM_MS = 300_000;

/** The reply of another instance; undefined if none came in time. */
export interface InstanceReply {
  /** Name of the instance. */
  readonly name: string;
  readonly reply: unknown;
}

/** A stream of another instance. */
export interface CarriedStream {
  /** Its log has grown. */
  grown(): void;
  /** Another instance carries it from now on. */
  taken(): void;
}

/** One instance of a fleet, with its view of the other instances. */
export class Fleet extends TimerEntry implements Messenger {
  readonly me: string;
  readonly store: SharedStore;
  readonly emit: Emit;
  readonly wheel: TimerWheel;
  /** The session records that the instances share. */
  readonly sessions: SessionRecords;
  /** Write the logs of the streams of this instance. */
  readonly writers: StreamWriters;
  /** The logs of all streams, whichever instance writes them. */
  readonly eventStore: EventStore;
  /** Messages of a client that concern a call elsewhere. */
  readonly calls: FleetCalls = new FleetCalls(this);
  /** Messages for the streams that are sessions, of other instances. */
  readonly forwarding: Forwarding = new Forwarding(this);
  /** The streams of other instances that this one carries to their clients, by the names of their logs. */
  readonly carried: Map<string, CarriedStream> = new Map();
  readonly #handlers = new Handlers((instance, body) => this.tell(instance, "reply", body));
  readonly #requests: Requests;
  readonly #troubles: Troubles;
  readonly #seenAlive = new LruMap<string, { readonly at: number }>(1_000);
  /** Told when messages may have been missed. */
  readonly #onUp: (() => void)[] = [];
  readonly #preparations: (() => Promise<void>)[] = [];
  /** Since when the store has been there without a break, on the wheel's clock. */
  #upSince = Infinity;
  #missing = 0;
  #isStopped = false;

  /** @param emit reports the operations of the store, and lost calls */
  constructor(shared: SharedStore, wheel: TimerWheel, emit: Emit = emitNothing) {
    super();
    const store = new MeasuredStore(shared, emit, () => wheel.now());
    this.me = store.me;
    this.store = store;
    this.emit = emit;
    this.#troubles = new Troubles(wheel);
    this.wheel = wheel;
    this.eventStore = new SharedEventStore(store.events);
    const failed = (what: string, error: unknown) => this.failed(what, error);
    this.writers = new StreamWriters(store.events, wheel, failed);
    this.sessions = new SessionRecords({
      store,
      broadcast: (kind, body) => this.broadcast(kind, body),
      failed,
    });
    store.bus.onMessage = (message) => this.#handlers.take(message);
    store.onUp = () => this.#up();
    this.on("echo", ({ at }) => {
      this.#missing = 0;
      if (typeof at === "number") emit("busEchoed", Math.max(0, wheel.now() - at));
    });
    this.#requests = new Requests({
      wheel,
      failed,
      silent: (instance, what) => this.#troubles.silent(instance, what),
      send: (instance, kind, body) => store.bus.send(instance, this.#message(kind, body)),
    });
    this.on("reply", (body) => this.#requests.settle(body));
  }

  /** Whether the store is there and the bus carries messages. */
  get isReady(): boolean {
    return this.store.isUp && this.#missing <= MAX_MISSING;
  }

  /** See {@linkcode Messenger}. */
  get upSince(): number {
    return this.store.isUp ? this.#upSince : Infinity;
  }

  /** See {@linkcode Messenger}. */
  async claim(key: string): Promise<boolean> {
    return (await this.store.directory.claim(key, "", CLAIM_MS)).instance === this.me;
  }

  /** The other instance that writes a stream; undefined if no instance or this one writes it. */
  writerOf(stream: string): string | undefined {
    return this.#other(instanceOfStream(stream));
  }

  /** The other instance that asked a question, or sent a ping. */
  askerOf(id: JsonRpcId | null): string | undefined {
    return this.#other(instanceOfQuestion(id));
  }

  /** The other instance that has a connection. */
  holderOf(connectionId: string): string | undefined {
    return this.#other(instanceOfConnection(connectionId));
  }

  /** Connects to the store. One that cannot be reached is waited for in the background. */
  async start(): Promise<void> {
    for (const prepare of this.#preparations) await prepare();
    await this.store.start();
    this.wheel.schedule(this, this.#beatMs);
  }

  /** Registers a handler for messages of a kind; one kind may have several. */
  on(kind: string, handler: Handler): void {
    this.#handlers.on(kind, handler);
  }

  /** Has something done before the store is connected. */
  beforeStart(prepare: () => Promise<void>): void {
    this.#preparations.push(prepare);
  }

  /** Calls `listener` when the store is there, and each time when it is back. */
  onUp(listener: () => void): void {
    this.#onUp.push(listener);
  }

  /** Sends a message to another instance; it may get lost. */
  tell(instance: string, kind: string, body: Body): void {
    const sent = this.store.bus.send(instance, this.#message(kind, body));
    sent.catch((error) => this.failed(kind, error));
  }

  /** Sends a message to all others; it may get lost. */
  broadcast(kind: string, body: Body): void {
    this.store.bus.broadcast(this.#message(kind, body)).catch((error) => this.failed(kind, error));
  }

  /** See {@linkcode Messenger}. */
  ask(instance: string, kind: string, body: Body, waitMs?: number): Promise<unknown> {
    return this.#requests.ask(instance, kind, body, waitMs);
  }

  /**
   * Asks all other instances that live.
   *
   * @param waitMs time for their replies (ms)
   * @returns each with its reply; undefined if none came in time
   */
  async askAll(kind: string, body: Body, waitMs?: number): Promise<readonly InstanceReply[]> {
    const names = await this.store.directory.instances().catch((error) => {
      this.failed("lease", error);
      return [];
    });
    const others = names.filter((name) => name !== this.me);
    return await Promise.all(others.map(async (name) => ({
      name,
      reply: await this.ask(name, kind, body, waitMs).catch(() => undefined),
    })));
  }

  /** See {@linkcode Messenger}. */
  async stateOf(instance: string): Promise<InstanceState> {
    if (instance === this.me) return "alive";
    const now = this.wheel.now();
    const seen = this.#seenAlive.get(instance);
    if (seen !== undefined && now - seen.at < ALIVE_MS) return "alive";
    try {
      if (await this.store.directory.isAlive(instance)) {
        this.#seenAlive.set(instance, { at: now });
        return "alive";
      }
    } catch (error) {
      this.failed("lease", error);
      return "unknown";
    }
    return now - this.#upSince > this.store.leaseMs ? "dead" : "unknown";
  }

  /** Which instance carries a session's own stream. */
  carryingOf(key: string): Carrying {
    return new Carrying(this, key);
  }

  /**
   * Ends this instance. It stores all that it has sent, and then leaves, so that others take up its
   * streams and sessions at once.
   *
   * @param budgetMs time for that
   */
  async leave(budgetMs: number): Promise<void> {
    this.#isStopped = true;
    this.wheel.cancel(this);
    await settlesWithin(budgetMs, this.writers.flushed());
    await this.store.directory.leave().catch((error) => this.failed("lease", error));
  }

  /** Disconnects. */
  stop(): void {
    this.#isStopped = true;
    this.wheel.cancel(this);
    this.#requests.stop();
    this.writers.stop();
    void this.store.close();
  }

  /** Logs what went wrong with the store; at most one line a while. */
  failed(what: string, error: unknown): void {
    this.#troubles.failed(what, error);
  }

  /** Called by the timer wheel: renews the lease, and sends itself a message. */
  onDue(): void {
    if (this.#isStopped) return;
    this.wheel.schedule(this, this.#beatMs);
    void this.store.check?.().catch((error) => this.failed("check", error));
    this.#beat();
  }

  #beat(): void {
    if (!this.store.isUp) return;
    this.store.directory.renew().catch((error) => this.failed("lease", error));
    if (++this.#missing % (MAX_MISSING + 2) === 0) {
      this.store.reset?.("The bus carries no messages");
      return;
    }
    this.tell(this.me, "echo", { at: this.wheel.now() });
  }

  #up(): void {
    if (this.#isStopped) return;
    this.#upSince = this.wheel.now();
    this.#missing = 0;
    this.#beat();
    for (const listener of this.#onUp) listener();
  }

  #other(instance: string | undefined): string | undefined {
    return instance === this.me ? undefined : instance;
  }

  get #beatMs(): number {
    return this.store.leaseMs / RENEWALS;
  }

  #message(kind: string, body: Body) {
    return { ...body, kind, v: MESSAGE_VERSION, from: this.me };
  }
}

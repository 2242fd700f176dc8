/**
 * Opens all streams, finds them and drains them.
 *
 * @module
 */
import { CONNECTION_PREFIX, randomId } from "../base/ids.ts";
import { type Emit, emitNothing } from "../base/observer.ts";
import { TimerWheel } from "../base/timer_wheel.ts";
import { Admission, type AdmissionLimits } from "./admit/admission.ts";
import type { MemoryFigures } from "./admit/memory_gauge.ts";
import type { Client, Socket } from "./client.ts";
import { type CloseReason, isClientGone } from "./close_reason.ts";
import { type CredentialLimits, Credentials } from "./credentials.ts";
import { EventStream } from "./event_stream.ts";
import { PingSlots } from "./heartbeat.ts";
import { IdMap } from "../base/slot_list.ts";
import { closedEvent, type DialectCounts, type Ledger, StreamLedger } from "./ledger.ts";
import { LongBody } from "./out/long_body.ts";
import { QueueBudget } from "./out/queue_budget.ts";
import type { StreamSnapshot } from "./snapshot.ts";
import type { StreamDriver } from "./stream_driver.ts";
import type { HostedStream, StreamHost, StreamLimits } from "./stream_host.ts";
import { logLostResults, logOpening } from "./stream_log.ts";

/** The settings that the registry and its streams read. */
export type RegistryLimits = StreamLimits & AdmissionLimits & CredentialLimits;

/** Dependencies of the registry. */
export interface RegistryOptions {
  /** Figures of the JavaScript heap, where the runtime has them. */
  readonly heap?: (() => MemoryFigures) | undefined;
  /** Figures of the process's resident memory, where the runtime has them. */
  readonly resident?: (() => MemoryFigures) | undefined;
  /** Told of every stream, ping and refusal. */
  readonly emit?: Emit;
  /** Name of this instance where several share a store; each id ends with it. */
  readonly instance?: string | undefined;
}

/** The client and request that open a stream. */
export interface StreamOrigin {
  readonly client: Client;
  readonly socket: Socket;
  /** Its signal aborts when the client is gone; undefined if there is no request. */
  readonly request: Pick<Request, "signal"> | undefined;
}

/** Options of {@linkcode StreamRegistry.open}. */
export interface OpenOptions {
  readonly driver: StreamDriver;
  /** Writes the first event, or a comment: some proxies hold even the headers until a byte comes. */
  readonly first: (stream: StreamSnapshot) => string;
  /** Time between two pings that the client asks for; see {@linkcode StreamRegistry.clampPingInterval}. */
  readonly pingIntervalMs?: number | undefined;
}

/**
 * Maximum ping interval that a client may ask for, because slower pings find a dead client later.
 */
const MAX_PING_INTERVAL_MS = 600_000;

/** Opens, finds and drains the streams of an app. */
export class StreamRegistry {
  /** Admits new streams. */
  readonly admission: Admission;
  /** Until when those who came in may stay. */
  readonly credentials: Credentials;
  readonly #limits: RegistryLimits;
  readonly #emit: Emit;
  readonly #streams = new IdMap<EventStream>();
  readonly #ledger = new StreamLedger();
  readonly #queues: QueueBudget;
  readonly #pingSlots = new PingSlots();
  /** The part of the registry that only streams use. */
  readonly #host: StreamHost;
  /** Makes the ids of streams. */
  readonly #newId: () => string;
  #whenEmpty: PromiseWithResolvers<void> | undefined;

  /**
   * @param limits see the settings
   * @param wheel the timer of all streams; tests pass one with their own clock
   */
  constructor(
    limits: RegistryLimits,
    wheel: TimerWheel = new TimerWheel(),
    { heap, resident, emit = emitNothing, instance }: RegistryOptions = {},
  ) {
    this.#newId = idsOf(instance);
    this.#limits = limits;
    this.#emit = emit;
    this.#queues = new QueueBudget(limits.MCP_MAX_TOTAL_QUEUED_BYTES, () => this.#streams.values());
    this.admission = new Admission(limits, {
      wheel,
      queuedBytes: () => this.#queues.syncIfFull(),
      memory: { heap, resident },
      onRefused: (refusal) => {
        this.#ledger.countRefused(refusal);
        emit("refused", refusal);
      },
    });
    this.credentials = new Credentials(wheel, limits, () => this.#streams.values());
    this.#host = this.#createHost(wheel);
  }

  get size(): number {
    return this.#streams.size;
  }

  get draining(): boolean {
    return this.admission.isDraining;
  }

  /** How many streams and long bodies have ended and still wait for their readers. */
  get finalFlushCount(): number {
    return this.#queues.finalFlushes.size;
  }

  /** All open streams, oldest first. */
  values(): IteratorObject<EventStream, undefined> {
    return this.#streams.values();
  }

  get(id: string): EventStream | undefined {
    return this.#streams.get(id);
  }

  /**
   * Opens a stream. It may have ended already when this returns, as for any other cause later.
   *
   * @throws {ProtocolError} `draining`, `overloaded` or `too_many_requests`, with `Retry-After`
   */
  open(origin: StreamOrigin, { driver, first, pingIntervalMs }: OpenOptions): EventStream {
    const lease = this.admission.enter(origin, driver.isLongLived ? "stream" : "answer");
    const { client, socket, request } = origin;
    const stream = new EventStream({
      id: this.#newId(),
      driver,
      client,
      socket,
      request,
      lease,
      credential: this.credentials.opened(client.identity),
      host: this.#host,
      pingIntervalMs: this.clampPingInterval(pingIntervalMs),
      pingSlot: this.#pingSlots.next(),
    });
    this.#ledger.countOpened(driver.name);
    this.#emit("connectionOpened", driver.name);
    this.#streams.add(stream);
    logOpening(stream);
    stream.start(first(stream));
    return stream;
  }

  /**
   * A long response body that is not an event stream. It counts among the bytes that wait for
   * readers, and a reader that takes nothing is cut off.
   */
  body(text: string): ReadableStream<Uint8Array> | null {
    return new LongBody(text, this.#host).readable;
  }

  /**
   * The granted time between two pings (ms): the requested time, but at least the setting and at
   * most 10 minutes.
   */
  clampPingInterval(askedMs: number | undefined): number {
    const leastMs = this.#limits.MCP_PING_INTERVAL_MS;
    return Math.max(leastMs, Math.min(askedMs ?? leastMs, MAX_PING_INTERVAL_MS));
  }

  /** The counts of one dialect since the start. */
  countsOf(dialect: string): Readonly<DialectCounts> {
    return this.#ledger.of(dialect);
  }

  /** The counts at this moment. */
  ledger(): Ledger {
    this.#queues.syncCount();
    return this.#ledger.read(this.#queues.bytes);
  }

  /**
   * Refuses new work and ends all streams: the idle ones at once, those with running calls as soon
   * as these are answered.
   *
   * @returns how many streams were open
   */
  startDrain(): number {
    this.admission.startDraining();
    const open = this.#streams.size;
    for (const stream of [...this.#streams.values()]) this.closeIfIdle(stream);
    return open;
  }

  /** Resolves when no stream is open. */
  whenEmpty(): Promise<void> {
    if (this.#streams.size === 0) return Promise.resolve();
    this.#whenEmpty ??= Promise.withResolvers<void>();
    return this.#whenEmpty.promise;
  }

  /** Ends all streams at once. */
  closeAll(): void {
    for (const stream of [...this.#streams.values()]) stream.close("drain");
  }

  /** Told by a transport that a stream's last request has been answered. */
  closeIfIdle(stream: EventStream): void {
    if (this.draining && stream.unanswered === 0) stream.close("drain");
  }

  /** Ends the streams on sockets with a lost peer. */
  closeByPeer(sockets: ReadonlySet<string>): void {
    for (const stream of [...this.#streams.values()]) {
      const { name } = stream.socket;
      if (name !== undefined && sockets.has(name)) stream.close("peer_lost");
    }
  }

  /** Ends everything at once; for tests and a hard stop. */
  stop(): void {
    this.admission.startDraining();
    this.closeAll();
    this.#host.wheel.stop();
  }

  #createHost(wheel: TimerWheel): StreamHost {
    const emit = this.#emit;
    return {
      limits: this.#limits,
      wheel,
      queues: this.#queues,
      finalFlushes: this.#queues.finalFlushes,
      ended: (stream, reason) => this.#end(stream, reason),
      addQueued: (delta) => this.#queues.add(delta),
      notificationDropped: (kind) => emit("notificationDropped", kind),
      resultsLost: (stream, count) => {
        emit("resultsLost", stream.dialect, count);
        logLostResults(stream, count);
      },
      retryMs: (client, now) => this.admission.retryMs(client, now),
      pinged: (latenessMs) => emit("pinged", latenessMs),
      pingFailed: () => emit("pingFailed"),
    };
  }

  #end(stream: HostedStream, reason: CloseReason): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#ledger.countClosed(stream.dialect, reason, stream.sentBytes);
    this.credentials.closed(stream.client.identity);
    this.#emit("connectionClosed", closedEvent(stream, reason));
    // A client that has left holds no socket, and asking for its release now would be too late.
    const released = reason === "client_closed" ? undefined : stream.socket.released();
    if (released === undefined) stream.lease[Symbol.dispose]();
    else this.#linger(stream, released);
    if (isClientGone(reason) && stream.isLongLived) this.admission.noteLost(stream);
    if (this.#streams.size > 0) return;
    this.#whenEmpty?.resolve();
    this.#whenEmpty = undefined;
  }

  /**
   * Deno keeps the socket of a stalled reader after its stream has ended, so the socket counts
   * until it is released.
   */
  #linger(stream: HostedStream, released: Promise<unknown>): void {
    this.#ledger.countLingering();
    const onRelease = () => {
      stream.onSocketReleased();
      this.#ledger.countReleased();
      stream.lease[Symbol.dispose]();
    };
    released.then(onRelease, onRelease);
  }
}

/** Makes ids of 32 digits, the first of which are those of the instance. */
function idsOf(instance: string | undefined): () => string {
  if (instance === undefined) return () => randomId(CONNECTION_PREFIX);
  return () => randomId(CONNECTION_PREFIX).slice(0, -instance.length) + instance;
}

/**
 * All open streams and their ledger: opened = open now + Σ closed by reason, at any time.
 *
 * @module
 */
import { randomId } from "../base/ids.ts";
import { type Log, logFor } from "../base/log.ts";
import { type Emit, emitNothing } from "../base/observer.ts";
import { TimerWheel } from "../base/timer_wheel.ts";
import type { DroppableKind } from "../wire/droppable.ts";
import { Admission, type AdmissionLimits } from "./admit/admission.ts";
import type { HeapFigures } from "./admit/heap_gauge.ts";
import { type CloseReason, isClientGone } from "./close_reason.ts";
import { type CredentialLimits, Credentials } from "./credentials.ts";
import { PingSlots } from "./heartbeat.ts";
import { IdMap } from "./id_map.ts";
import { closedEvent, type HeartbeatFigures, type Ledger, zeroClosed } from "./ledger.ts";
import type { TailDrain } from "./out/tail_drain.ts";
import { LongBody } from "./out/long_body.ts";
import { QueueBudget } from "./out/queue_budget.ts";
import { EventStream } from "./event_stream.ts";
import type { StreamDriver } from "./stream_driver.ts";
import type { Client, Socket } from "./client.ts";
import type { StreamHost, StreamLimits } from "./stream_host.ts";

/** Limits on all streams together. */
export interface RegistryLimits extends StreamLimits, AdmissionLimits, CredentialLimits {}

/** Whom the registry asks, and whom it tells. */
export interface RegistryOptions {
  /** Figures of the JavaScript heap, where the runtime has them. */
  readonly heap?: (() => HeapFigures) | undefined;
  /** Told of every stream, ping and refusal. */
  readonly emit?: Emit;
}

/** What {@linkcode StreamRegistry.open} needs to know. */
export interface OpenOptions {
  readonly driver: StreamDriver;
  readonly client: Client;
  readonly socket: Socket;
  /** Time between two pings that the client asks for; see {@linkcode StreamRegistry.clampPingInterval}. */
  readonly pingIntervalMs?: number | undefined;
}

/** A slower ping finds a dead client later, so there is an end to what a client may ask for. */
const MAX_PING_INTERVAL_MS = 600_000;

/** Opens, finds and drains the streams of an app. */
export class StreamRegistry implements StreamHost {
  readonly wheel: TimerWheel;
  readonly limits: RegistryLimits;
  readonly #log: Log;
  readonly #emit: Emit;
  readonly #streams = new IdMap<EventStream>();
  readonly #closed = zeroClosed();
  readonly queues: QueueBudget;
  readonly #pingSlots = new PingSlots();
  #opened = 0;
  /** Streams that have ended and whose socket is still held. */
  #lingering = 0;
  #pingsSent = 0;
  #pingsFailed = 0;
  #maxLatenessMs = 0;
  #whenEmpty: PromiseWithResolvers<void> | undefined;

  /** Who may come in. */
  readonly admission: Admission;
  /** Until when those who came in may stay. */
  readonly credentials: Credentials;

  /** @param wheel the timer of all streams; a test passes one with a clock of its own */
  constructor(
    limits: RegistryLimits,
    wheel: TimerWheel = new TimerWheel(),
    { heap, emit = emitNothing }: RegistryOptions = {},
  ) {
    this.limits = limits;
    this.wheel = wheel;
    this.#emit = emit;
    this.queues = new QueueBudget(limits.maxTotalQueuedBytes, () => this.#streams.values());
    this.admission = new Admission(limits, {
      now: () => wheel.now(),
      queuedBytes: () => this.queues.syncIfFull(),
      heap,
      onRefused: (refusal) => emit("refused", refusal),
    });
    this.credentials = new Credentials(wheel, limits, () => this.#streams.values());
    this.#log = logFor("stream");
  }

  get size(): number {
    return this.#streams.size;
  }

  get draining(): boolean {
    return this.admission.isDraining;
  }

  /** All open streams, oldest first. */
  streams(): IteratorObject<EventStream, undefined> {
    return this.#streams.values();
  }

  get(id: string): EventStream | undefined {
    return this.#streams.get(id);
  }

  /**
   * Makes a stream and counts it in. Its caller must `open()` it, or close it.
   *
   * @throws {ProtocolError} `draining`, `overloaded` or `too_many_requests`, with `Retry-After`
   */
  open({ driver, client, socket, pingIntervalMs }: OpenOptions): EventStream {
    const lease = this.admission.enter({ client }, driver.isLongLived ? "stream" : "answer");
    const connection = new EventStream({
      id: randomId("mcp_sse_"),
      driver,
      client,
      socket,
      lease,
      credential: this.credentials.opened(client.identity),
      owner: this,
      limits: this.limits,
      pingIntervalMs: this.clampPingInterval(pingIntervalMs),
      pingSlot: this.#pingSlots.next(),
      log: this.#log,
    });
    this.#opened++;
    this.#emit("connectionOpened", driver.name);
    this.#streams.add(connection);
    this.#log.info("SSE Connection establishing", {
      connection_id: connection.id,
      client_ip: client.address,
      user_agent: client.userAgent,
      dialect: driver.name,
    });
    return connection;
  }

  /**
   * A long response body that is no event stream of its own: it counts among what waits for readers,
   * and a reader that takes nothing of it is cut off.
   */
  body(text: string): ReadableStream<Uint8Array> {
    return new LongBody(text, this).readable;
  }

  /**
   * The time between two pings that a client gets (ms): what it asks for, but not less than the
   * setting and not more than 10 minutes.
   */
  clampPingInterval(askedMs: number | undefined): number {
    const { pingIntervalMs } = this.limits;
    return Math.max(pingIntervalMs, Math.min(askedMs ?? pingIntervalMs, MAX_PING_INTERVAL_MS));
  }

  ledger(): Ledger {
    this.queues.syncCount();
    return {
      opened: this.#opened,
      open: this.#streams.size,
      lingering: this.#lingering,
      closed: { ...this.#closed },
      refused: this.admission.refused(),
      queuedBytes: this.queues.bytes,
    };
  }

  heartbeat(): HeartbeatFigures {
    return {
      sent: this.#pingsSent,
      failed: this.#pingsFailed,
      maxLatenessMs: this.#maxLatenessMs,
    };
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
  closeIfIdle(connection: EventStream): void {
    if (this.draining && connection.unanswered === 0) {
      connection.close("drain");
    }
  }

  /** Ends the streams on sockets whose other end is lost. */
  closeByPeer(sockets: ReadonlySet<string>): void {
    for (const connection of [...this.#streams.values()]) {
      const { name } = connection.socket;
      if (name !== undefined && sockets.has(name)) connection.close("peer_lost");
    }
  }

  /** Called by a connection: it has ended. */
  closed(connection: EventStream, reason: CloseReason): void {
    if (!this.#streams.delete(connection.id)) return;
    this.#closed[reason]++;
    this.credentials.closed(connection.client.identity);
    this.#emit("connectionClosed", closedEvent(connection, reason));
    const { isLongLived } = connection;
    // A client that has left holds no socket, and asking for its release now would be too late.
    const released = reason === "client_closed" ? undefined : connection.socket.released();
    if (released === undefined) connection.lease[Symbol.dispose]();
    else this.#linger(connection, released);
    if (isClientGone(reason) && isLongLived) this.admission.noteLost(connection);
    if (this.#streams.size > 0) return;
    this.#whenEmpty?.resolve();
    this.#whenEmpty = undefined;
  }

  /** For connections: what still waits in those that have ended. */
  get tailDrains(): Set<TailDrain> {
    return this.queues.tailDrains;
  }

  /** Called by a connection: so many more bytes wait. */
  addQueued(delta: number): void {
    this.queues.add(delta);
  }

  /** Called by a connection that has queued bytes: over the total, the greediest stream goes. */
  enforceTotalBudget(writer: EventStream): boolean {
    this.queues.enforceTotalBudget();
    return writer.state === "open";
  }

  /** Called by a connection: a notification of this kind is never sent. */
  superseded(kind: DroppableKind): void {
    this.#emit("superseded", kind);
  }

  /** Called by a connection: it was cut off with so many answers unread. */
  resultsLost({ id, dialect, reason }: EventStream, results: number): void {
    this.#emit("resultsLost", dialect, results);
    this.#log.warning("Results lost", { connection_id: id, reason, results });
  }

  /** Called by a connection: what to ask of its client before it comes back. */
  retryMs(client: Client, now: number): number | undefined {
    return this.admission.retryMs(client, now);
  }

  /** Called by a connection: a ping went out. */
  pinged(latenessMs: number): void {
    this.#pingsSent++;
    this.#maxLatenessMs = Math.max(this.#maxLatenessMs, latenessMs);
    this.#emit("pinged", latenessMs);
  }

  pingFailed(): void {
    this.#pingsFailed++;
    this.#emit("pingFailed");
  }

  /** Ends everything at once; for tests and a hard stop. */
  stop(): void {
    this.admission.startDraining();
    this.closeAll();
    this.wheel.stop();
  }

  /**
   * Deno keeps the socket of a stalled reader after its stream has ended, so the socket must count
   * as long as it is there.
   */
  #linger(connection: EventStream, released: Promise<unknown>): void {
    this.#lingering++;
    const onRelease = () => {
      connection.onSocketReleased();
      this.#lingering--;
      connection.lease[Symbol.dispose]();
    };
    released.then(onRelease, onRelease);
  }
}

import { TimerEntry } from "../base/timer_wheel.ts";
import type { Lease } from "./admit/slots.ts";
import type { Client, Socket } from "./client.ts";
import type { Credential } from "./credentials.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./out/outbox.ts";
import type { OutboxOwner } from "./out/outbox_owner.ts";
import type { StreamDriver } from "./stream_driver.ts";
import type { StreamHost } from "./stream_host.ts";

/** What a stream is made of; passed by the registry, which alone makes streams. */
export interface EventStreamParts {
  readonly id: string;
  readonly driver: StreamDriver;
  readonly client: Client;
  readonly socket: Socket;
  /** Its place among all streams. */
  readonly lease: Lease;
  readonly host: StreamHost;
  /** What its client has shown; undefined for an anonymous one. */
  readonly credential: Credential | undefined;
  /** Of the request that opened it; its signal is layer 1 of disconnect detection. */
  readonly request: Pick<Request, "signal"> | undefined;
  /** The time between two pings of this stream. */
  readonly pingIntervalMs: number;
  /** Where in the spread of pings its first one falls, from 0 to 1. */
  readonly pingSlot: number;
}

/** What a stream is made of and shows of itself; what happens to it is in `event_stream.ts`. */
export abstract class Stream extends TimerEntry implements OutboxOwner {
  readonly id: string;
  readonly client: Client;
  readonly socket: Socket;
  /** Its place among all streams, until its socket is released. */
  readonly lease: Lease;
  /**
   * Monotonic ms at which the stream was opened. Its times are whole numbers: V8 keeps those in the
   * stream itself, and makes each of all others an object of 16 bytes.
   */
  readonly openedAt: number;
  /** Undefined until then. */
  protected endedAt: number | undefined;
  /** What waits for the reader. */
  protected readonly outbox: Outbox;
  protected readonly driver: StreamDriver;
  protected readonly host: StreamHost;
  protected readonly heartbeat: Heartbeat;

  constructor(
    { id, driver, client, socket, lease, host, pingIntervalMs, pingSlot }: EventStreamParts,
  ) {
    super();
    this.id = id;
    this.driver = driver;
    this.client = client;
    this.socket = socket;
    this.lease = lease;
    this.host = host;
    this.openedAt = Math.floor(host.wheel.now());
    this.heartbeat = new Heartbeat(this.openedAt, pingIntervalMs, pingSlot);
    this.outbox = new Outbox(this, host, host.limits);
  }

  /** Called by the outbox when its reader is gone. */
  abstract cancel(): void;
  /** Called by the outbox when its reader has stopped and more waits than should. */
  abstract onStalled(): void;
  /** Called by the outbox when its reader has caught up. */
  abstract sendDeferred(text: string): void;

  /**
   * Sends what was deferred, as far as room is left for the message that is sent next.
   *
   * @param next that message, as JSON
   */
  flushBefore(next: string): void {
    this.outbox.flush(next);
  }

  /** A call has ended: its deferred progress is dropped. */
  endProgress(token: string | number): void {
    this.outbox.endProgress(token);
  }

  /** The response body. */
  get readable(): ReadableStream<Uint8Array> {
    return this.outbox.readable;
  }

  get dialect(): string {
    return this.driver.name;
  }

  /** Whether it stays open by itself, and does not just carry the answer to a request. */
  get isLongLived(): boolean {
    return this.driver.isLongLived;
  }

  /** Bytes of the stream that its listener has taken and the network has not. */
  get unsentBytes(): number {
    return this.socket.unsentBytes;
  }

  /** Requests whose response is still to come on this stream. */
  get unanswered(): number {
    return this.driver.unanswered;
  }

  /** Requests answered so far. */
  get answeredCount(): number {
    return this.driver.answeredCount;
  }

  /** Pings handed to the transport. */
  get pingCount(): number {
    return this.heartbeat.pingCount;
  }

  /** Pings in a row that could not be handed over, or were left unanswered. */
  get failedPings(): number {
    return this.heartbeat.failures;
  }

  /** Bytes that wait for the reader, those of deferred messages included. */
  get queuedBytes(): number {
    return this.outbox.queuedBytes;
  }

  /** Bytes that the transport has taken. */
  get sentBytes(): number {
    return this.outbox.sentBytes;
  }

  /** Age in ms; once it has ended, its age then. */
  get ageMs(): number {
    return (this.endedAt ?? this.host.wheel.now()) - this.openedAt;
  }

  /** Age in whole seconds. */
  get uptime(): number {
    return Math.floor(this.ageMs / 1000);
  }

  /** What its client is asked to wait before it comes back (ms), if it comes too often. */
  get retryMs(): number | undefined {
    return this.isLongLived ? this.host.retryMs(this.client, this.openedAt) : undefined;
  }

  /** Brings the total of all streams up to date with what its reader has taken. */
  syncCount(): void {
    this.outbox.syncCount();
  }
}

import { Heartbeat } from "./heartbeat.ts";
import { Outbox, type OutboxOwner } from "./out/outbox.ts";
import type {
  EventStreamParts,
  SseDialect,
  StreamClient,
  StreamHost,
  StreamLimits,
  StreamWork,
} from "./stream_types.ts";

/** What a stream is made of and shows of itself; what happens to it is in `event_stream.ts`. */
export abstract class Stream implements OutboxOwner {
  readonly id: string;
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  readonly work: StreamWork | undefined;
  /**
   * Monotonic ms at which the stream was opened. Its times are whole numbers: V8 keeps those in the
   * stream itself, and makes each of all others an object of 16 bytes.
   */
  readonly openedAt: number;
  /** Undefined until then. */
  protected endedAt: number | undefined;
  /** What waits for the reader. */
  readonly outbox: Outbox;
  protected readonly owner: StreamHost;
  protected readonly limits: StreamLimits;
  protected readonly heartbeat: Heartbeat;

  constructor({ id, dialect, client, work, owner, limits, pingIntervalMs }: EventStreamParts) {
    this.id = id;
    this.dialect = dialect;
    this.client = client;
    this.work = work;
    this.owner = owner;
    this.limits = limits;
    this.openedAt = Math.floor(owner.wheel.now());
    this.heartbeat = new Heartbeat(this.openedAt, pingIntervalMs);
    this.outbox = new Outbox(this, owner, limits.maxQueuedBytes);
  }

  /** Called by the outbox when its reader is gone. */
  abstract cancel(): void;
  /** Called by the outbox when its reader has caught up. */
  abstract sendDeferred(text: string): void;

  /** The response body. */
  get readable(): ReadableStream<Uint8Array> {
    return this.outbox.readable;
  }

  /** Pings handed to the transport. */
  get pingCount(): number {
    return this.heartbeat.pingCount;
  }

  /** Pings in a row that could not be handed over, or were left unanswered. */
  get failedPings(): number {
    return this.heartbeat.failures;
  }

  /** Bytes that wait for the reader, those that are held back included. */
  get queuedBytes(): number {
    return this.outbox.queuedBytes;
  }

  /** Bytes that the transport has taken. */
  get sentBytes(): number {
    return this.outbox.sentBytes;
  }

  /** Age in ms; once it has ended, its age then. */
  get ageMs(): number {
    return (this.endedAt ?? this.owner.wheel.now()) - this.openedAt;
  }

  /** Age in whole seconds. */
  get uptime(): number {
    return Math.floor(this.ageMs / 1000);
  }

  /** What its client is asked to wait before it comes back (ms), if it comes too often. */
  get retryMs(): number | undefined {
    return this.dialect.isLongLived ? this.owner.retryMs(this.client, this.openedAt) : undefined;
  }

  /** Brings the registry's total up to date with what its reader has taken. */
  syncCount(): void {
    this.outbox.syncCount();
  }
}

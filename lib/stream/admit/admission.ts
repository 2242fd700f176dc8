/**
 * Who may open a stream or a session now. Everything is bounded, so that the process never dies of
 * its clients; whoever is refused is told why and when to come back.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import { type BucketRate, TokenBuckets } from "../../base/token_buckets.ts";
import { FlapDetector } from "./flap_detector.ts";
import { type Refusal, zeroRefused } from "../ledger.ts";
import { ThrottledWarning } from "../../base/throttled_warning.ts";
import { CallSlots } from "./call_slots.ts";
import type { Client } from "../client.ts";

/** See the settings of the same names. */
export interface AdmissionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  readonly maxTotalQueuedBytes: number;
  /** Share of the heap that may be in use, in percent. */
  readonly maxHeapPercent: number;
  readonly streamOpens: BucketRate;
  readonly initializes: BucketRate;
  readonly maxFlaps: number;
}

/** The JavaScript heap, in bytes. */
export interface HeapFigures {
  readonly used: number;
  readonly limit: number;
}

/** What {@linkcode Admission} asks others. */
export interface AdmissionSources {
  /** Monotonic ms. */
  readonly now: () => number;
  /** The heap; looked at a few times a second at most. */
  readonly heap?: (() => HeapFigures) | undefined;
  /** Told of every refusal. */
  readonly onRefused?: (refusal: Refusal) => void;
}

/** How full the server is. */
export interface Load {
  readonly open: number;
  readonly openOfClient: number;
  readonly queuedBytes: number;
}

/** A stream that its client has lost. */
export interface LostStream {
  readonly client: Pick<Client, "key">;
  readonly ageMs: number;
  readonly answeredCount: number;
}

/** Clients whose rates are remembered. */
const MAX_CLIENTS = 10_000;
/** Seconds a refused client is asked to wait: spread, so that a crowd does not come back at once. */
const RETRY_AFTER_S = { min: 1, spread: 10 } as const;
const HEAP_LOOK_MS = 250;

export class Admission {
  readonly calls: CallSlots = new CallSlots();
  readonly #limits: AdmissionLimits;
  readonly #sources: AdmissionSources;
  readonly #refused = zeroRefused();
  readonly #refusals = new ThrottledWarning(logFor("stream"));
  readonly #opens: TokenBuckets;
  readonly #initializes: TokenBuckets;
  readonly #flapping: FlapDetector;
  #isDraining = false;
  #heapIsFull = false;
  #heapSeenAt = -Infinity;

  constructor(limits: AdmissionLimits, sources: AdmissionSources) {
    this.#limits = limits;
    this.#sources = sources;
    this.#opens = new TokenBuckets(limits.streamOpens, MAX_CLIENTS);
    this.#initializes = new TokenBuckets(limits.initializes, MAX_CLIENTS);
    this.#flapping = new FlapDetector(limits.maxFlaps, MAX_CLIENTS);
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on nothing new is taken. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /** How often each limit has refused. */
  refused(): Readonly<Record<Refusal, number>> {
    return { ...this.#refused };
  }

  /**
   * Lets a request in at all.
   *
   * @throws {ProtocolError} with `Retry-After`, during a drain
   */
  admitRequest(): void {
    if (this.#isDraining) this.#refuse("draining");
  }

  /**
   * Lets a stream be opened.
   *
   * @param isLasting false for one that only carries the answer to a request
   * @throws {ProtocolError} with `Retry-After`, naming the limit and its setting
   */
  admitStream(
    { key, address }: Pick<Client, "key" | "address">,
    load: Load,
    isLasting: boolean,
  ): void {
    const limits = this.#limits;
    this.admitRequest();
    if (load.open >= limits.maxConnections) {
      this.#refuse("max_connections", `all ${limits.maxConnections} connections are in use`);
    }
    if (load.openOfClient >= limits.maxConnectionsPerClient) {
      const count = limits.maxConnectionsPerClient;
      this.#refuse("max_per_client", `all ${count} connections of client ${address} are in use`);
    }
    if (load.queuedBytes >= limits.maxTotalQueuedBytes) {
      this.#refuse("queue_budget", "too many bytes wait for slow readers");
    }
    const now = this.#sources.now();
    this.#checkHeap(now);
    if (!isLasting) return;
    if (this.#flapping.shouldRefuse(key, now)) {
      this.#refuse("flapping", `client ${address} opens and loses streams again and again`);
    }
    const waitMs = this.#opens.take(key, now);
    if (waitMs > 0) this.#refuse("open_rate", `client ${address} opens streams too fast`, waitMs);
  }

  /**
   * Lets a call without a session begin.
   *
   * @throws {ProtocolError} with `Retry-After`, when its client has as many running as it may have
   * streams
   */
  admitCall(client: Pick<Client, "key" | "address">): void {
    const load = { open: this.calls.total, openOfClient: this.calls.of(client.key) };
    this.admitStream(client, { ...load, queuedBytes: 0 }, false);
  }

  /**
   * Lets a session be opened.
   *
   * @param key of the client
   * @throws {ProtocolError} with `Retry-After`
   */
  admitSession(key: string): void {
    this.admitRequest();
    const now = this.#sources.now();
    this.#checkHeap(now);
    const waitMs = this.#initializes.take(key, now);
    if (waitMs > 0) this.#refuse("initialize_rate", "the client initializes too fast", waitMs);
  }

  /** Takes note of a lasting stream that its client has lost. */
  noteLost(stream: LostStream): void {
    // Asked first, as to read the clock costs more than all the rest.
    if (stream.answeredCount > 0) return;
    const { client: { key }, ageMs } = stream;
    this.#flapping.record({ client: key, ageMs }, this.#sources.now());
  }

  /** What to ask of a client before it reconnects (ms), if it comes back too often. */
  retryMs({ key }: Client, now: number): number | undefined {
    return this.#flapping.retryMs(key, now);
  }

  #checkHeap(now: number): void {
    if (this.#sources.heap !== undefined && now - this.#heapSeenAt >= HEAP_LOOK_MS) {
      const { used, limit } = this.#sources.heap();
      this.#heapSeenAt = now;
      this.#heapIsFull = used > limit * this.#limits.maxHeapPercent / 100;
    }
    if (this.#heapIsFull) this.#refuse("heap", "the server is short of memory");
  }

  #refuse(refusal: Refusal, why = "the server is shutting down", waitMs = 0): never {
    this.#refused[refusal]++;
    this.#sources.onRefused?.(refusal);
    this.#refusals.warn(refusal, this.#sources.now());
    const { kind, setting } = REFUSAL_TABLE[refusal];
    const spread = RETRY_AFTER_S.min + Math.floor(Math.random() * RETRY_AFTER_S.spread);
    const seconds = Math.ceil(waitMs / 1000) + spread;
    throw new ProtocolError(
      kind,
      `Refused, come back in ${seconds} s: ${why}${setting === undefined ? "" : ` (${setting})`}`,
      {
        data: { limit: refusal, retry_after: seconds },
        headers: { "retry-after": String(seconds) },
      },
    );
  }
}

const REFUSAL_TABLE = {
  draining: { kind: "draining", setting: undefined },
  max_connections: { kind: "overloaded", setting: "MCP_MAX_CONNECTIONS" },
  max_per_client: { kind: "too_many_requests", setting: "MCP_MAX_CONNECTIONS_PER_CLIENT" },
  queue_budget: { kind: "overloaded", setting: "MCP_MAX_TOTAL_QUEUED_BYTES" },
  heap: { kind: "overloaded", setting: "MCP_MAX_HEAP_PERCENT" },
  open_rate: { kind: "too_many_requests", setting: "MCP_STREAM_OPENS_PER_SECOND" },
  initialize_rate: { kind: "too_many_requests", setting: "MCP_INITIALIZES_PER_SECOND" },
  flapping: { kind: "too_many_requests", setting: "MCP_MAX_FLAPS" },
} as const;

/**
 * Admits calls, streams and sessions. Everything is bounded, so that clients cannot exhaust the
 * process. A refused client learns why, and when to retry.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import type { Settings } from "../../base/settings.ts";
import { TokenBuckets } from "../../base/token_buckets.ts";
import { BodyBudget, type BodyBudgetLimits, type BodyRefusal } from "./body_budget.ts";
import { type Caller, CallRate } from "./call_rate.ts";
import { FlapDetector } from "./flap_detector.ts";
import type { Refusal } from "../ledger.ts";
import { ThrottledWarning } from "../../base/throttled_warning.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import { MemoryGauge, type MemoryLimits, type MemorySources } from "./memory_gauge.ts";
import { type Lease, Slots } from "./slots.ts";
import type { Client } from "../client.ts";

/** See the settings. */
export type AdmissionLimits =
  & BodyBudgetLimits
  & MemoryLimits
  & Pick<
    Settings,
    | "MCP_CALLS_BURST"
    | "MCP_CALLS_PER_SECOND"
    | "MCP_INITIALIZES_BURST"
    | "MCP_INITIALIZES_PER_SECOND"
    | "MCP_MAX_CONNECTIONS"
    | "MCP_MAX_CONNECTIONS_PER_CLIENT"
    | "MCP_MAX_FLAPS"
    | "MCP_MAX_TOTAL_QUEUED_BYTES"
    | "MCP_STREAM_OPENS_BURST"
    | "MCP_STREAM_OPENS_PER_SECOND"
  >;

/** Dependencies of {@linkcode Admission}. */
export interface AdmissionSources {
  readonly wheel: TimerWheel;
  /** Bytes that wait for all readers together. */
  readonly queuedBytes: () => number;
  /** Measure memory, where the runtime can. */
  readonly memory: MemorySources;
  /** Told of every refusal. */
  readonly onRefused: (refusal: Refusal) => void;
}

/** A client that asks for admission; it is looked up only if needed. */
export interface Arrival {
  readonly client: Pick<Client, "key" | "address">;
}

/**
 * Kind of an admission: a call without a session, a stream that only carries the answer to a
 * request, a long-lived stream, or a session.
 */
export type Admitted = "call" | "answer" | "stream" | "session";

/** The place of a call, which counts only if the call does not end at once. */
export interface CallLease extends Lease {
  /** The call continues; from now on it counts. */
  hold(): void;
}

/** A stream that its client has lost. */
export interface LostStream {
  readonly client: Pick<Client, "key">;
  readonly ageMs: number;
  readonly answeredCount: number;
}

/** Maximum number of clients with remembered rates. */
const MAX_CLIENTS = 10_000;
/** Seconds a refused client is asked to wait: spread, so that a crowd does not come back at once. */
const RETRY_AFTER_S = { min: 1, spread: 10 } as const;

/** Decides what may enter: streams, sessions and calls, by total, client and rate. */
export class Admission {
  /** Large bodies. */
  readonly bodies: BodyBudget;
  readonly #calls = new Slots();
  readonly #streams = new Slots();
  readonly #sessions = new Slots();
  readonly #memory: MemoryGauge;
  readonly #limits: AdmissionLimits;
  readonly #sources: AdmissionSources;
  readonly #refusals = new ThrottledWarning(logFor("stream"));
  readonly #opens: TokenBuckets;
  readonly #initializes: TokenBuckets;
  readonly #callRate: CallRate;
  readonly #flapping: FlapDetector;
  #isDraining = false;

  constructor(limits: AdmissionLimits, sources: AdmissionSources) {
    this.#limits = limits;
    this.#sources = sources;
    this.#memory = new MemoryGauge(sources.memory, limits, sources.wheel);
    this.bodies = new BodyBudget(limits, (refusal, client) => this.#refuseBody(refusal, client));
    const opens = {
      perSecond: limits.MCP_STREAM_OPENS_PER_SECOND,
      burst: limits.MCP_STREAM_OPENS_BURST,
    };
    const initializes = {
      perSecond: limits.MCP_INITIALIZES_PER_SECOND,
      burst: limits.MCP_INITIALIZES_BURST,
    };
    const calls = { perSecond: limits.MCP_CALLS_PER_SECOND, burst: limits.MCP_CALLS_BURST };
    this.#opens = new TokenBuckets(opens, MAX_CLIENTS);
    this.#initializes = new TokenBuckets(initializes, MAX_CLIENTS);
    this.#callRate = new CallRate(calls, sources.wheel, MAX_CLIENTS);
    this.#flapping = new FlapDetector(limits.MCP_MAX_FLAPS, MAX_CLIENTS);
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on nothing new is taken. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /** Sessions in memory, or about to be: of a client by its key, or of all. */
  sessionsOf(key?: string): number {
    return key === undefined ? this.#sessions.total : this.#sessions.of(key);
  }

  /** Calls without a session that run. */
  get calls(): number {
    return this.#calls.total;
  }

  /** Whether the timer of the memory gauge runs. */
  get isMeasuring(): boolean {
    return this.#memory.isScheduled;
  }

  /**
   * Admits a request of any kind.
   *
   * @throws {ProtocolError} with `Retry-After`, during a drain and while memory is full
   */
  admitRequest(): void {
    if (this.#isDraining) this.#refuse("draining");
    this.admitBody();
  }

  /**
   * Lets a body be read, or more of it, whatever it is for.
   *
   * @throws {ProtocolError} with `Retry-After`, while memory is full
   */
  admitBody(): void {
    const { full } = this.#memory;
    if (full !== undefined) this.#refuse(full, "the server is short of memory");
  }

  /**
   * Admits tool calls and completions (2026-07-28, server/tools and utilities/completion: servers
   * must limit their rate).
   *
   * @param count number of calls in one request; all of them are admitted, or none
   * @throws {ProtocolError} with `Retry-After`, if the client sends them too fast
   */
  admitCalls(caller: Caller, count: number): void {
    const waitMs = this.#callRate.take(caller, count);
    if (waitMs > 0) this.#refuse("call_rate", "the client calls too fast", waitMs);
  }

  /**
   * Admits a client.
   *
   * @returns the lease, to be disposed of when the client leaves
   * @throws {ProtocolError} with `Retry-After`, naming the limit and its setting
   */
  enter(arrival: Arrival, kind: "call"): CallLease;
  enter(arrival: Arrival, kind: Admitted): Lease;
  enter(arrival: Arrival, kind: Admitted): Lease {
    // A call comes in a request, which was let in already.
    if (kind === "call") return this.#enterCall(arrival);
    this.admitRequest();
    const { client } = arrival;
    if (kind === "session") {
      const waitMs = this.#initializes.take(client.key, this.#sources.wheel.now());
      if (waitMs > 0) this.#refuse("initialize_rate", "the client initializes too fast", waitMs);
      return this.#sessions.take(client.key);
    }
    this.#checkRoom(this.#streams, arrival);
    if (this.#sources.queuedBytes() >= this.#limits.MCP_MAX_TOTAL_QUEUED_BYTES) {
      this.#refuse("queue_budget", "too many bytes wait for slow readers");
    }
    if (kind === "stream") this.#checkRate(client);
    return this.#streams.take(client.key);
  }

  /** Records a long-lived stream that its client has lost. */
  noteLost(stream: LostStream): void {
    // Asked first, as to read the clock costs more than all the rest.
    if (stream.answeredCount > 0) return;
    const { client: { key }, ageMs } = stream;
    this.#flapping.record({ client: key, ageMs }, this.#sources.wheel.now());
  }

  /** Reconnection delay for a client that reconnects too often (ms). */
  retryMs({ key }: Client, now: number): number | undefined {
    return this.#flapping.retryMs(key, now);
  }

  /** The limit of running calls per client is the limit of its streams. */
  #enterCall(arrival: Arrival): CallLease {
    this.#checkRoom(this.#calls, arrival);
    return new CountedCall(this.#calls, arrival);
  }

  #checkRoom(slots: Slots, arrival: Arrival): void {
    const { MCP_MAX_CONNECTIONS, MCP_MAX_CONNECTIONS_PER_CLIENT } = this.#limits;
    if (slots.total >= MCP_MAX_CONNECTIONS) {
      this.#refuse("max_connections", `all ${MCP_MAX_CONNECTIONS} connections are in use`);
    }
    // No client can have more than all have together. Perf: looking up the address.
    if (slots.total < MCP_MAX_CONNECTIONS_PER_CLIENT) return;
    const { key, address } = arrival.client;
    if (slots.of(key) >= MCP_MAX_CONNECTIONS_PER_CLIENT) {
      const why =
        `all ${MCP_MAX_CONNECTIONS_PER_CLIENT} connections of client ${address} are in use`;
      this.#refuse("max_per_client", why);
    }
  }

  #checkRate({ key, address }: Arrival["client"]): void {
    const now = this.#sources.wheel.now();
    if (this.#flapping.shouldRefuse(key, now)) {
      this.#refuse("flapping", `client ${address} opens and loses streams again and again`);
    }
    const waitMs = this.#opens.take(key, now);
    if (waitMs > 0) this.#refuse("open_rate", `client ${address} opens streams too fast`, waitMs);
  }

  #refuseBody(refusal: BodyRefusal, client: string): never {
    this.#refuse(
      refusal,
      refusal === "body_bytes"
        ? "too many large bodies are on their way"
        : `too many large bodies of client ${client} are on their way`,
    );
  }

  #refuse(refusal: Refusal, why = "the server is shutting down", waitMs = 0): never {
    this.#sources.onRefused(refusal);
    this.#refusals.warn(refusal, this.#sources.wheel.now());
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

class CountedCall implements CallLease {
  readonly #slots: Slots;
  readonly #arrival: Arrival;
  #lease: Lease | undefined;

  constructor(slots: Slots, arrival: Arrival) {
    this.#slots = slots;
    this.#arrival = arrival;
  }

  hold(): void {
    this.#lease ??= this.#slots.take(this.#arrival.client.key);
  }

  [Symbol.dispose](): void {
    this.#lease?.[Symbol.dispose]();
    this.#lease = undefined;
  }
}

const REFUSAL_TABLE = {
  draining: { kind: "draining", setting: undefined },
  max_connections: { kind: "overloaded", setting: "MCP_MAX_CONNECTIONS" },
  max_per_client: { kind: "too_many_requests", setting: "MCP_MAX_CONNECTIONS_PER_CLIENT" },
  queue_budget: { kind: "overloaded", setting: "MCP_MAX_TOTAL_QUEUED_BYTES" },
  heap: { kind: "overloaded", setting: "MCP_MAX_HEAP_PERCENT" },
  resident: { kind: "overloaded", setting: "MCP_MAX_RESIDENT_PERCENT" },
  open_rate: { kind: "too_many_requests", setting: "MCP_STREAM_OPENS_PER_SECOND" },
  initialize_rate: { kind: "too_many_requests", setting: "MCP_INITIALIZES_PER_SECOND" },
  call_rate: { kind: "too_many_requests", setting: "MCP_CALLS_PER_SECOND" },
  flapping: { kind: "too_many_requests", setting: "MCP_MAX_FLAPS" },
  body_bytes: { kind: "overloaded", setting: "MCP_MAX_TOTAL_BODY_BYTES" },
  body_bytes_per_client: { kind: "too_many_requests", setting: "MCP_MAX_BODY_BYTES_PER_CLIENT" },
} as const;

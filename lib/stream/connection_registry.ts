/**
 * All open streams and their ledger: opened = open now + Σ closed by reason, at any time.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { randomId } from "../base/ids.ts";
import { type Log, logFor } from "../base/log.ts";
import { TimerWheel } from "../base/timer_wheel.ts";
import type { CloseReason } from "./close_reason.ts";
import {
  type HeartbeatFigures,
  type Ledger,
  noneClosed,
  noneRefused,
  type Refusal,
} from "./ledger.ts";
import {
  SseConnection,
  type SseDialect,
  type StreamClient,
  type StreamLimits,
  type StreamOwner,
  type StreamWork,
} from "./sse_connection.ts";

/** Limits on all streams together. */
export interface RegistryLimits extends StreamLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  readonly maxTotalQueuedBytes: number;
}

/** What {@linkcode ConnectionRegistry.open} needs to know. */
export interface OpenOptions {
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  readonly work?: StreamWork;
}

/** Seconds a refused client is asked to wait: spread, so that a crowd does not come back at once. */
const RETRY_AFTER_S = { min: 1, spread: 10 } as const;

export class ConnectionRegistry implements StreamOwner {
  readonly wheel: TimerWheel;
  readonly #limits: RegistryLimits;
  readonly #log: Log;
  readonly #connections = new Map<string, SseConnection>();
  readonly #perClient = new Map<string, number>();
  readonly #closed = noneClosed();
  readonly #refused = noneRefused();
  #opened = 0;
  #queuedBytes = 0;
  #draining = false;
  #pingsSent = 0;
  #pingsFailed = 0;
  #maxLatenessMs = 0;
  #whenEmpty: PromiseWithResolvers<void> | undefined;

  /**
   * @param limits see the settings of the same names
   * @param wheel the timer of all streams; a test passes one with a clock of its own
   */
  constructor(limits: RegistryLimits, wheel: TimerWheel = new TimerWheel()) {
    this.#limits = limits;
    this.wheel = wheel;
    this.#log = logFor("stream");
  }

  get size(): number {
    return this.#connections.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** All open streams, oldest first. */
  connections(): MapIterator<SseConnection> {
    return this.#connections.values();
  }

  get(id: string): SseConnection | undefined {
    return this.#connections.get(id);
  }

  /**
   * Makes a stream and counts it in. Its caller must `open()` it, or close it.
   *
   * @throws {ProtocolError} `draining`, `overloaded` or `too_many_requests`, with `Retry-After`
   */
  open({ dialect, client, work }: OpenOptions): SseConnection {
    this.#admit(client);
    const connection = new SseConnection({
      id: randomId("mcp_sse_"),
      dialect,
      client,
      work,
      owner: this,
      limits: this.#limits,
      log: this.#log,
    });
    this.#opened++;
    this.#connections.set(connection.id, connection);
    this.#perClient.set(
      client.address,
      (this.#perClient.get(client.address) ?? 0) + 1,
    );
    this.#log.info("SSE Connection establishing", {
      connection_id: connection.id,
      client_ip: client.address,
      user_agent: client.userAgent,
      dialect: dialect.name,
    });
    return connection;
  }

  ledger(): Ledger {
    this.#recount();
    return {
      opened: this.#opened,
      open: this.#connections.size,
      closed: { ...this.#closed },
      refused: { ...this.#refused },
      queuedBytes: this.#queuedBytes,
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
   * Ends all streams: the idle ones at once, those with running calls when these are done.
   *
   * @param budgetMs time for the running calls; what still runs then is cut
   * @returns how many streams ended in time, and how many were cut
   */
  async drain(budgetMs: number): Promise<{ drained: number; cut: number }> {
    this.#draining = true;
    const total = this.#connections.size;
    for (const connection of [...this.#connections.values()]) {
      this.settled(connection);
    }
    await this.#emptyWithin(budgetMs);
    const cut = this.#connections.size;
    for (const connection of [...this.#connections.values()]) {
      connection.close("drain");
    }
    return { drained: total - cut, cut };
  }

  /** Told by a transport that a stream's last request has been answered. */
  settled(connection: SseConnection): void {
    if (this.#draining && (connection.work?.size ?? 0) === 0) {
      connection.close("drain");
    }
  }

  /** Called by a connection: it has ended. */
  closed(connection: SseConnection, reason: CloseReason): void {
    if (!this.#connections.delete(connection.id)) return;
    this.#closed[reason]++;
    const { address } = connection.client;
    const left = (this.#perClient.get(address) ?? 1) - 1;
    if (left > 0) this.#perClient.set(address, left);
    else this.#perClient.delete(address);
    if (this.#connections.size === 0) this.#whenEmpty?.resolve();
  }

  /** Called by a connection: so many more bytes wait. */
  addQueued(delta: number): void {
    this.#queuedBytes += delta;
  }

  /** Called by a connection that has queued bytes: over the total, the greediest stream goes. */
  withinTotalQueue(writer: SseConnection): boolean {
    if (this.#queuedBytes > this.#limits.maxTotalQueuedBytes) this.#recount();
    while (this.#queuedBytes > this.#limits.maxTotalQueuedBytes) {
      const greediest = this.#greediest();
      if (greediest === undefined) break;
      greediest.close("queue_full");
    }
    return writer.state === "open";
  }

  /** Called by a connection: a ping went out. */
  pinged(latenessMs: number): void {
    this.#pingsSent++;
    this.#maxLatenessMs = Math.max(this.#maxLatenessMs, latenessMs);
  }

  pingFailed(): void {
    this.#pingsFailed++;
  }

  /** Ends everything at once; for tests and a hard stop. */
  stop(): void {
    this.#draining = true;
    for (const connection of [...this.#connections.values()]) {
      connection.close("drain");
    }
    this.wheel.stop();
  }

  #admit(client: StreamClient): void {
    const limits = this.#limits;
    if (this.#draining) {
      throw this.#refuse(
        "draining",
        "Server is shutting down, connect again in a moment",
      );
    }
    if (this.#connections.size >= limits.maxConnections) {
      throw this.#refuse(
        "max_connections",
        `All ${limits.maxConnections} connections are in use (MCP_MAX_CONNECTIONS)`,
      );
    }
    if (
      (this.#perClient.get(client.address) ?? 0) >=
        limits.maxConnectionsPerClient
    ) {
      throw this.#refuse(
        "max_per_client",
        `All ${limits.maxConnectionsPerClient} connections of client ${client.address} are in use ` +
          "(MCP_MAX_CONNECTIONS_PER_CLIENT)",
      );
    }
    if (this.#queuedBytes >= limits.maxTotalQueuedBytes) this.#recount();
    if (this.#queuedBytes >= limits.maxTotalQueuedBytes) {
      throw this.#refuse(
        "queue_budget",
        "Too many bytes wait for slow readers (MCP_MAX_TOTAL_QUEUED_BYTES)",
      );
    }
  }

  #refuse(refusal: Refusal, message: string): ProtocolError {
    this.#refused[refusal]++;
    const seconds = RETRY_AFTER_S.min +
      Math.floor(Math.random() * RETRY_AFTER_S.spread);
    return new ProtocolError(KIND_OF[refusal], message, {
      data: { limit: refusal, retry_after: seconds },
      headers: { "retry-after": String(seconds) },
    });
  }

  /** Readers take bytes without telling, so the total may be too high until it is asked for. */
  #recount(): void {
    for (const connection of this.#connections.values()) connection.recount();
  }

  #greediest(): SseConnection | undefined {
    let greediest: SseConnection | undefined;
    for (const connection of this.#connections.values()) {
      if (connection.queuedBytes > (greediest?.queuedBytes ?? 0)) {
        greediest = connection;
      }
    }
    return greediest;
  }

  async #emptyWithin(budgetMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    this.#whenEmpty = Promise.withResolvers<void>();
    const { promise, resolve } = this.#whenEmpty;
    const timer = setTimeout(resolve, budgetMs);
    await promise;
    clearTimeout(timer);
  }
}

const KIND_OF = {
  draining: "draining",
  max_connections: "overloaded",
  max_per_client: "too_many_requests",
  queue_budget: "overloaded",
} as const;

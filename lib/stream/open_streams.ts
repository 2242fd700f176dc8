import type { CloseReason } from "./close_reason.ts";
import type { Ledger } from "./ledger.ts";
import type { StreamSnapshot } from "./snapshot.ts";
import type { StreamRegistry } from "./stream_registry.ts";

/** The open streams of an app, for its operator: to count them, read their state and end them. */
export class OpenStreams {
  readonly #registry: StreamRegistry;

  constructor(registry: StreamRegistry) {
    this.#registry = registry;
  }

  /** How many are open. */
  get size(): number {
    return this.#registry.size;
  }

  /** Whether the app accepts no more streams because it is stopping. */
  get draining(): boolean {
    return this.#registry.draining;
  }

  /** The counts at this moment: opened = open + Σ closed by reason. */
  ledger(): Ledger {
    return this.#registry.ledger();
  }

  /** Snapshots of all streams, oldest first. */
  streams(): IteratorObject<StreamSnapshot, undefined> {
    return this.#registry.values().map(snapshotOf);
  }

  /** Snapshot of one stream; undefined for an unknown id. */
  get(id: string): StreamSnapshot | undefined {
    const stream = this.#registry.get(id);
    return stream && snapshotOf(stream);
  }

  /**
   * Ends a stream and its calls.
   *
   * @param reason the reason for the client, log and metrics
   * @returns whether there was such a stream
   */
  close(id: string, reason: CloseReason = "disconnected"): boolean {
    const stream = this.#registry.get(id);
    stream?.close(reason);
    return stream !== undefined;
  }

  /**
   * Ends the streams on sockets with a lost peer.
   *
   * @param sockets the peers, as `address:port`
   */
  closeByPeer(sockets: ReadonlySet<string>): void {
    this.#registry.closeByPeer(sockets);
  }
}

function snapshotOf(stream: StreamSnapshot): StreamSnapshot {
  const { id, dialect, client, state, reason, unanswered, pingCount, failedPings } = stream;
  const { queuedBytes, sentBytes, ageMs, uptime } = stream;
  return {
    id,
    dialect,
    client,
    state,
    reason,
    unanswered,
    pingCount,
    failedPings,
    queuedBytes,
    sentBytes,
    ageMs,
    uptime,
  };
}

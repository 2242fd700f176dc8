import type { CloseReason } from "./close_reason.ts";
import type { Ledger } from "./ledger.ts";
import type { StreamSnapshot } from "./snapshot.ts";
import type { StreamRegistry } from "./stream_registry.ts";

/** The open streams of an app, for whoever operates it: to count them, look at them and end them. */
export class OpenStreams {
  readonly #registry: StreamRegistry;

  constructor(registry: StreamRegistry) {
    this.#registry = registry;
  }

  /** How many are open. */
  get size(): number {
    return this.#registry.size;
  }

  /** Whether the app takes no more, as it is about to stop. */
  get draining(): boolean {
    return this.#registry.draining;
  }

  /** The counts at this moment: opened = open + Σ closed by reason. */
  ledger(): Ledger {
    return this.#registry.ledger();
  }

  /** All of them as they are now, oldest first. */
  streams(): IteratorObject<StreamSnapshot, undefined> {
    return this.#registry.values().map(snapshotOf);
  }

  /** One of them as it is now; undefined where none has that id. */
  get(id: string): StreamSnapshot | undefined {
    const stream = this.#registry.get(id);
    return stream && snapshotOf(stream);
  }

  /**
   * Ends a stream, and what runs for it.
   *
   * @param reason as the client, log and metrics hear it
   * @returns whether there was one
   */
  close(id: string, reason: CloseReason = "disconnected"): boolean {
    const stream = this.#registry.get(id);
    stream?.close(reason);
    return stream !== undefined;
  }

  /**
   * Ends the streams on sockets whose other end is lost.
   *
   * @param sockets by their other ends, as `address:port`
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

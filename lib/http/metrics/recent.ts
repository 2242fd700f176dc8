/**
 * The last closed connections and the last refused requests, for the operator who asks what has
 * just happened. Both rings are bounded, and so is each text in them: clients choose most of it.
 *
 * @module
 */
import type { ObservedConnection, ObservedRejection, Observer } from "../../base/observer.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import { ERROR_TABLE } from "../../wire/error_table.ts";
import type { ProtocolErrorKind } from "../../base/errors.ts";

/** How many of each are kept. */
export const RECENT_MAX = 100;
const MAX_METHOD = 32;
const MAX_PATH = 256;
const MAX_MESSAGE = 512;

/** A connection that has ended, as `GET /mcp/connections` shows it. */
export interface ClosedView {
  /** When, as ISO 8601. */
  readonly at: string;
  readonly id: string;
  readonly dialect: string;
  readonly client_ip: string;
  readonly user_agent: string;
  readonly age_ms: number;
  readonly sent_bytes: number;
  readonly reason: string;
}

/** A request that was refused, as `GET /mcp/connections` shows it. */
export interface RefusedView {
  /** When, as ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Without its query, which may hold a secret. */
  readonly path: string;
  readonly client_ip: string;
  readonly status: number;
  readonly kind: ProtocolErrorKind;
  /** What was wrong, and what would be right. */
  readonly message: string;
}

/** Thousands may end at once, and few are ever looked at. */
interface Closed {
  /** ms since 1970. */
  readonly at: number;
  readonly connection: ObservedConnection;
}

export class RecentEnds implements Partial<Observer> {
  readonly #closed = new RingBuffer<Closed>(RECENT_MAX);
  readonly #refused = new RingBuffer<RefusedView>(RECENT_MAX);

  /** Newest first. */
  closed(): ClosedView[] {
    return this.#closed.newestFirst().map(closedView);
  }

  /** Newest first. */
  refused(): RefusedView[] {
    return this.#refused.newestFirst();
  }

  connectionClosed(connection: ObservedConnection): void {
    this.#closed.add({ at: Date.now(), connection });
  }

  requestRejected(kind: ProtocolErrorKind, rejection: ObservedRejection): void {
    this.#refused.add({
      at: new Date().toISOString(),
      method: rejection.method.slice(0, MAX_METHOD),
      path: rejection.path.slice(0, MAX_PATH),
      client_ip: rejection.address,
      status: ERROR_TABLE[kind].status,
      kind,
      message: rejection.message.slice(0, MAX_MESSAGE),
    });
  }
}

function closedView({ at, connection }: Closed): ClosedView {
  return {
    at: new Date(at).toISOString(),
    id: connection.id,
    dialect: connection.dialect,
    client_ip: connection.address,
    user_agent: connection.userAgent,
    age_ms: Math.round(connection.ageMs),
    sent_bytes: connection.sentBytes,
    reason: connection.reason,
  };
}

/**
 * The last closed connections and the last refused requests, for the operator. Both lists are
 * bounded, and so is each text in them, because most of it comes from clients.
 *
 * @module
 */
import { shortId } from "../../base/ids.ts";
import type {
  ObservedConnection,
  ObservedRejection,
  Observer,
  RefusedCredential,
} from "../../base/observer.ts";
import { ERROR_TABLE } from "../../wire/error_table.ts";
import type { ProtocolErrorKind } from "../../base/errors.ts";
import type { ClosedView, RefusedView } from "../ledger_view.ts";

/** Keeps the newest items, up to a maximum; each new item replaces the oldest. */
export class RingBuffer<T> {
  readonly #max: number;
  readonly #slots: T[] = [];
  /** Index of the next item. */
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(item: T): void {
    this.#slots[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** All items, newest first. */
  newestFirst(): T[] {
    const { length } = this.#slots;
    return [
      ...this.#slots.slice(0, this.#next).reverse(),
      ...this.#slots.slice(this.#next, length).reverse(),
    ];
  }
}

/** How many of each are kept. */
export const RECENT_MAX = 100;
const MAX_METHOD = 32;
const MAX_PATH = 256;
const MAX_MESSAGE = 512;

/**
 * Thousands of connections may end at once, and few are ever shown, so a view is made only when it
 * is read.
 */
interface Closed {
  /** ms since 1970. */
  readonly at: number;
  readonly connection: ObservedConnection;
}

/** Keeps the last closed streams and the last refused requests. */
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
      ...(rejection.auth !== undefined && credentialView(rejection.auth)),
    });
  }
}

function credentialView({ reason, expected, given }: RefusedCredential) {
  return {
    reason,
    ...(expected !== undefined && { expected: jsonOf(expected) }),
    ...(given !== undefined && { given: jsonOf(given) }),
  };
}

function jsonOf(value: unknown): string {
  return (JSON.stringify(value) ?? "").slice(0, MAX_MESSAGE);
}

function closedView({ at, connection }: Closed): ClosedView {
  return {
    at: new Date(at).toISOString(),
    id: shortId(connection.id),
    dialect: connection.dialect,
    client_ip: connection.address,
    user_agent: connection.userAgent,
    age_ms: Math.round(connection.ageMs),
    sent_bytes: connection.sentBytes,
    reason: connection.reason,
  };
}

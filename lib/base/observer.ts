/**
 * The events of an app, and the only way to report them. Metrics, telemetry and a library user's
 * own observer listen. Constructors pass `emit` down, so two apps in one process have separate
 * figures.
 *
 * Observers must bound their labels: a method name here comes from the client.
 *
 * @module
 */
import { messageOf, type ProtocolErrorKind } from "./errors.ts";
import { logFor } from "./log.ts";

/** How a request ended, besides the protocol errors: `aborted` means that its client is gone. */
export const OUTCOMES = ["ok", "tool_error", "cancelled", "timeout", "aborted"] as const;

/** How a request ended, for those who count. */
export type Outcome = (typeof OUTCOMES)[number] | ProtocolErrorKind;

/** The operations of a store that instances share. */
export const STORE_OPERATIONS = [
  "append",
  "after",
  "carry",
  "forget",
  "send",
  "shout",
  "renew",
  "is_alive",
  "instances",
  "leave",
  "read_session",
  "write_session",
  "take_session",
  "claim",
  "release",
] as const;

/** An operation of a store that instances share. */
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

/** A request that has ended. */
export interface ObservedCall {
  readonly request: {
    readonly method: string;
    readonly params?: Readonly<Record<string, unknown>>;
  };
  /** When it began, on the timer wheel's clock (ms). */
  readonly startedAt: number;
  /** Its origin. */
  readonly scope?: {
    readonly caller: {
      readonly address: string;
      readonly principal?: string | undefined;
      readonly clientId?: string | undefined;
    };
  };
}

/** A stream that has ended. */
export interface ObservedConnection {
  readonly id: string;
  readonly dialect: string;
  /** Its client's. */
  readonly address: string;
  readonly userAgent: string;
  readonly reason: string;
  readonly ageMs: number;
  /** Bytes that the transport has taken. */
  readonly sentBytes: number;
}

/** An HTTP request that was answered with an error; all of it is the client's word. */
export interface ObservedRejection {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** Its client's. */
  readonly address: string;
  /** The error message that the client got. */
  readonly message: string;
  /** Why its credential was refused, where that was the fault; never holds the credential. */
  readonly auth?: RefusedCredential | undefined;
}

/** Why a credential was refused. */
export interface RefusedCredential {
  /** A word of a fixed set, such as `expired` or `audience`. */
  readonly reason: string;
  /** The expected value. */
  readonly expected?: unknown;
  /** The received value. */
  readonly given?: unknown;
}

/** A session that has ended. */
export interface ObservedSession {
  /** Why: `deleted`, `idle`, `evicted` or `drain`. */
  readonly end: string;
  readonly ageMs: number;
  readonly protocolVersion: string;
}

/**
 * The events by name, with their arguments. An observer has a method for each event that it wants.
 * Methods run synchronously in the code that emits, so they must be fast and must not throw.
 */
export interface Observer {
  connectionOpened(dialect: string): void;
  connectionClosed(connection: ObservedConnection): void;
  /** A ping went out, `latenessMs` after it was due. */
  pinged(latenessMs: number): void;
  pingFailed(): void;
  /** A notification was dropped for a slow reader: replaced by a newer one, or no room. */
  notificationDropped(kind: string): void;
  /** A stream was cut with this many unread answers, which are lost. */
  resultsLost(dialect: string, results: number): void;
  /** A limit, by its short name, refused something. */
  refused(limit: string): void;
  requestFinished(call: ObservedCall, outcome: Outcome): void;
  /** An HTTP request was answered with an error before any method ran. */
  requestRejected(kind: ProtocolErrorKind, rejection: ObservedRejection): void;
  /** `restored` means that a session was rebuilt from its id. */
  sessionOpened(how: "created" | "restored"): void;
  sessionEnded(session: ObservedSession): void;
  /** Events were sent again to a client that came back. */
  replayed(events: number): void;
  /** A client came back for events that are gone. */
  replayLost(): void;
  /** The store that instances share has done something within `ms`. */
  storeAsked(operation: StoreOperation, ms: number): void;
  /** The store that instances share was away or failed. */
  storeFailed(operation: StoreOperation): void;
  /** Another instance took this one for dead and has ended a stream that this one writes. */
  appendRefused(): void;
  /** A message to this instance itself took `ms` on the bus of the store. */
  busEchoed(ms: number): void;
  /** This instance has ended a call whose instance died. */
  callLost(): void;
  /** The event loop was late, by `ms`. */
  loopDelayed(ms: number): void;
  unhandledRejection(): void;
  /** An error was not caught, for example in a timer. */
  uncaughtError(): void;
}

/** The events that only the runtime can see. */
export type RuntimeObserver = Pick<
  Observer,
  "loopDelayed" | "unhandledRejection" | "uncaughtError"
>;

/** Reports an event, with what {@linkcode Observer} says of it. Never throws. */
export type Emit = <E extends keyof Observer>(
  event: E,
  ...report: Parameters<Observer[E]>
) => void;

/** Nobody listens. */
export const emitNothing: Emit = () => {};

type Listener = (first?: unknown, second?: unknown) => void;

const log = logFor("observer");

/** Reports to several observers. An error of one affects neither the others nor the server. */
export function createEmit(observers: readonly Partial<Observer>[]): Emit {
  const listeners: Partial<Record<keyof Observer, readonly Listener[]>> = {};
  const listenersTo = (event: keyof Observer): readonly Listener[] =>
    listeners[event] = observers.map((observer) =>
      observer[event]?.bind(observer) as Listener | undefined
    ).filter((listener) => listener !== undefined);
  // Named parameters, because a rest parameter would allocate an array for each call.
  return (event: keyof Observer, first?: unknown, second?: unknown): void => {
    for (const listener of listeners[event] ?? listenersTo(event)) {
      try {
        listener(first, second);
      } catch (error) {
        log.error("Observer failed", { event, error: messageOf(error) });
      }
    }
  };
}

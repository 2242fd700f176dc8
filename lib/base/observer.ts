/**
 * What the floors report to whoever watches: the metrics, the telemetry, and a library user's own
 * hooks. Passed down through constructors, so that two apps in one process never mix their figures.
 *
 * Labels are for the observer to bound: a method name here is whatever a client sent.
 *
 * @module
 */
import { messageOf, type ProtocolErrorKind } from "./errors.ts";
import { logFor } from "./log.ts";

/** How a request ended, besides the protocol errors: `aborted` means that its client is gone. */
export const OUTCOMES = ["ok", "tool_error", "cancelled", "timeout", "aborted"] as const;

/** How a request ended, for those who count. */
export type Outcome = (typeof OUTCOMES)[number] | ProtocolErrorKind;

/** A request that has ended. */
export interface ObservedCall {
  readonly request: {
    readonly method: string;
    readonly params?: Readonly<Record<string, unknown>>;
  };
  /** When it began, on the timer wheel's clock (ms); 0 where nobody observes. */
  readonly startedAt: number;
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
  /** What its client was told. */
  readonly message: string;
}

/** A session that has ended. */
export interface ObservedSession {
  /** Why: `deleted`, `idle`, `evicted` or `drain`. */
  readonly end: string;
  readonly ageMs: number;
  readonly protocolVersion: string;
}

/** Takes reports. No method may throw or take long: they are called where the work is done. */
export interface Observer {
  connectionOpened(dialect: string): void;
  connectionClosed(connection: ObservedConnection): void;
  /** A ping went out so many ms after it was due. */
  pinged(latenessMs: number): void;
  pingFailed(): void;
  /**
   * A notification of this kind is never sent: its reader was behind, and a newer one or the answer
   * took its place, or there was no room.
   */
  superseded(kind: string): void;
  /** A stream was cut off with so many answers unread that nobody can fetch any more. */
  resultsLost(dialect: string, results: number): void;
  /** A limit, by its short name, refused something. */
  refused(limit: string): void;
  requestFinished(call: ObservedCall, outcome: Outcome): void;
  /** An HTTP request was answered with an error before any method ran. */
  requestRejected(kind: ProtocolErrorKind, rejection: ObservedRejection): void;
  /** `restored` is a session taken up from its id alone. */
  sessionOpened(how: "created" | "restored"): void;
  sessionEnded(session: ObservedSession): void;
  /** So many events were sent again to a client that came back. */
  replayed(events: number): void;
  /** A client came back for events that are gone. */
  replayLost(): void;
  /** The event loop was so many ms late. */
  loopDelayed(ms: number): void;
  unhandledRejection(): void;
  /** An error was thrown where nobody could catch it, as in a timer. */
  uncaughtError(): void;
}

/** Nobody watches. */
export const NO_OBSERVER: Observer = {
  connectionOpened: () => {},
  connectionClosed: () => {},
  pinged: () => {},
  pingFailed: () => {},
  superseded: () => {},
  resultsLost: () => {},
  refused: () => {},
  requestFinished: () => {},
  requestRejected: () => {},
  sessionOpened: () => {},
  sessionEnded: () => {},
  replayed: () => {},
  replayLost: () => {},
  loopDelayed: () => {},
  unhandledRejection: () => {},
  uncaughtError: () => {},
};

const log = logFor("observer");

/** One observer that tells several, none of which can harm the others or the work. */
export function combine(observers: readonly Partial<Observer>[]): Observer {
  const tellerOf = (event: keyof Observer) => {
    const told = observers.map((observer) =>
      observer[event]?.bind(observer) as Listener | undefined
    )
      .filter((tell) => tell !== undefined);
    return (...report: unknown[]): void => {
      for (const tell of told) {
        try {
          tell(...report);
        } catch (error) {
          log.error("Observer failed", { event, error: messageOf(error) });
        }
      }
    };
  };
  const events = Object.keys(NO_OBSERVER) as (keyof Observer)[];
  return Object.fromEntries(
    events.map((event) => [event, tellerOf(event)]),
  ) as unknown as Observer;
}

type Listener = (...report: unknown[]) => void;

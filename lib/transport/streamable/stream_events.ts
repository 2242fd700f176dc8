import type { MaybePromise } from "../../base/promises.ts";
import type { Frames } from "../../store/event_store.ts";

/** The events that a client has missed. */
export interface Missed {
  /** Number of the last event that it has. */
  readonly since: number;
  /** The events after that one; undefined when one of them is gone. */
  readonly frames: MaybePromise<Frames | undefined>;
}

/** Called once a client is up to date; `frames` is undefined where some events are gone. */
export type OnReplayed = (frames: Frames | undefined) => void;

/** An event to be; one without a name only gives the client an id. */
export interface EventParts {
  readonly event?: string;
  readonly retry?: number;
  /** Whether the stream has said all with it. */
  readonly isLast?: boolean;
}

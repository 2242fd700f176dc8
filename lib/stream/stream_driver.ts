/**
 * The dialect's half of one stream: its keepalives, its closing frame, its running requests, and
 * its callbacks.
 *
 * @module
 */
import { CallAborted } from "../base/errors.ts";
import { jsonEvent, KEEPALIVE } from "../wire/sse.ts";
import type { CloseReason } from "./close_reason.ts";
import type { PongState } from "./heartbeat.ts";
import type { StreamSnapshot } from "./snapshot.ts";

/** Takes a driver's frames. */
export interface FrameSink {
  /** @returns false when the stream has ended, or is ended by this very write */
  sendRaw(frame: string): boolean;
}

/**
 * A dialect's behaviour for one stream. Each stream has its own driver. {@linkcode QUIET_DRIVER}
 * has the defaults of most dialects.
 */
export interface StreamDriver {
  /** Name of its kind of stream in the ledger, in logs and in metrics. */
  readonly name: string;
  /** Whether the stream is long-lived, and not only the answer to a request. */
  readonly isLongLived: boolean;
  /** Requests in flight; planned closes wait for them. */
  readonly unanswered: number;
  /**
   * Whether a planned end would come at a bad moment: while a request runs, or while the client sends
   * one after another. Asked when the time has come, and a quarter of a second later again.
   */
  isBusy(): boolean;
  /** Requests answered so far, or 1 and more where the client has otherwise made use of the stream. */
  readonly answeredCount: number;
  /**
   * The keepalive frame.
   *
   * @param pingCount number of this ping, from 1
   */
  ping(stream: StreamSnapshot, pingCount: number): string;
  /** The last frame before the stream ends; undefined for none. */
  closingFrame(reason: CloseReason, stream: StreamSnapshot): string | undefined;
  /**
   * The stream has ended and takes no more writes.
   *
   * @param reason makes the error for what still runs
   */
  onEnded(reason: () => CallAborted): void;
  /**
   * Sends a message that was deferred while the reader was behind.
   *
   * @param text of the message, as JSON
   */
  sendDeferred(text: string, stream: FrameSink): void;
  /**
   * Called at each beat if the client can answer: sends the next ping request.
   *
   * @returns whether the client has answered the previous one
   */
  pingClient(): PongState;
}

/** Runs nothing, says nothing at the end and asks nothing; to spread into a driver. */
export const QUIET_DRIVER: Omit<StreamDriver, "name" | "isLongLived"> = {
  unanswered: 0,
  isBusy: () => false,
  answeredCount: 0,
  ping: () => KEEPALIVE,
  closingFrame: () => undefined,
  onEnded: () => {},
  sendDeferred: (text, stream) => void stream.sendRaw(jsonEvent(text)),
  pingClient: () => "unknown",
};

/** The last frame that a driver wants to send; undefined also where it fails to make one. */
export function closingFrameOf(
  driver: StreamDriver,
  reason: CloseReason,
  stream: StreamSnapshot,
): string | undefined {
  try {
    return driver.closingFrame(reason, stream);
  } catch {
    // The log has the reason.
    return undefined;
  }
}

/** Tells a driver that its stream has ended. Never throws. */
export function notifyEnded(driver: StreamDriver, reason: CloseReason): void {
  try {
    driver.onEnded(() => new CallAborted(reason, `Connection closed: ${reason}`));
  } catch {
    // An abort listener of a tool threw; the stream is closed all the same.
  }
}

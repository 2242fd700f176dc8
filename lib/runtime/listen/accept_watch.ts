/**
 * Finds out whether a listening socket of `node:net` still accepts connections.
 *
 * When Deno's `node:net` cannot accept one, for example when no file descriptors are left, it tells
 * nobody and never tries again. So a listener that has accepted nothing for a while connects to
 * itself.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { type Clock, monotonic } from "../../base/clock.ts";

/** Where the listener listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Time between two looks at a listener (ms). */
const POLL_MS = 2_000;
/** Time between two looks while a connection to itself waits (ms). */
const WAIT_MS = 250;
/** Looks until it is deaf. */
const MAX_LOOKS = 8;
/** A look that is later than this does not count: the event loop is busy, and accepts late too (ms). */
const MAX_LATE_MS = 50;

/** Watches one listener. */
export class AcceptWatch {
  readonly #address: ListenAddress;
  readonly #onDeaf: (error: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #probe: Socket | undefined;
  readonly #clock: Clock;
  #hasAccepted = false;
  #looks = 0;
  #dueAt = 0;

  /** @param onDeaf called once, when the listener does not accept; the watch has stopped then */
  constructor(
    address: ListenAddress,
    onDeaf: (error: string) => void,
    clock: Clock = monotonic,
  ) {
    this.#address = address;
    this.#onDeaf = onDeaf;
    this.#clock = clock;
  }

  /** Starts with a connection, or with a pause where the listener is known to accept. */
  start(isKnownToAccept: boolean): void {
    if (isKnownToAccept) this.#lookIn(POLL_MS);
    else this.#tryOut();
  }

  /** The listener has accepted a connection from any client. */
  noteAccepted(): void {
    this.#hasAccepted = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#endProbe();
  }

  #lookIn(delayMs: number): void {
    this.#dueAt = this.#clock() + delayMs;
    this.#timer = setTimeout(() => this.#look(), delayMs);
  }

  #look(): void {
    if (this.#hasAccepted) {
      this.#hasAccepted = false;
      this.#endProbe();
      this.#lookIn(POLL_MS);
    } else if (this.#probe === undefined) {
      this.#tryOut();
    } else if (this.#isLate() || ++this.#looks < MAX_LOOKS) {
      this.#lookIn(WAIT_MS);
    } else {
      this.#fail("No connection is accepted");
    }
  }

  #isLate(): boolean {
    return this.#clock() - this.#dueAt > MAX_LATE_MS;
  }

  #tryOut(): void {
    this.#looks = 0;
    this.#probe = connect(this.#address).on("error", (error: Error & { code?: string }) => {
      if (error.code === "EMFILE" || error.code === "ENFILE") this.#fail(error.message);
      // Without the permission to connect there is nothing to find out.
      else if (error.name === "NotCapable") this.stop();
    });
    this.#lookIn(WAIT_MS);
  }

  #fail(error: string): void {
    this.stop();
    this.#onDeaf(error);
  }

  /** A reset leaves no socket in TIME_WAIT. */
  #endProbe(): void {
    this.#probe?.resetAndDestroy();
    this.#probe = undefined;
  }
}

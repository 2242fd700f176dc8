import { Throttle } from "../base/throttled_warning.ts";
import { Allowance } from "./allowance.ts";
import type { ReadPart } from "./bounded_fetch.ts";

/**
 * Says when the next part of a remote server's stream may be read: not while its messages wait to be
 * taken, and later if it sends more than it is asked for. Empty events and comments count too, although
 * they carry no message, because an endless run of them would hold the event loop.
 */
export class ReadingPace {
  readonly #allowance = new Allowance(performance.now());
  readonly #throttle = new Throttle();
  readonly #isFull: () => boolean;
  readonly #onRests: (rests: number) => void;
  #taken: PromiseWithResolvers<void> | undefined;
  #rest: PromiseWithResolvers<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isEnded = false;

  /**
   * @param isFull whether too many messages wait to be taken
   * @param onRests called with the number of rests, once in a while
   */
  constructor(isFull: () => boolean, onRests: (rests: number) => void = () => {}) {
    this.#isFull = isFull;
    this.#onRests = onRests;
  }

  /** Settles once the next part may be read; undefined if it may be now. */
  readonly mayReadOn = ({ bytes, events }: ReadPart): Promise<void> | undefined => {
    if (this.#isEnded) return undefined;
    const restMs = this.#allowance.spend(bytes, performance.now(), events);
    if (restMs > 0) this.#restFor(restMs);
    if (this.#rest !== undefined) return this.#rest.promise;
    if (!this.#isFull()) return undefined;
    this.#taken ??= Promise.withResolvers();
    return this.#taken.promise;
  };

  /** A message that answers a request costs nothing. */
  giveBack(bytes: number): void {
    this.#allowance.giveBack(bytes);
  }

  /** The waiting messages were taken. */
  taken(): void {
    this.#taken?.resolve();
    this.#taken = undefined;
  }

  /** Lets everything be read at once from now on. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#endRest();
    this.taken();
  }

  /** All streams of the server rest together. */
  #restFor(ms: number): void {
    if (this.#rest !== undefined) return;
    this.#rest = Promise.withResolvers();
    this.#timer = setTimeout(() => this.#endRest(), ms);
    const rests = this.#throttle.count("rest", performance.now());
    if (rests !== undefined) this.#onRests(rests);
  }

  #endRest(): void {
    this.#rest?.resolve();
    this.#rest = undefined;
  }
}

import { Throttle } from "../base/throttled_warning.ts";
import { Allowance } from "./allowance.ts";
import type { ReadPart } from "./bounded_fetch.ts";

/**
 * Says when a remote server is read on: not while its messages wait to be taken, and not at once if
 * it sends more than it is asked for. Empty events and comments count, although no message comes of
 * them: without end they would keep the event loop from all else.
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
   * @param isFull whether so much waits to be taken that nothing more is to be read
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

  /** What waited was taken. */
  taken(): void {
    this.#taken?.resolve();
    this.#taken = undefined;
  }

  /** Nothing is held up any more. */
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

/** Bytes of bodies that are read before other sockets have their turn. */
const SLICE_BYTES = 262_144;
/** How long reading rests between two slices (ms). */
const REST_MS = 2;

/**
 * Lets small requests come between the large bodies of a server. While one socket always has more to
 * read, Deno's event loop never rests, and then looks for news of other sockets only once in 61
 * turns. So the reading of all bodies rests between two slices.
 */
export class BodyPace {
  #left = SLICE_BYTES;
  readonly #resting: (() => void)[] = [];

  /**
   * Counts bytes of a body that were read.
   *
   * @param readOn reads more of the body; called now, or after a rest
   */
  take(bytes: number, readOn: () => void): void {
    this.#left -= bytes;
    if (this.#left > 0) return readOn();
    if (this.#resting.push(readOn) === 1) setTimeout(this.#endRest, REST_MS);
  }

  readonly #endRest = (): void => {
    this.#left = SLICE_BYTES;
    for (const readOn of this.#resting.splice(0)) readOn();
  };
}

/**
 * Does something again and again, never twice at once: the next time is counted from the end of the
 * last, so that a slow server is not asked faster than it answers.
 */
export class Poller {
  #work;
  #everyMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isRunning = false;
  #isAskedAgain = false;
  #isOn = false;

  /** @param {() => Promise<void>} work must not reject @param {number} everyMs */
  constructor(work, everyMs) {
    this.#work = work;
    this.#everyMs = everyMs;
  }

  get isOn() {
    return this.#isOn;
  }

  start() {
    this.#isOn = true;
    void this.now();
  }

  stop() {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** Does it now, also while stopped; or once more, when it is being done. */
  async now() {
    this.#isAskedAgain = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    clearTimeout(this.#timer);
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      await this.#work();
    }
    this.#isRunning = false;
    if (this.#isOn) this.#timer = setTimeout(() => void this.now(), this.#everyMs);
  }
}

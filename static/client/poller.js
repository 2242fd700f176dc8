/**
 * Repeats some work, never twice at once. The pause begins when the work has ended, so that a slow
 * server is not asked faster than it answers.
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

  /** Runs the work now, also while stopped. If it is running, it runs once more afterwards. */
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

/**
 * The handle on the honest client's thread.
 *
 * @module
 */
import type { HonestReport } from "./honest_client.ts";

export class Honest implements Disposable {
  readonly #worker = new Worker(new URL("./honest_client.ts", import.meta.url), {
    type: "module",
  });
  readonly #failed = Promise.withResolvers<never>();

  private constructor() {
    this.#failed.promise.catch(() => {});
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#failed.reject(new Error(`The honest client failed: ${event.message}`));
    };
  }

  /** Starts one and waits until its streams are open. */
  static async start(url: string): Promise<Honest> {
    const honest = new Honest();
    await honest.#ask({ url });
    return honest;
  }

  /** Its observations since the last report. */
  async report(): Promise<HonestReport> {
    return await this.#ask("report") as HonestReport;
  }

  /** Has it leave and report. */
  async end(): Promise<HonestReport> {
    return await this.#ask("end") as HonestReport;
  }

  #ask(order: unknown): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.postMessage(order);
    return Promise.race([promise, this.#failed.promise]);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

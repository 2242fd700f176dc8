/**
 * Log lines to stderr, without ever waiting for whoever reads it: a stuck reader of the log must
 * not become a stuck server.
 *
 * @module
 */

import { within } from "../base/promises.ts";

/** Characters that may wait; lines beyond are dropped and counted. */
const MAX_WAITING = 1_048_576;
const ENCODER = new TextEncoder();

export class StderrLines {
  #waiting: string[] = [];
  #waitingSize = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  readonly write = (line: string): void => {
    if (this.#waitingSize > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingSize += line.length;
    this.#writing ??= this.#drain();
  };

  /** Resolves when all lines are written, or after `withinMs`. */
  async flush(withinMs = 500): Promise<void> {
    if (this.#writing !== undefined) await within(withinMs, this.#writing);
  }

  async #drain(): Promise<void> {
    // Lines of one turn of the event loop go out in one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingSize = 0;
      if (this.#dropped > 0) {
        lines.push(`[WARNING] Log lines dropped {"count":${this.#dropped}}`);
        this.#dropped = 0;
      }
      try {
        await writeAll(ENCODER.encode(lines.join("\n") + "\n"));
      } catch {
        // Nobody reads the log any more; the server goes on.
      }
    }
    this.#writing = undefined;
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await Deno.stderr.write(bytes.subarray(done));
  }
}

/**
 * Writes log lines to stderr without waiting for the reader: a stuck log reader must not block the
 * server.
 *
 * @module
 */

import { type Clock, monotonic } from "../base/clock.ts";
import { type LogFormat, LogLine } from "../base/log.ts";
import { settlesWithin } from "../base/promises.ts";

/** Maximum of characters that wait; more lines are dropped and counted. */
const MAX_WAITING = 1_048_576;
/**
 * Time between two writes (ms). Each write wakes another thread and the log reader, so a busy server
 * collects its lines.
 */
const BATCH_MS = 20;
const ENCODER = new TextEncoder();

/** A text, or something that becomes text when it is written. */
type Line = string | { toString(): string };

/** Writes lines to stderr in batches, and drops lines rather than wait. */
export class StderrLines {
  /** Format of its own messages. */
  format: LogFormat = "text";
  readonly #clock: Clock;
  #waiting: Line[] = [];
  /** Characters of the waiting lines that are texts already. */
  #waitingSize = 0;
  #dropped = 0;
  #draining: Promise<void> | undefined;
  /** A write may take long, so lines that come meanwhile become text and are counted. */
  #isWriting = false;
  #wroteAt = -Infinity;
  /** Ends the pause between two writes. */
  #flushNow = (): void => {};

  constructor(clock: Clock = monotonic) {
    this.#clock = clock;
  }

  readonly write = (line: Line): void => {
    if (this.#waitingSize > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    const kept = this.#isWriting ? String(line) : line;
    if (typeof kept === "string") this.#waitingSize += kept.length;
    this.#waiting.push(kept);
    this.#draining ??= this.#drain();
  };

  /** Resolves when all lines are written, or after `withinMs`. */
  async flush(withinMs = 500): Promise<void> {
    this.#flushNow();
    if (this.#draining !== undefined) await settlesWithin(withinMs, this.#draining);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingSize = 0;
      if (this.#dropped > 0) {
        lines.push(droppedLine(this.#dropped, this.format));
        this.#dropped = 0;
      }
      this.#isWriting = true;
      try {
        await writeAll(ENCODER.encode(lines.join("\n") + "\n"));
      } catch {
        // Nobody reads the log now; the server continues.
      }
      this.#isWriting = false;
      this.#wroteAt = this.#clock();
    }
    this.#draining = undefined;
  }

  /** Lines of one turn of the event loop go out in one write, and so do those soon after it. */
  async #gather(): Promise<void> {
    const leftMs = this.#wroteAt + BATCH_MS - this.#clock();
    if (leftMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, leftMs);
    this.#flushNow = resolve;
    await promise;
    clearTimeout(timer);
  }
}

function droppedLine(count: number, format: LogFormat): LogLine {
  const fields = { count };
  return new LogLine(
    { area: "log", level: "warning", message: "Log lines dropped", fields },
    format,
  );
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await Deno.stderr.write(bytes.subarray(done));
  }
}

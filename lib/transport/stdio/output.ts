/**
 * The output of a pipe, one message per line. For a slow reader, answers and requests wait, and
 * notifications are deferred as on an event stream.
 *
 * @module
 */
import { messageOf } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import { Coalescer, type CoalescerHost } from "../../stream/out/coalescer.ts";
import { type JsonRpcMessage, toJson } from "../../wire/json_rpc.ts";
import { droppableOf, progressKey } from "../../wire/droppable.ts";

/** The reader is slow once this share of the bytes that may wait does wait. */
const SLOW_READER_RATIO = 1 / 8;
/** A pipe has only one reader, so its queue is in no total. */
const UNCOUNTED: CoalescerHost = { addQueued: () => {}, notificationDropped: () => {} };
const log = logFor("stdio");

/** The messages to the client of a pipe, with a bound on what waits. */
export class StdioOutput {
  readonly #writeLine: (line: string) => Promise<void>;
  readonly #maxQueued: number;
  #writing: Promise<void> = Promise.resolve();
  #queued = 0;
  #backlog: Coalescer | undefined;
  readonly #broken = new AbortController();
  readonly #whenBroken: Promise<void>;

  /**
   * @param writeLine writes one line; rejects when the other end is closed
   * @param maxQueued characters that may wait before notifications are left out
   */
  constructor(writeLine: (line: string) => Promise<void>, maxQueued: number) {
    this.#writeLine = writeLine;
    this.#maxQueued = maxQueued;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenBroken = promise;
    this.broken.addEventListener("abort", () => resolve(), { once: true });
  }

  /** Aborts when its reader is gone, or reads too slowly for the changes that it must get. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  get isBroken(): boolean {
    return this.broken.aborted;
  }

  /** Resolves when the other end has read enough for more to be written, or the output is broken. */
  async writable(): Promise<void> {
    if (this.#queued > this.#maxQueued) await this.written();
  }

  /** Sends a message, or defers it while the reader is slow. */
  send(message: JsonRpcMessage): void {
    const text = toJson(message);
    if (!this.#defer(message, text)) this.#write(text);
  }

  /** Sends the answers to a batch, given as JSON. */
  sendBatch(answers: string): void {
    this.#write(answers);
  }

  /** A call has ended: its deferred progress is dropped. */
  endProgress(token: unknown): void {
    this.#backlog?.drop(progressKey(token));
  }

  /** Sends deferred messages. */
  flush(): void {
    const backlog = this.#backlog;
    this.#backlog = undefined;
    for (const text of backlog?.drain(Infinity) ?? []) this.#write(text);
  }

  /** Resolves when all is written, or the output is broken. */
  written(): Promise<void> {
    return Promise.race([this.#writing, this.#whenBroken]);
  }

  #defer(message: JsonRpcMessage, text: string): boolean {
    if (this.#backlog === undefined && this.#queued <= this.#maxQueued * SLOW_READER_RATIO) {
      return false;
    }
    const notice = droppableOf(message);
    if (notice === undefined) return false;
    this.#backlog ??= new Coalescer(UNCOUNTED);
    if (!this.#backlog.hold(notice, text, this.#maxQueued)) this.#giveUp();
    return true;
  }

  /** Changes must not get lost, and there is no room for more: an event stream would end here. */
  #giveUp(): void {
    this.#broken.abort();
    this.#backlog = undefined;
    log.warning("Output full", { max_queued: this.#maxQueued });
  }

  #write(line: string): void {
    if (this.isBroken) return;
    this.#queued += line.length;
    this.#writing = this.#writing.then(async () => {
      if (!this.isBroken) await this.#writeLine(`${line}\n`);
    }).catch((error) => {
      this.#broken.abort();
      log.debug("Output closed", { error: messageOf(error) });
    }).then(() => {
      this.#queued -= line.length;
      if (this.#queued === 0) this.flush();
    });
  }
}

/**
 * A pair of byte streams that carries one JSON-RPC message a line, with a bound on what waits for a
 * server that does not read.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { type JsonRpcMessage, toJson } from "../wire/json_rpc.ts";
import { linesOf, TOO_LONG } from "../wire/lines.ts";
import { Allowance } from "./allowance.ts";

/** The streams of a started server. */
export interface ServerStreams {
  /** The server's output. */
  readonly output: ReadableStream<Uint8Array>;
  /** The server's input. */
  readonly input: WritableStream<Uint8Array>;
}

/** Events of a channel. */
export interface ChannelEvents {
  /** @returns whether the line was asked for */
  onLine(line: string): boolean;
  /** The server sends too much unasked, and is read more slowly. */
  onRest?(): void;
  /** Called once: the server's output has ended, or the channel gave up, with the reason. */
  onEnd(reason: string): void;
}

/** The limits of a channel. */
export interface ChannelLimits {
  /** Longest line, in bytes. */
  readonly maxLineBytes: number;
  /** Most values of a message; default: any number. */
  readonly maxValues?: number;
  /** Text of one client that may wait for the server, in characters. */
  readonly maxQueued: number;
  /** How long a write may wait when more is to be sent than may wait (ms); default: 10 s. */
  readonly stuckMs?: number;
}

/** The reason if the server's output ends. */
export const OUTPUT_CLOSED = "it closed its output";
/** The beginning of the reason if its input cannot be written to. */
export const INPUT_CLOSED = "its input is closed";
/** How long a server may leave its input unread while too much waits for it (ms). */
const STUCK_MS = 10_000;
/** The limit for all clients together, in limits of one client. */
const MAX_CLIENTS_QUEUED = 8;
const ENCODER = new TextEncoder();

/** A message that waits for the server. */
interface Waiting {
  readonly text: string;
  readonly client: string;
}

/** One server's pipe. */
export class Channel {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #limits: ChannelLimits;
  readonly #events: ChannelEvents;
  #waiting: Waiting[] = [];
  /** Characters that wait, in all and by client. */
  #queued = 0;
  readonly #queuedBy = new Map<string, number>();
  #isWriting = false;
  #writingSince = 0;
  #isEnded = false;
  readonly #allowance = new Allowance(performance.now());
  /** Ends the rest before the next read. */
  #wake: (() => void) | undefined;

  constructor({ input, output }: ServerStreams, limits: ChannelLimits, events: ChannelEvents) {
    this.#writer = input.getWriter();
    this.#limits = limits;
    this.#events = events;
    void this.#read(output);
  }

  /** Whether nothing more comes or goes. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Text that waits for the server, in characters. */
  get queued(): number {
    return this.#queued;
  }

  /**
   * Sends a message; those of one turn of the event loop go out in one write.
   *
   * @param client whose messages it is counted with; default: those of nobody
   * @returns false when the channel has ended, or too much waits for the server already
   */
  send(message: JsonRpcMessage, client = ""): boolean {
    if (this.#isEnded) return false;
    const { maxQueued } = this.#limits;
    if (
      (this.#queuedBy.get(client) ?? 0) > maxQueued || this.#queued > MAX_CLIENTS_QUEUED * maxQueued
    ) {
      this.#endIfStuck();
      return false;
    }
    const text = `${toJson(message)}\n`;
    this.#waiting.push({ text, client });
    this.#count(client, text.length);
    if (!this.#isWriting) {
      this.#isWriting = true;
      queueMicrotask(() => void this.#write());
    }
    return true;
  }

  /** Closes the server's input, which asks it to end. Further output is ignored. */
  end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting = [];
    this.#wake?.();
    this.#writer.close().catch(() => {});
    this.#events.onEnd(reason);
  }

  #endIfStuck(): void {
    const { stuckMs = STUCK_MS } = this.#limits;
    if (this.#isWriting && performance.now() - this.#writingSince >= stuckMs) {
      this.end(`it has not read its input for ${stuckMs} ms`);
    }
  }

  #count(client: string, characters: number): void {
    const left = (this.#queuedBy.get(client) ?? 0) + characters;
    this.#queued += characters;
    if (left === 0) this.#queuedBy.delete(client);
    else this.#queuedBy.set(client, left);
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        this.#writingSince = performance.now();
        const writing = this.#waiting;
        this.#waiting = [];
        await this.#writer.write(ENCODER.encode(writing.map(({ text }) => text).join("")));
        for (const { text, client } of writing) this.#count(client, -text.length);
      }
    } catch (error) {
      this.end(`${INPUT_CLOSED}: ${messageOf(error)}`);
    } finally {
      this.#isWriting = false;
    }
  }

  async #rest(ms: number): Promise<void> {
    this.#events.onRest?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  async #read(input: ReadableStream<Uint8Array>): Promise<void> {
    const source = { input, isIgnored: () => this.#isEnded };
    try {
      for await (const line of linesOf(source, this.#limits.maxLineBytes)) {
        if (this.#isEnded) continue;
        if (line === TOO_LONG) {
          return this.end(`it sent a line of more than ${this.#limits.maxLineBytes} bytes`);
        }
        const isAsked = line.trim() !== "" && this.#events.onLine(line);
        const restMs = isAsked ? 0 : this.#allowance.spend(line.length, performance.now());
        if (restMs > 0) await this.#rest(restMs);
      }
      this.end(OUTPUT_CLOSED);
    } catch (error) {
      this.end(`its output failed: ${messageOf(error)}`);
    }
  }
}

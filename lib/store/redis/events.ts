import type {
  Appended,
  CarriedLog,
  LogEntry,
  LogGrown,
  LogTail,
  LogTaken,
  SharedEvents,
} from "../shared_store.ts";
import type { Argument, Reply } from "./connection.ts";
import { type RedisParts, type RedisStoreOptions, textOf } from "./parts.ts";
import { AFTER, APPEND, CARRY } from "./scripts.ts";

/** Longest frame that is sent as a text (bytes). */
const MAX_TEXT = 4_096;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The logs of streams, as lists. */
export class RedisEvents implements SharedEvents {
  readonly #options: RedisStoreOptions;
  readonly #parts: RedisParts & { readonly channels: string };
  /** The arguments that all appends have in common. */
  readonly #bounds: readonly string[];

  /** @param parts with what begins the channels of instances */
  constructor(options: RedisStoreOptions, parts: RedisParts & { readonly channels: string }) {
    this.#options = options;
    this.#parts = parts;
    const { maxEvents, maxStreamBytes, maxAgeMs } = options;
    this.#bounds = [...[maxEvents, maxStreamBytes, maxAgeMs].map(String), parts.channels];
  }

  async append(stream: string, seq: number, entries: readonly LogEntry[]): Promise<Appended> {
    const message: LogGrown = { kind: "grown", stream };
    const args: Argument[] = [String(seq), ...this.#bounds, JSON.stringify(message)];
    for (const { frame, isEnd } of entries) args.push(isEnd ? "1" : "0", argumentOf(frame));
    return await this.#parts.run(APPEND, this.#keysOf(stream), args) === 1 ? "kept" : "refused";
  }

  async after(stream: string, seq: number): Promise<LogTail | undefined> {
    const [log = ""] = this.#keysOf(stream);
    return tailOf(await this.#parts.run(AFTER, [log], [String(seq)]));
  }

  async carry(stream: string, seq: number, takes: boolean): Promise<CarriedLog> {
    const { me, channels, run } = this.#parts;
    const message: LogTaken = { kind: "taken", stream };
    const reply = await run(CARRY, this.#keysOf(stream), [
      String(seq),
      me,
      String(this.#options.maxAgeMs),
      takes ? "1" : "0",
      channels,
      JSON.stringify(message),
    ]);
    const [carrier, tail] = reply as readonly Reply[];
    return { carrier: textOf(carrier), tail: tailOf(tail) };
  }

  async forget(stream: string): Promise<void> {
    await this.#parts.send(["DEL", ...this.#keysOf(stream)]);
  }

  #keysOf(stream: string): string[] {
    const { prefix } = this.#options;
    const slash = stream.indexOf("/");
    const session = slash < 0 ? stream : stream.slice(0, slash);
    const key = `${prefix}{${session}}:${slash < 0 ? "" : stream.slice(slash + 1)}`;
    return [`${key}:e`, `${key}:c`];
  }
}

/** A small frame as a text: a command without bytes is written in one piece. */
function argumentOf(frame: Uint8Array): Argument {
  if (frame.byteLength > MAX_TEXT) return frame;
  try {
    return DECODER.decode(frame);
  } catch {
    return frame;
  }
}

function tailOf(reply: Reply | undefined): LogTail | undefined {
  const [last, isEnded, isGone, entries] = Array.isArray(reply) ? reply as readonly Reply[] : [];
  if (typeof last !== "number") return undefined;
  const all = (Array.isArray(entries) ? entries : []) as readonly Reply[];
  // An end without an event is an empty entry.
  const frames = all.filter((entry) => entry instanceof Uint8Array && entry.byteLength > 0);
  return {
    frames: isGone === 1 ? undefined : frames as readonly Uint8Array[],
    last,
    isEnded: isEnded === 1,
  };
}

import type {
  Appended,
  CarriedLog,
  LogEntry,
  LogGrown,
  LogTail,
  LogTaken,
  SharedEvents,
} from "../shared_store.ts";
import type { Blobs } from "./blobs.ts";
import type { KvInbox } from "./inbox.ts";
import { committed, type KvCommit, type KvEntry, type KvKey, type KvStoreOptions } from "./kv.ts";

/** The bounds of a log. */
interface Head {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly isEnded: boolean;
  /** When its events are too old (ms since the epoch), because Deno KV drops values late. */
  readonly until: number;
}

/** A kept entry, with its bytes or their place. */
interface Kept {
  readonly frame: unknown;
  readonly size: number;
  readonly isEnd: boolean;
}

/** Entries of one commit. */
const ENTRIES_PER_COMMIT = 20;

/** The logs of streams: a head, and a value for each entry. */
export class KvEvents implements SharedEvents {
  readonly #options: KvStoreOptions;
  readonly #me: string;
  readonly #blobs: Blobs;
  readonly #inbox: KvInbox;

  constructor(options: KvStoreOptions, me: string, blobs: Blobs, inbox: KvInbox) {
    this.#options = options;
    this.#me = me;
    this.#blobs = blobs;
    this.#inbox = inbox;
  }

  async append(stream: string, seq: number, entries: readonly LogEntry[]): Promise<Appended> {
    for (let from = 0; from < entries.length; from += ENTRIES_PER_COMMIT) {
      const some = entries.slice(from, from + ENTRIES_PER_COMMIT);
      if (await this.#appendSome(stream, seq + from, some) === "refused") return "refused";
    }
    return "kept";
  }

  async after(stream: string, seq: number): Promise<LogTail | undefined> {
    const head = this.#headOf(await this.#options.kv.get(this.#headKey(stream)));
    return head && await this.#tail(stream, head, seq);
  }

  async carry(stream: string, seq: number, takes: boolean): Promise<CarriedLog> {
    const { kv, maxAgeMs } = this.#options;
    const key = this.#carrierKey(stream);
    const carrier = await committed(async () => {
      const before = await kv.get(key);
      if (before.value === this.#me) return { result: this.#me };
      const commit = kv.atomic().check({ key, versionstamp: before.versionstamp });
      if (typeof before.value === "string") {
        if (!takes) return { result: before.value };
        const message: LogTaken = { kind: "taken", stream };
        await this.#inbox.post(commit, before.value, message);
      }
      return { commit: commit.set(key, this.#me, { expireIn: maxAgeMs }), result: this.#me };
    });
    return { carrier, tail: carrier === this.#me ? await this.after(stream, seq) : undefined };
  }

  async forget(stream: string): Promise<void> {
    const { kv } = this.#options;
    const entries: KvEntry[] = [];
    for await (const entry of kv.list({ prefix: this.#headKey(stream) })) entries.push(entry);
    for (const { value } of entries) await this.#blobs.drop((value as Kept | undefined)?.frame);
    for (let from = 0; from < entries.length; from += 500) {
      await committed(() => {
        const commit = kv.atomic();
        for (const { key } of entries.slice(from, from + 500)) commit.delete(key as KvKey);
        return Promise.resolve({ commit, result: undefined });
      });
    }
    await committed(() => {
      const commit = kv.atomic().delete(this.#headKey(stream)).delete(this.#carrierKey(stream));
      return Promise.resolve({ commit, result: undefined });
    });
  }

  async #appendSome(stream: string, seq: number, entries: readonly LogEntry[]): Promise<Appended> {
    const { kv, maxAgeMs } = this.#options;
    const blobs = await Promise.all(entries.map(({ frame }) => this.#blobs.write(frame, maxAgeMs)));
    const message: LogGrown = { kind: "grown", stream };
    const appended = await committed(async () => {
      const headKey = this.#headKey(stream);
      const [headEntry, carrier] = await kv.getMany([headKey, this.#carrierKey(stream)]);
      const before = headEntry && this.#headOf(headEntry);
      let head = before;
      const commit = kv.atomic().check({
        key: headKey,
        versionstamp: headEntry?.versionstamp ?? null,
      });
      for (const [index, { frame, isEnd }] of entries.entries()) {
        const number = seq + index;
        if (before !== undefined && number <= before.last) {
          if (!await this.#isSame(stream, before, number, entries[index])) return refused();
          continue;
        }
        if (head?.isEnded) return refused();
        const kept: Kept = { frame: blobs[index], size: frame.byteLength, isEnd };
        commit.set(this.#entryKey(stream, number), kept, { expireIn: maxAgeMs });
        head = grown(head, number, kept, this.#now() + maxAgeMs);
      }
      if (head === undefined) return { result: "kept" as const };
      head = await this.#trimmed(stream, head, before, commit);
      commit.set(headKey, head, { expireIn: maxAgeMs });
      if (typeof carrier?.value === "string") {
        await this.#inbox.post(commit, carrier.value, message);
      }
      return { commit, result: "kept" as const };
    });
    if (appended === "refused") await Promise.all(blobs.map((blob) => this.#blobs.drop(blob)));
    return appended;
  }

  /** Drops the oldest entries of a log that is over its bounds; the newest one always stays. */
  async #trimmed(
    stream: string,
    head: Head,
    before: Head | undefined,
    commit: KvCommit,
  ): Promise<Head> {
    const { kv, maxEvents, maxStreamBytes } = this.#options;
    let { first, bytes } = head;
    const isOver = () =>
      first < head.last && (head.last - first >= maxEvents || bytes > maxStreamBytes);
    // Only entries of earlier commits can be dropped: those of this one are not there yet.
    if (!isOver() || before === undefined) return head;
    const range = {
      start: this.#entryKey(stream, first),
      end: this.#entryKey(stream, before.last + 1),
    };
    for await (const { key, value } of kv.list(range, { batchSize: 8 })) {
      if (!isOver()) break;
      commit.delete(key as KvKey);
      bytes -= (value as Kept).size;
      first++;
    }
    return { ...head, first, bytes };
  }

  async #isSame(
    stream: string,
    head: Head,
    number: number,
    entry: LogEntry | undefined,
  ): Promise<boolean> {
    if (number < head.first || entry === undefined) return true;
    const { value } = await this.#options.kv.get(this.#entryKey(stream, number));
    const kept = value as Kept | null;
    const frame = await this.#blobs.read(kept?.frame);
    return kept?.isEnd === entry.isEnd && frame?.byteLength === entry.frame.byteLength &&
      frame.every((byte, index) => byte === entry.frame[index]);
  }

  async #tail(stream: string, head: Head, seq: number): Promise<LogTail> {
    const { last, isEnded } = head;
    const gone: LogTail = { frames: undefined, last, isEnded };
    if (seq + 1 < head.first) return gone;
    const frames: Uint8Array[] = [];
    let expected = seq + 1;
    const range = {
      start: this.#entryKey(stream, expected),
      end: this.#entryKey(stream, last + 1),
    };
    if (seq >= last) return { ...gone, frames };
    for await (const { value } of this.#options.kv.list(range)) {
      const frame = await this.#blobs.read((value as Kept).frame);
      if (frame === undefined) return gone;
      // An end without an event is an empty entry.
      if (frame.byteLength > 0) frames.push(frame);
      expected++;
    }
    return expected === last + 1 ? { ...gone, frames } : gone;
  }

  #headOf({ value }: KvEntry): Head | undefined {
    const head = value as Head | null;
    return head !== null && head.until > this.#now() ? head : undefined;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #headKey(stream: string): KvKey {
    return [this.#options.prefix, "log", stream];
  }

  #entryKey(stream: string, number: number): KvKey {
    return [...this.#headKey(stream), number];
  }

  #carrierKey(stream: string): KvKey {
    return [this.#options.prefix, "carrier", stream];
  }
}

function refused(): { readonly result: Appended } {
  return { result: "refused" };
}

/** A log with one more entry. One that does not follow the last entry begins the log anew. */
function grown(head: Head | undefined, number: number, kept: Kept, until: number): Head {
  const isNext = head !== undefined && number === head.last + 1;
  return {
    first: isNext ? head.first : number,
    last: number,
    bytes: (isNext ? head.bytes : 0) + kept.size,
    isEnded: kept.isEnd,
    until,
  };
}

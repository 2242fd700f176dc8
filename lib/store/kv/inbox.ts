import { messageOf } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import { logFor } from "../../base/log.ts";
import type { Blobs } from "./blobs.ts";
import { committed, type KvCommit, type KvEntry, type KvKey, type KvStoreOptions } from "./kv.ts";

/** Time for which a message waits for its reader (ms). */
const MESSAGE_MS = 60_000;
const log = logFor("store");
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Called by an inbox. */
export interface InboxHost {
  receive(message: unknown): void;
  /** Called after each look into the inbox: whether the store answered. */
  answered(isUp: boolean): void;
}

/**
 * The messages for one instance. A sender writes a message and rings the bell of its reader in one
 * commit. The reader watches its bell, and looks into its inbox now and then, because a watch does
 * not notice what other processes write to a local database.
 */
export class KvInbox {
  readonly #options: KvStoreOptions;
  readonly #me: string;
  readonly #blobs: Blobs;
  readonly #host: InboxHost;
  #bell: ReadableStreamDefaultReader<readonly KvEntry[]> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking: Promise<void> | undefined;
  #hasNews = false;
  #isClosed = false;

  constructor(options: KvStoreOptions, me: string, blobs: Blobs, host: InboxHost) {
    this.#options = options;
    this.#me = me;
    this.#blobs = blobs;
    this.#host = host;
  }

  /** Begins to watch; the first look is done when it resolves. */
  async open(): Promise<void> {
    this.#bell = this.#options.kv.watch([this.#bellKey(this.#me)]).getReader();
    void this.#listen(this.#bell);
    this.#timer = setInterval(() => void this.#look(), this.#options.pollMs);
    await this.#look();
  }

  /** Stops watching, once the current look has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#bell?.cancel().catch(() => {});
    await this.#looking;
  }

  /** Adds a message for an instance to a commit. */
  async post(commit: KvCommit, instance: string, message: object): Promise<void> {
    const bytes = ENCODER.encode(JSON.stringify(message));
    const blob = await this.#blobs.write(bytes, MESSAGE_MS);
    const id = randomId("");
    commit.set([...this.#inboxKey(instance), id], blob, { expireIn: MESSAGE_MS })
      .set(this.#bellKey(instance), id, { expireIn: MESSAGE_MS });
  }

  async #listen(bell: ReadableStreamDefaultReader<readonly KvEntry[]>): Promise<void> {
    try {
      while (!(await bell.read()).done) await this.#look();
    } catch (error) {
      if (!this.#isClosed) log.warning("Watching the inbox failed", { error: messageOf(error) });
    }
  }

  /** Delivers all messages. A look that is asked for during another one follows it. */
  #look(): Promise<void> {
    this.#hasNews = true;
    this.#looking ??= this.#lookWhileNews().finally(() => this.#looking = undefined);
    return this.#looking;
  }

  async #lookWhileNews(): Promise<void> {
    while (this.#hasNews && !this.#isClosed) {
      this.#hasNews = false;
      try {
        await this.#deliver();
        this.#host.answered(true);
      } catch (error) {
        if (this.#isClosed) return;
        log.warning("The inbox cannot be read", { error: messageOf(error) });
        return this.#host.answered(false);
      }
    }
  }

  async #deliver(): Promise<void> {
    const { kv } = this.#options;
    const entries: KvEntry[] = [];
    for await (const entry of kv.list({ prefix: this.#inboxKey(this.#me) })) entries.push(entry);
    // Versions grow with each commit, so they give the order of sending.
    entries.sort((a, b) => String(a.versionstamp) < String(b.versionstamp) ? -1 : 1);
    for (const { key, value } of entries) {
      const bytes = await this.#blobs.read(value);
      await committed(() =>
        Promise.resolve({ commit: kv.atomic().delete(key as KvKey), result: undefined })
      );
      await this.#blobs.drop(value);
      if (bytes !== undefined) this.#receive(DECODER.decode(bytes));
    }
  }

  #receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      // Anybody who can write to the database can write anything. Text that is not JSON is ignored.
      return;
    }
    this.#host.receive(message);
  }

  #inboxKey(instance: string): KvKey {
    return [this.#options.prefix, "inbox", instance];
  }

  #bellKey(instance: string): KvKey {
    return [this.#options.prefix, "bell", instance];
  }
}

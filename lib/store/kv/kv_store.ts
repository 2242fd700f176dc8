/**
 * A store in Deno KV that instances share, as Deno Deploy offers it. In a local file it serves
 * several processes too, more slowly than Redis does.
 *
 * @module
 */
import { randomId } from "../../base/ids.ts";
import {
  type Bus,
  type BusMessage,
  INSTANCE_DIGITS,
  type SharedEvents,
  type SharedStore,
} from "../shared_store.ts";
import { Blobs } from "./blobs.ts";
import { KvDirectory } from "./directory.ts";
import { KvEvents } from "./events.ts";
import { type InboxHost, KvInbox } from "./inbox.ts";
import { committed, type KvCommit, type KvStoreOptions } from "./kv.ts";

/** A store in Deno KV, as one instance sees it. */
export class KvStore implements SharedStore, Bus, InboxHost {
  readonly me: string = randomId("").slice(0, INSTANCE_DIGITS);
  readonly leaseMs: number;
  readonly events: SharedEvents;
  readonly directory: KvDirectory;
  onUp: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};
  readonly #options: KvStoreOptions;
  readonly #inbox: KvInbox;
  #isUp = false;

  constructor(options: KvStoreOptions) {
    this.#options = options;
    this.leaseMs = options.leaseMs;
    const blobs = new Blobs(options.kv, options.prefix);
    this.#inbox = new KvInbox(options, this.me, blobs, this);
    this.events = new KvEvents(options, this.me, blobs, this.#inbox);
    this.directory = new KvDirectory(options, this.me, blobs);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get bus(): Bus {
    return this;
  }

  /** Deno KV has no clock: its instances share a machine, or a platform that keeps clocks equal. */
  now(): number {
    return Date.now();
  }

  async start(): Promise<void> {
    // A member from now on, so that messages to all reach it.
    await this.directory.renew().catch(() => {});
    await this.#inbox.open();
  }

  async close(): Promise<void> {
    await this.#inbox.close();
    this.#options.kv.close();
  }

  send(instance: string, message: BusMessage): Promise<void> {
    return this.#commit((commit) => this.#inbox.post(commit, instance, message));
  }

  async broadcast(message: BusMessage): Promise<void> {
    const instances = new Set([...await this.directory.members(), this.me]);
    await Promise.all([...instances].map((instance) => this.send(instance, message)));
  }

  /** Called by the inbox. */
  receive(message: unknown): void {
    this.onMessage(message);
  }

  /** Called by the inbox after each look. */
  answered(isUp: boolean): void {
    const wasUp = this.#isUp;
    this.#isUp = isUp;
    if (isUp && !wasUp) this.onUp();
  }

  async #commit(fill: (commit: KvCommit) => Promise<void>): Promise<void> {
    await committed(async () => {
      const commit = this.#options.kv.atomic();
      await fill(commit);
      return { commit, result: undefined };
    });
  }
}

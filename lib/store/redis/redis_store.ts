/**
 * A store in Redis or Valkey that instances anywhere share.
 *
 * All keys of a session have its name in braces, so that they are on one node of a cluster and a
 * script may use them together.
 *
 * @module
 */
import { randomId } from "../../base/ids.ts";
import { nodeCrypto } from "../../base/node.ts";
import {
  type Bus,
  type BusMessage,
  type Directory,
  INSTANCE_DIGITS,
  type SharedEvents,
  type SharedStore,
} from "../shared_store.ts";
import { type Argument, RedisConnection, type Reply } from "./connection.ts";
import { RedisDirectory } from "./directory.ts";
import { RedisEvents } from "./events.ts";
import { type RedisStoreOptions, type RunScript, textOf } from "./parts.ts";
import { AFTER, APPEND, CARRY, CLAIM, RELEASE, TAKE } from "./scripts.ts";

/** Larger messages go under a key of their own, as Redis cuts a subscriber off that is behind (bytes). */
const MAX_MESSAGE = 262_144;
/** Time for which such a key is there (s). */
const LARGE_MESSAGE_S = 30;
/** Prefix of a message that names a key. */
const REFERENCE = "@";
const DECODER = new TextDecoder();

/** A store in Redis, as one instance sees it. */
export class RedisStore implements SharedStore, Bus {
  readonly me: string = randomId("").slice(0, INSTANCE_DIGITS);
  readonly leaseMs: number;
  readonly events: SharedEvents;
  readonly directory: Directory;
  onUp: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};
  readonly #prefix: string;
  readonly #connection: RedisConnection;
  /** From the clock of this process to that of Redis (ms). */
  #clockOffset = performance.timeOrigin;
  readonly #digests = new Map<string, string>();

  constructor(options: RedisStoreOptions) {
    const { prefix, leaseMs } = options;
    this.leaseMs = leaseMs;
    this.#prefix = prefix;
    for (const script of [APPEND, AFTER, CARRY, TAKE, CLAIM, RELEASE]) {
      this.#digests.set(script, nodeCrypto().createHash("sha1").update(script).digest("hex"));
    }
    const channels = [this.#channelOf(this.me), this.#channelOf("all")];
    this.#connection = new RedisConnection({
      url: options.url,
      channels,
      onMessage: (text) => this.#receive(text),
      onUp: () => this.onUp(),
      prepare: async (send) => {
        for (const script of this.#digests.keys()) await send(["SCRIPT", "LOAD", script]);
        const [seconds] = await send(["TIME"]) as readonly Reply[];
        this.#clockOffset = Number(textOf(seconds)) * 1_000 - performance.now();
      },
    });
    const run: RunScript = (script, keys, args) => this.#run(script, keys, args);
    const send = (args: readonly Argument[]) => this.#connection.send(args);
    this.events = new RedisEvents(options, { me: this.me, run, send, channels: `${prefix}i:` });
    this.directory = new RedisDirectory(options, { me: this.me, run, send });
  }

  get isUp(): boolean {
    return this.#connection.isUp;
  }

  get bus(): Bus {
    return this;
  }

  now(): number {
    return performance.now() + this.#clockOffset;
  }

  start(): Promise<void> {
    return this.#connection.start();
  }

  /** Finds out whether the store still answers. */
  check(): Promise<void> {
    return this.#connection.check();
  }

  /** The bus carries nothing, although the store seems to be there. */
  reset(why: string): void {
    this.#connection.reset(why);
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  send(instance: string, message: BusMessage): Promise<void> {
    return this.#publish(this.#channelOf(instance), message);
  }

  broadcast(message: BusMessage): Promise<void> {
    return this.#publish(this.#channelOf("all"), message);
  }

  #channelOf(instance: string): string {
    return `${this.#prefix}i:${instance}`;
  }

  async #publish(channel: string, message: BusMessage): Promise<void> {
    let text = JSON.stringify(message);
    if (text.length > MAX_MESSAGE) {
      const key = `${this.#prefix}m:${randomId("")}`;
      await this.#connection.send(["SET", key, text, "EX", String(LARGE_MESSAGE_S)]);
      text = REFERENCE + key;
    }
    await this.#connection.send(["PUBLISH", channel, text]);
  }

  #receive(text: string): void {
    if (text.startsWith(REFERENCE)) return void this.#fetch(text.slice(REFERENCE.length));
    try {
      this.onMessage(JSON.parse(text));
    } catch {
      // Others may write to the channel too; anything that is not JSON is ignored.
    }
  }

  async #fetch(key: string): Promise<void> {
    if (!key.startsWith(`${this.#prefix}m:`)) return;
    const reply = await this.#connection.send(["GET", key]).catch(() => null);
    if (reply instanceof Uint8Array) this.#receive(DECODER.decode(reply));
  }

  async #run(
    script: string,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#connection.send(["EVALSHA", this.#digests.get(script) ?? "", ...rest]);
    } catch (error) {
      // Somebody has emptied the store's memory of scripts.
      if (!String(error).includes("NOSCRIPT")) throw error;
      return await this.#connection.send(["EVAL", script, ...rest]);
    }
  }
}

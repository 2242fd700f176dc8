/**
 * Two connections to Redis or Valkey, one for commands and one for messages, through `@redis/client`.
 * While the store is away every command is refused at once: nothing waits for a store that may not
 * come back.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { messageOf } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import { settlesWithin } from "../../base/promises.ts";
import { loadRedisClient } from "./client.ts";

/** Argument of a command. */
export type Argument = string | Uint8Array;
/** Reply of Redis, with texts as bytes. */
export type Reply = Uint8Array | number | null | readonly Reply[];

/** The part of a client of `@redis/client` that is used here. */
interface RedisClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "ready" | "error" | "reconnecting", listener: (error?: unknown) => void): unknown;
  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>;
  subscribe(channels: string[], listener: (message: string) => void): Promise<unknown>;
}

/** How to connect. */
export interface RedisConnectionOptions {
  /** `redis://…` or `rediss://…`, with user and password where there are any. */
  readonly url: string;
  readonly channels: readonly string[];
  readonly onMessage: (text: string) => void;
  /** Told once both connections are there, the first time and again. */
  readonly onUp: () => void;
  /** Run on the connection for commands before it counts as up, for example to load scripts. */
  readonly prepare: (send: (args: readonly Argument[]) => Promise<unknown>) => Promise<void>;
}

/** Time between two attempts to connect, and that one may take (ms). */
const RECONNECT_MS = 200;
const CONNECT_MS = 2_000;
/** Least time between two log lines about a store that cannot be reached (ms). */
const LOG_INTERVAL_MS = 10_000;
/** Time for an answer to a check; a connection without one is given up (ms). */
const CHECK_MS = 2_000;
const log = logFor("store");

/** The two connections of one instance. */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #commands: RedisClient | undefined;
  #messages: RedisClient | undefined;
  #isPrepared = false;
  #isSubscribed = false;
  #isUp = false;
  #isClosed = false;
  readonly #wasUp = Promise.withResolvers<void>();
  #loggedAt = -Infinity;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  /** Whether both connections are there. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Host and port, for messages. */
  get address(): string {
    const { hostname, port } = new URL(this.#options.url);
    return `${hostname}:${port || 6379}`;
  }

  /** Connects, and tries again until it is closed. Settles when connected, or after a first failure. */
  async start(): Promise<void> {
    void this.#openCommands();
    void this.#openMessages();
    await settlesWithin(CONNECT_MS, this.#wasUp.promise);
  }

  /**
   * Sends a command.
   *
   * @throws {Error} where the store is away, or the connection was lost before the answer came
   */
  send(args: readonly Argument[]): Promise<Reply> {
    if (!this.#isUp || this.#commands === undefined) {
      return Promise.reject(new Error(`The store at ${this.address} is away`));
    }
    return sendOn(this.#commands, args);
  }

  /** Finds out whether the store still answers; connects anew where it does not. */
  async check(): Promise<void> {
    const commands = this.#commands;
    if (!this.#isUp || commands === undefined) return;
    let isAnswered = false;
    const answer = sendOn(commands, ["PING"]).then(() => void (isAnswered = true));
    await settlesWithin(CHECK_MS, answer);
    if (isAnswered || this.#commands !== commands || this.#isClosed) return;
    this.#lost(new Error(`No answer within ${CHECK_MS} ms`));
    this.#replace();
  }

  /** Opens both connections anew, as one that seems to be there may be dead. */
  #replace(): void {
    this.#commands?.destroy();
    this.#messages?.destroy();
    this.#isPrepared = this.#isSubscribed = false;
    void this.#openCommands();
    void this.#openMessages();
  }

  /** The bus does not work although the connections seem to be there. */
  reset(why: string): void {
    if (this.#isClosed) return;
    this.#lost(new Error(why));
    this.#replace();
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#commands?.destroy();
    this.#messages?.destroy();
  }

  async #openCommands(): Promise<void> {
    const client = await this.#create();
    if (this.#isClosed) return;
    this.#commands = client;
    client.on("ready", () => void this.#prepare(client));
    await this.#connect(client);
  }

  async #openMessages(): Promise<void> {
    const client = await this.#create();
    if (this.#isClosed) return;
    this.#messages = client;
    client.on("ready", () => this.#checkUp());
    const { channels, onMessage } = this.#options;
    await this.#connect(client);
    if (client !== this.#messages) return;
    try {
      // From now on the client subscribes by itself before it says that it is ready again.
      await client.subscribe([...channels], onMessage);
      this.#isSubscribed = true;
      this.#checkUp();
    } catch (error) {
      if (client === this.#messages) this.reset(messageOf(error));
    }
  }

  async #connect(client: RedisClient): Promise<void> {
    try {
      await client.connect();
    } catch (error) {
      this.#lost(error);
    }
  }

  async #prepare(client: RedisClient): Promise<void> {
    try {
      await this.#options.prepare((args) => sendOn(client, args));
      if (client !== this.#commands) return;
      this.#isPrepared = true;
      this.#checkUp();
    } catch (error) {
      this.#lost(error);
    }
  }

  #checkUp(): void {
    const isUp = !this.#isClosed && this.#isPrepared && this.#isSubscribed &&
      this.#commands?.isReady === true && this.#messages?.isReady === true;
    if (!isUp || this.#isUp) return;
    this.#isUp = true;
    this.#wasUp.resolve();
    log.info("Store is there", { store: this.address });
    this.#options.onUp();
  }

  #lost(error: unknown, client: RedisClient | undefined = this.#commands): void {
    this.#isUp = false;
    if (client === this.#commands) this.#isPrepared = false;
    if (this.#isClosed || performance.now() - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = performance.now();
    log.error("Store cannot be reached (MCP_STORE)", {
      store: this.address,
      error: messageOf(error),
    });
  }

  async #create(): Promise<RedisClient> {
    const { createClient, RESP_TYPES } = await loadRedisClient();
    const isTls = this.#options.url.startsWith("rediss:");
    const socket = { connectTimeout: CONNECT_MS, reconnectStrategy: RECONNECT_MS };
    const client: RedisClient = createClient({
      url: this.#options.url,
      RESP: 2,
      // Else the client reads a variable of the environment, and never connects where it may not.
      maintNotifications: "disabled",
      disableClientInfo: true,
      disableOfflineQueue: true,
      socket: isTls ? { ...socket, tls: true } : socket,
      // The client would make a signal and a timer for each command; check() notices a dead store.
      commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    });
    // Without a listener an error would end the process.
    const onLost = (error: unknown) => {
      if (client === this.#commands || client === this.#messages) this.#lost(error, client);
    };
    client.on("error", onLost);
    client.on("reconnecting", () => onLost(new Error("Connection lost")));
    return client;
  }
}

function sendOn(client: RedisClient, args: readonly Argument[]): Promise<Reply> {
  return client.sendCommand(
    args.map((arg) =>
      typeof arg === "string" ? arg : Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength)
    ),
  ) as Promise<Reply>;
}

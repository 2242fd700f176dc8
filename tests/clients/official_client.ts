/**
 * One interface for all official clients, for the tests.
 *
 * @module
 */

import { abortable } from "../../lib/gateway/abortable_fetch.ts";

/** The outcome of a tool call. */
export interface Outcome {
  readonly text: string;
  readonly isError: boolean;
  readonly structured: unknown;
}

/** Options of a call. */
export interface CallOptions {
  readonly onProgress?: (progress: number, message: string | undefined) => void;
  readonly signal?: AbortSignal;
  /** Told of each event id that the client could resume from. */
  readonly onEventId?: (id: string) => void;
}

/** A connected client. */
export interface OfficialClient extends AsyncDisposable {
  /** The server's name and instructions, as the client has read them. */
  readonly about: { readonly name: string | undefined; readonly instructions: string | undefined };
  /** The revision that client and server agreed on. */
  readonly version: string | undefined;
  /** Errors of the client's transport or protocol. */
  readonly errors: readonly Error[];
  /** URIs of `notifications/resources/updated`. */
  readonly updates: Inbox<string>;
  /** `tools`, `resources` or `prompts`, once for each notification that this list has changed. */
  readonly listChanges: Inbox<string>;
  /** Data of `notifications/message`. */
  readonly logged: Inbox<unknown>;
  /** Sends a request as it is, and gives its whole result. */
  request(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  listTools(): Promise<readonly string[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Outcome>;
  readResource(uri: string): Promise<string>;
  listResources(): Promise<readonly string[]>;
  getPrompt(name: string, args: Record<string, string>): Promise<string>;
  complete(uriTemplate: string, name: string, typed: string): Promise<readonly string[]>;
  /** Has the client hear of changes to a resource and to the list of tools. */
  subscribe(uri: string): Promise<void>;
}

/** The address that a client connects to. */
export type Target =
  | { readonly url: URL; readonly fetch?: typeof fetch }
  | { readonly command: string; readonly args: string[]; readonly cwd: string };

/** The notifications that a client received. */
export class Received {
  readonly errors: Error[] = [];
  readonly updates: Inbox<string> = new Inbox();
  readonly listChanges: Inbox<string> = new Inbox();
  readonly logged: Inbox<unknown> = new Inbox();
}

/** The answers of the client's user, model and workspace. */
export const ANSWERS = {
  elicit: (message: string) => {
    if (["Sign in", "Open it"].includes(message)) return { action: "accept" as const };
    if (message.startsWith("Please provide inputs")) {
      return { action: "accept" as const, content: { name: "Ada", check: true } };
    }
    const content = message === "Who are you?" ? { name: "Ada", age: 36 } : { sure: true };
    return { action: "accept" as const, content };
  },
  sample: (about: string) => ({
    role: "assistant" as const,
    model: "a-model",
    content: { type: "text" as const, text: `so much for ${about}` },
  }),
  roots: { roots: [{ uri: "file:///work" }, { uri: "file:///home" }] },
};

/** The part of a tool's result that the tests look at; the SDKs' types of it differ. */
export function toOutcome(result: Record<string, unknown>): Outcome {
  const [block] = result.content as { readonly text?: string }[];
  return {
    text: block?.text ?? "",
    isError: result.isError === true,
    structured: result.structuredContent,
  };
}

/** Things that come when they come, taken one by one. */
export class Inbox<T> {
  readonly #items: T[] = [];
  #waiting: PromiseWithResolvers<void> | undefined;

  put(item: T): void {
    this.#items.push(item);
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  async take(): Promise<T> {
    while (this.#items.length === 0) {
      this.#waiting ??= Promise.withResolvers<void>();
      await this.#waiting.promise;
    }
    return this.#items.shift() as T;
  }

  /** How many wait to be taken. */
  get size(): number {
    return this.#items.length;
  }
}

/** A `fetch` that tells when the server has answered the first GET: from then on it tells changes. */
export class FirstGet {
  readonly fetch: typeof globalThis.fetch;
  readonly #opened = Promise.withResolvers<void>();

  constructor(fetch: typeof globalThis.fetch = globalThis.fetch) {
    const send = abortable(fetch);
    this.fetch = async (input, init) => {
      const response = await send(input, init);
      if (init?.method === "GET") this.#opened.resolve();
      return response;
    };
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }
}

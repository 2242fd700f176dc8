/**
 * A client of the revisions that begin with `initialize`, over the HTTP transport of its revision.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { initializeRequest, type TestApp } from "../../helpers/app.ts";
import { EventReader } from "../../helpers/sse.ts";
import type { Peer } from "../../../lib/transport/peer.ts";
import { Inbox, type Message } from "./inbox.ts";

/** The revisions that begin with `initialize`. */
export const LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
/** Those of them that use Streamable HTTP. */
export const STREAMABLE = ["2025-03-26", "2025-06-18", "2025-11-25"] as const;
export type LegacyVersion = (typeof LEGACY)[number];

export const BOTH_TYPES = "application/json, text/event-stream";

/** How a client introduces itself and answers the server's requests. */
export interface LegacyClientOptions {
  readonly version?: LegacyVersion;
  readonly capabilities?: Record<string, unknown>;
  readonly path?: string;
  /** The sender's address. */
  readonly peer?: Peer;
  /** Answers a request of the server with the members of a response; never, when undefined. */
  readonly answer?: (request: Message) => Record<string, unknown> | undefined;
}

/** The interface of a test to a client of any transport. */
export interface LegacyClient extends AsyncDisposable {
  readonly version: LegacyVersion;
  readonly inbox: Inbox;
  /** The result of `initialize`. */
  readonly welcome: Message;
  /** POSTs any body as this client would. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Reads the messages of a response: one message, or a stream of them. */
  take(response: Response): Promise<void>;
  /** Sends a request and waits for its response. */
  request(method: string, params?: Record<string, unknown>, id?: string | number): Promise<Message>;
  /** Sends a notification. */
  notify(method: string, params?: Record<string, unknown>): Promise<void>;
  /** Opens the stream for messages that the server sends by itself. */
  listen(): Promise<void>;
}

/** Connects and initializes a client of a revision. */
export async function connect(
  app: TestApp,
  options: LegacyClientOptions = {},
): Promise<LegacyClient> {
  const version = options.version ?? "2025-11-25";
  const client = version === "2024-11-05"
    ? new HttpSseClient(app, version, options)
    : new StreamableClient(app, version, options);
  await client.start();
  return client;
}

abstract class AnyClient implements LegacyClient {
  readonly inbox = new Inbox();
  readonly version: LegacyVersion;
  welcome: Message;
  protected readonly app: TestApp;
  protected readonly options: LegacyClientOptions;
  readonly #readers: EventReader[] = [];
  readonly #pumps: Promise<void>[] = [];
  #lastId = 0;

  constructor(app: TestApp, version: LegacyVersion, options: LegacyClientOptions) {
    this.app = app;
    this.version = version;
    this.options = options;
  }

  abstract start(): Promise<void>;
  abstract listen(): Promise<void>;
  abstract post(body: unknown, headers?: Record<string, string>): Promise<Response>;

  async request(
    method: string,
    params?: Record<string, unknown>,
    id: string | number = ++this.#lastId,
  ): Promise<Message> {
    const response = await this.post({ jsonrpc: "2.0", id, method, ...(params && { params }) });
    await this.take(response);
    return await this.inbox.response(id);
  }

  async notify(method: string, params?: Record<string, unknown>): Promise<void> {
    const response = await this.post({ jsonrpc: "2.0", method, ...(params && { params }) });
    assertEquals(response.status, 202);
    await response.body?.cancel();
  }

  async take(response: Response): Promise<void> {
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("text/event-stream")) return this.read(new EventReader(response));
    const text = await response.text();
    if (text !== "" && type.startsWith("application/json")) {
      for (const message of [JSON.parse(text)].flat()) this.receive(message);
    }
  }

  /** Reads a stream to its end, beside all else. */
  protected read(reader: EventReader): void {
    this.#readers.push(reader);
    this.#pumps.push(this.#pump(reader));
  }

  async #pump(reader: EventReader): Promise<void> {
    for await (const event of events(reader)) {
      for (const message of event.json === undefined ? [] : [event.json].flat()) {
        this.receive(message);
      }
    }
  }

  protected receive(message: Message): void {
    this.inbox.put(message);
    if (!("method" in message && "id" in message)) return;
    const answer = this.options.answer?.(message);
    if (answer === undefined) return;
    const sent = this.post({ jsonrpc: "2.0", id: message.id, ...answer });
    this.#pumps.push(sent.then((response) => void response.body?.cancel()));
  }

  protected async greet(): Promise<void> {
    await this.notify("notifications/initialized");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.leave()));
    await Promise.all(this.#pumps);
  }
}

class HttpSseClient extends AnyClient {
  #endpoint = "";

  async start(): Promise<void> {
    const { path = "/mcp", capabilities } = this.options;
    const reader = await openHttpSse(this.app, path);
    this.#endpoint = await endpointOf(reader);
    this.read(reader);
    const sent = await this.post(initializeRequest(this.version, { capabilities }));
    await sent.body?.cancel();
    this.welcome = (await this.inbox.response("initialize")).result;
    await this.greet();
  }

  post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.app.post(this.#endpoint, body, headers);
  }

  /** The stream is there from the start. */
  listen(): Promise<void> {
    return Promise.resolve();
  }
}

/** A client of Streamable HTTP, which shows its session id to the test. */
export class StreamableClient extends AnyClient {
  session = "";

  get path(): string {
    return this.options.path ?? "/mcp";
  }

  async start(): Promise<void> {
    const { capabilities } = this.options;
    const response = await this.post(initializeRequest(this.version, { capabilities }));
    assertEquals(response.status, 200);
    this.session = response.headers.get("mcp-session-id") ?? "";
    await this.take(response);
    this.welcome = (await this.inbox.response("initialize")).result;
    await this.greet();
  }

  get headers(): Record<string, string> {
    const named = this.version !== "2025-03-26" && this.session !== "";
    return {
      ...(this.session !== "" && { "mcp-session-id": this.session }),
      ...(named && { "mcp-protocol-version": this.version }),
    };
  }

  post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.app.request(this.path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: BOTH_TYPES,
        ...this.headers,
        ...headers,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }, this.options.peer);
  }

  get(headers: Record<string, string> = {}): Promise<Response> {
    return this.app.request(this.path, {
      headers: { accept: "text/event-stream", ...this.headers, ...headers },
    });
  }

  delete(): Promise<Response> {
    return this.app.request(this.path, { method: "DELETE", headers: this.headers });
  }

  async listen(): Promise<void> {
    const response = await this.get();
    assertEquals(response.status, 200);
    this.read(new EventReader(response));
  }
}

/** Connects a client of Streamable HTTP. */
export async function connectStreamable(
  app: TestApp,
  options: LegacyClientOptions = {},
): Promise<StreamableClient> {
  const client = new StreamableClient(app, options.version ?? "2025-11-25", options);
  await client.start();
  return client;
}

/** Opens the stream of an HTTP+SSE client. */
export async function openHttpSse(app: TestApp, path = "/mcp"): Promise<EventReader> {
  const response = await app.request(path, { headers: { accept: "text/event-stream" } });
  assertEquals(response.status, 200);
  return new EventReader(response);
}

/**
 * Path and query of the endpoint that the first event announces, relative to the stream's URL.
 *
 * @param path of the stream
 */
export async function endpointOf(reader: EventReader, path = "/mcp"): Promise<string> {
  const { event, data } = await reader.next() ?? {};
  assertEquals(event, "endpoint");
  const { pathname, search } = new URL(data ?? "", `http://localhost${path}`);
  return pathname + search;
}

async function* events(reader: EventReader) {
  for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
    yield event;
  }
}

/**
 * Clients of each dialect under one interface, for tests that let two of them collide.
 *
 * @module
 */
import { assertEquals, assertExists } from "@std/assert";
import { initializeRequest, type TestApp } from "../helpers/app.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
export type Message = any;

/** One client: it sends messages, and records everything that reaches it. */
export abstract class Lane implements AsyncDisposable {
  readonly received: Message[] = [];
  readonly #readers: EventReader[] = [];
  readonly #reading: Promise<void>[] = [];
  #arrival = Promise.withResolvers<void>();

  abstract send(message: Message): Promise<void>;

  /** The first message that fits, now or when it arrives. */
  async waitFor(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const message = this.received.find(fits);
      if (message !== undefined) return message;
      await this.#arrival.promise;
    }
  }

  /** Resolves when so many messages have arrived. */
  async waitForCount(count: number): Promise<void> {
    while (this.received.length < count) await this.#arrival.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#readers) await reader.leave();
    await Promise.all(this.#reading);
  }

  protected take(message: Message): void {
    this.received.push(message);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers<void>();
  }

  /** Records the messages of a response as they arrive. */
  protected async follow(response: Response): Promise<void> {
    if (response.headers.get("content-type") === "text/event-stream") {
      return this.read(new EventReader(response));
    }
    const text = await response.text();
    if (text !== "") this.take(JSON.parse(text));
  }

  protected read(reader: EventReader): void {
    this.#readers.push(reader);
    this.#reading.push((async () => {
      for (let event = await reader.next(); event; event = await reader.next()) {
        if (event.json?.jsonrpc === "2.0" && event.event !== "welcome") this.take(event.json);
      }
    })());
  }
}

const CAPABILITIES = { elicitation: {} };
const INITIALIZE = initializeRequest("2025-11-25", { capabilities: CAPABILITIES });

class StreamableLane extends Lane {
  readonly #session: TestSession;

  constructor(session: TestSession) {
    super();
    this.#session = session;
  }

  async send(message: Message): Promise<void> {
    await this.follow(await this.#session.post(message));
  }
}

/** A stream on which everything comes, and POSTs that name it. */
class StreamLane extends Lane {
  readonly #post: (message: Message) => Promise<Response>;

  constructor(reader: EventReader, post: (message: Message) => Promise<Response>) {
    super();
    this.#post = post;
    this.read(reader);
  }

  async send(message: Message): Promise<void> {
    const response = await this.#post(message);
    assertEquals(response.status, 202, await response.text());
  }
}

class StatelessLane extends Lane {
  readonly #app: TestApp;

  constructor(app: TestApp) {
    super();
    this.#app = app;
  }

  async send(message: Message): Promise<void> {
    await this.follow(await this.#app.post("/mcp", message, { accept: BOTH }));
  }
}

class ModernLane extends Lane {
  readonly #app: TestApp;

  constructor(app: TestApp) {
    super();
    this.#app = app;
  }

  async send(message: Message): Promise<void> {
    const version = "2026-07-28";
    const _meta = {
      ...message.params._meta,
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const headers = {
      accept: BOTH,
      "mcp-protocol-version": version,
      "mcp-method": message.method,
      "mcp-name": message.params.name,
    };
    const body = { ...message, params: { ...message.params, _meta } };
    await this.follow(await this.#app.post("/mcp", body, headers));
  }
}

async function openHttpSse(app: TestApp): Promise<Lane> {
  const reader = new EventReader(
    await app.request("/mcp", { headers: { accept: "text/event-stream" } }),
  );
  const endpoint = `/mcp${(await reader.nextNamed("endpoint")).data}`;
  const lane = new StreamLane(reader, (message) => app.post(endpoint, message));
  await lane.send(INITIALIZE);
  return lane;
}

async function openPlain(app: TestApp): Promise<Lane> {
  const response = await app.request("/mcp/sse", {
    method: "POST",
    headers: { accept: "text/event-stream" },
  });
  const id = response.headers.get("mcp-connection-id");
  assertExists(id);
  const headers = { "mcp-connection-id": id };
  const lane = new StreamLane(
    new EventReader(response),
    (message) => app.post("/mcp/sse", message, headers),
  );
  await lane.send(INITIALIZE);
  return lane;
}

/** A dialect in which two clients may collide. */
export interface LaneKind {
  readonly name: string;
  /** Whether the server can ask this client, and the client can cancel. */
  readonly hasSession: boolean;
  /** Answers to `initialize` among what it receives. */
  readonly handshakes: number;
  open(app: TestApp): Promise<Lane>;
}

export const LANE_KINDS: readonly LaneKind[] = [
  {
    name: "Streamable HTTP sessions",
    hasSession: true,
    handshakes: 0,
    open: async (app) =>
      new StreamableLane(await TestSession.open(app, { capabilities: CAPABILITIES })),
  },
  { name: "HTTP+SSE streams", hasSession: true, handshakes: 1, open: openHttpSse },
  { name: "plain streams", hasSession: true, handshakes: 1, open: openPlain },
  {
    name: "clients without a session",
    hasSession: false,
    handshakes: 0,
    open: (app) => Promise.resolve(new StatelessLane(app)),
  },
  {
    name: "clients of 2026-07-28",
    hasSession: false,
    handshakes: 0,
    open: (app) => Promise.resolve(new ModernLane(app)),
  },
];

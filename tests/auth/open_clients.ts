/**
 * A caller with open streams and sessions in every dialect, and every request that others may try
 * on them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { defineTool } from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, toolCall } from "../helpers/app.ts";
import { BOTH } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { mirrorHeaders, modernBody } from "../spec/support/modern.ts";

export type Headers = Record<string, string>;
/** A request with the credential that is to be tried. */
export type Attempt = (credential: Headers) => Promise<Response>;

const EVENT_STREAM = { accept: "text/event-stream" };
const FORM = { type: "object" as const, properties: { text: { type: "string" as const } } };

/** A tool that asks its client for a text, and tells it. */
export const ASK = defineTool({
  name: "ask",
  description: "Asks for a text",
  run: async (_input, { elicit }) => {
    const { action, content } = await elicit({ message: "?", requestedSchema: FORM });
    return `${action} ${content?.text}`;
  },
});

/** The answer to the question with that id. */
export function answerTo(id: unknown, text: string) {
  return { jsonrpc: "2.0", id, result: { action: "accept", content: { text } } };
}

/** A call of 2026-07-28. */
export function modernCall(app: TestApp, name: string, more: Record<string, unknown>): Attempt {
  const capabilities = { elicitation: { form: {} } };
  const body = modernBody("tools/call", { name, arguments: {}, ...more }, { capabilities });
  return (credential) =>
    app.post("/mcp", body, { accept: BOTH, ...mirrorHeaders(body), ...credential });
}

/** A stream, and a question that its client was asked on it. */
interface Asked {
  readonly events: EventReader;
  readonly question: unknown;
  /** Sends a message like the client of the stream. */
  readonly send: (message: unknown) => Attempt;
}

async function nextMessage(
  events: EventReader,
  isWanted: (message: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  for (let event = await events.next(); event !== undefined; event = await events.next()) {
    if (event.json !== undefined && isWanted(event.json)) return event.json;
  }
  throw new Error(`The stream ended: ${events.text}`);
}

const isQuestion = ({ method }: Record<string, unknown>) => method === "elicitation/create";
const INITIALIZE = (protocolVersion: string) =>
  initializeRequest(protocolVersion, { capabilities: { elicitation: {} } });

/** The open streams and sessions of a caller. */
export class OpenClients implements AsyncDisposable {
  readonly session: Headers;
  readonly batchSession: Headers;
  readonly #app: TestApp;
  /** By dialect. */
  readonly asked: Readonly<Record<"plain" | "http_sse" | "streamable", Asked>>;
  /** An event id of the session's stream. */
  readonly eventId: string;
  readonly #stream: EventReader;

  private constructor(parts: {
    app: TestApp;
    session: Headers;
    batchSession: Headers;
    asked: OpenClients["asked"];
    eventId: string;
    stream: EventReader;
  }) {
    this.#app = parts.app;
    this.session = parts.session;
    this.batchSession = parts.batchSession;
    this.asked = parts.asked;
    this.eventId = parts.eventId;
    this.#stream = parts.stream;
  }

  /** Opens a stream, a session or a connection in each dialect, each with a question that waits. */
  static async open(app: TestApp, credential: Headers): Promise<OpenClients> {
    const session = await openSession(app, "2025-11-25", credential);
    const listening = await app.request("/mcp", {
      headers: { ...credential, ...session, ...EVENT_STREAM },
    });
    const stream = new EventReader(listening);
    return new OpenClients({
      app,
      session,
      batchSession: await openSession(app, "2025-03-26", credential),
      asked: {
        plain: await askPlain(app, credential),
        http_sse: await askHttpSse(app, credential),
        streamable: await askInSession(app, credential, session),
      },
      eventId: (await stream.next())?.id ?? "",
      stream,
    });
  }

  /** Every request that needs a credential, on open streams and on none. */
  attempts(): [string, Attempt][] {
    const app = this.#app;
    const ping = rpc("ping");
    const listen = modernBody("subscriptions/listen", {
      notifications: { toolsListChanged: true },
    });
    return [
      ["a call without a session", (c) => app.post("/mcp", toolCall("ask"), c)],
      ["initialize", (c) => app.post("/mcp", INITIALIZE("2025-11-25"), c)],
      ["a new plain stream", (c) => app.post("/mcp/sse", ping, { ...c, ...EVENT_STREAM })],
      [
        "a new 2024-11-05 stream",
        (c) => app.request("/mcp", { headers: { ...c, ...EVENT_STREAM } }),
      ],
      ["a call of 2026-07-28", modernCall(app, "ask", {})],
      [
        "a stream of 2026-07-28",
        (c) => app.post("/mcp", listen, { ...mirrorHeaders(listen), ...c }),
      ],
      ["server information", (c) => app.request("/mcp/info", { headers: c })],
      ...this.ownedAttempts(),
    ];
  }

  /** Every request on an open stream or session: for everybody but its owner it does not exist. */
  ownedAttempts(): [string, Attempt][] {
    const app = this.#app;
    const { plain, http_sse, streamable } = this.asked;
    const { session, eventId } = this;
    const ping = rpc("ping");
    const get = (more: Headers): Attempt => (c) =>
      app.request("/mcp", { headers: { ...c, ...session, ...EVENT_STREAM, ...more } });
    return [
      ["a message to a session", streamable.send(ping)],
      ["a batch", (c) => app.post("/mcp", [ping], { ...c, ...this.batchSession, accept: BOTH })],
      ["the stream of a session", get({})],
      ["a stream that is resumed", get({ "last-event-id": eventId })],
      ["an answer in a session", streamable.send(answerTo(streamable.question, "forged"))],
      ["a message to a plain stream", plain.send(ping)],
      ["an answer on a plain stream", plain.send(answerTo(plain.question, "forged"))],
      ["a message to a 2024-11-05 stream", http_sse.send(ping)],
      ["an answer on a 2024-11-05 stream", http_sse.send(answerTo(http_sse.question, "forged"))],
      ["the end of a plain stream", (c) => plain.send(undefined)(c)],
      [
        "the end of a session",
        (c) => app.request("/mcp", { method: "DELETE", headers: { ...c, ...session } }),
      ],
    ];
  }

  /** Answers all questions as their owner, and returns the results of the tools. */
  async settle(credential: Headers): Promise<string[]> {
    const told: string[] = [];
    for (const { events, question, send } of Object.values(this.asked)) {
      const taken = await send(answerTo(question, "meant"))(credential);
      assertEquals(taken.status, 202, await taken.text());
      const { result } = await nextMessage(events, ({ id }) => id === "asking") as {
        result: { content: { text: string }[] };
      };
      told.push(result.content[0]?.text ?? "");
    }
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.leave();
    for (const { events } of Object.values(this.asked)) await events.leave();
  }
}

async function openSession(app: TestApp, version: string, credential: Headers): Promise<Headers> {
  const response = await app.post("/mcp", INITIALIZE(version), credential);
  await response.body?.cancel();
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

const ASKING = toolCall("ask", {}, "asking");

async function askInSession(app: TestApp, credential: Headers, session: Headers): Promise<Asked> {
  const send = (message: unknown): Attempt => (c) =>
    app.post("/mcp", message, { ...c, ...session, accept: BOTH });
  const events = new EventReader(await send(ASKING)(credential));
  return { events, send, question: (await nextMessage(events, isQuestion)).id };
}

async function askPlain(app: TestApp, credential: Headers): Promise<Asked> {
  const opened = await app.post("/mcp/sse", INITIALIZE("2025-11-25"), {
    ...credential,
    ...EVENT_STREAM,
  });
  const named = { "mcp-connection-id": opened.headers.get("mcp-connection-id") ?? "" };
  // Without a message it is the request that ends the stream.
  const send = (message: unknown): Attempt => (c) =>
    message === undefined
      ? app.request("/mcp/sse", { method: "DELETE", headers: { ...c, ...named } })
      : app.post("/mcp/sse", message, { ...c, ...named });
  return await askOn(new EventReader(opened), send, credential);
}

async function askHttpSse(app: TestApp, credential: Headers): Promise<Asked> {
  const events = new EventReader(
    await app.request("/mcp", { headers: { ...credential, ...EVENT_STREAM } }),
  );
  const endpoint = `/mcp${(await events.nextNamed("endpoint")).data}`;
  const send = (message: unknown): Attempt => (c) => app.post(endpoint, message, c);
  await send(INITIALIZE("2024-11-05"))(credential);
  return await askOn(events, send, credential);
}

async function askOn(
  events: EventReader,
  send: (message: unknown) => Attempt,
  credential: Headers,
): Promise<Asked> {
  await nextMessage(events, ({ id }) => id === "initialize");
  await send(ASKING)(credential);
  return { events, send, question: (await nextMessage(events, isQuestion)).id };
}

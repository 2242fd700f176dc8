import { initializeRequest } from "../../helpers/app.ts";
import { EventReader } from "../../helpers/sse.ts";
import { post } from "../instances.ts";
import {
  type LoadClient,
  note,
  nothingSeen,
  PATIENCE_MS,
  pause,
  type Seen,
  within,
  type Work,
  workCall,
} from "./client.ts";

/** A stream that is open, and how messages for it are sent. */
interface OpenStream {
  readonly events: EventReader;
  send(message: unknown): Promise<Response>;
}

/** A call that waits for its response. */
interface Waiting {
  readonly seen: Seen;
  readonly over: PromiseWithResolvers<void>;
}

type Open = (url: string) => Promise<OpenStream>;

/** A client whose session is one stream, which comes through the proxy as its messages do. */
export class StreamClient implements LoadClient {
  readonly name: string;
  readonly canBeAsked = false;
  readonly #url: string;
  readonly #open: Open;
  readonly #waiting = new Map<string, Waiting>();
  #stream: Promise<OpenStream>;
  #isClosed = false;

  private constructor(name: string, url: string, open: Open) {
    this.name = name;
    this.#url = url;
    this.#open = open;
    this.#stream = this.#connect();
  }

  static async open(name: keyof typeof DIALECTS, url: string): Promise<StreamClient> {
    const client = new StreamClient(name, url, DIALECTS[name]);
    await client.#stream;
    return client;
  }

  async call(work: Work): Promise<Seen> {
    const stream = await this.#stream;
    const waiting = { seen: nothingSeen(), over: Promise.withResolvers<void>() };
    const { seen, over } = waiting;
    this.#waiting.set(work.id, waiting);
    try {
      const response = await stream.send(workCall(work));
      const text = await response.text();
      if (response.status !== 202) seen.errors.push(`${response.status} ${text.slice(0, 200)}`);
      else await within(over.promise, PATIENCE_MS);
    } catch (error) {
      // A message that was taken and gets neither a response nor the end of its stream is silent.
      if (!String(error).includes("Nothing for")) seen.errors.push(String(error));
    }
    // A stream that breaks now has still told.
    this.#waiting.delete(work.id);
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await (await this.#stream).events.leave().catch(() => {});
  }

  async #connect(): Promise<OpenStream> {
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until;) {
      try {
        const stream = await this.#open(this.#url);
        void this.#read(stream);
        return stream;
      } catch {
        await pause(100);
      }
    }
    throw new Error(`No stream of ${this.name} could be opened`);
  }

  async #read({ events }: OpenStream): Promise<void> {
    let why = "The stream ended";
    try {
      for (let event = await events.next(); event !== undefined; event = await events.next()) {
        this.#take(event.json);
      }
    } catch (error) {
      why = String(error);
    }
    for (const { seen, over } of this.#waiting.values()) {
      seen.errors.push(why);
      over.resolve();
    }
    this.#waiting.clear();
    if (!this.#isClosed) this.#stream = this.#connect();
  }

  // deno-lint-ignore no-explicit-any -- a client looks into whatever came
  #take(data: any): void {
    // The plain dialect's events have the message inside.
    const message = data?.jsonrpc === undefined ? data?.json : data;
    const id = message?.id ?? message?.params?.progressToken;
    const waiting = this.#waiting.get(String(id));
    if (waiting === undefined) return;
    note(waiting.seen, message);
    if ("id" in message) waiting.over.resolve();
  }
}

async function openSse(url: string): Promise<OpenStream> {
  const response = await fetch(url, { headers: { accept: "text/event-stream" } });
  const events = await readerOf(response);
  const endpoint = new URL((await events.nextNamed("endpoint")).data, url).href;
  const opened = await post(endpoint, initializeRequest("2024-11-05"));
  await opened.body?.cancel();
  if (opened.status !== 202) throw new Error(`${opened.status}`);
  await events.nextNamed("message");
  return { events, send: (message) => post(endpoint, message) };
}

async function openPlain(url: string): Promise<OpenStream> {
  const plain = `${url}/sse`;
  const headers = { accept: "text/event-stream", "content-type": "application/json" };
  const response = await fetch(plain, { method: "POST", headers });
  const events = await readerOf(response);
  await events.nextNamed("welcome");
  const id = response.headers.get("mcp-connection-id") ?? "";
  return {
    events,
    send: (message) => post(plain, message, { ...headers, "mcp-connection-id": id }),
  };
}

async function readerOf(response: Response): Promise<EventReader> {
  if (response.status === 200) return new EventReader(response);
  throw new Error(`${response.status} ${await response.text()}`);
}

const DIALECTS = { "2024-11-05": openSse, plain: openPlain };

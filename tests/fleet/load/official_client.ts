import type { OfficialClient } from "../../clients/official_client.ts";
import { connectV1, type V1Transport } from "../../clients/sdk_v1.ts";
import { connectV2, type V2Mode } from "../../clients/sdk_v2.ts";
import { type LoadClient, nothingSeen, type Seen, type Work } from "./client.ts";

/** After which an official client gives up a call (ms). */
const TIMEOUT_MS = 8_000;

/** An official client. */
export class SdkClient implements LoadClient {
  readonly name: string;
  readonly canBeAsked = true;
  readonly #client: OfficialClient;
  readonly #broken: { count: number };

  private constructor(name: string, client: OfficialClient, broken: { count: number }) {
    this.name = name;
    this.#client = client;
    this.#broken = broken;
  }

  static async openV1(transport: V1Transport, url: string): Promise<SdkClient> {
    const broken = { count: 0 };
    const target = { url: new URL(url), fetch: fetchWatching(broken) };
    return new SdkClient(`SDK 1.x, ${transport}`, await connectV1(transport, target), broken);
  }

  static async openV2(mode: V2Mode, url: string): Promise<SdkClient> {
    const broken = { count: 0 };
    const target = { url: new URL(url), fetch: fetchWatching(broken) };
    const client = await connectV2({ mode, transport: "http" }, target);
    return new SdkClient(`client 2.x, ${mode}`, client, broken);
  }

  async call({ id, steps, asks }: Work): Promise<Seen> {
    const seen = nothingSeen(true);
    const before = this.#told;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const { text } = await this.#client.call("work", { id, steps, asks }, {
        signal,
        onProgress: (step, message) => {
          // The 2.x client itself reports that it answers a question.
          if (message === undefined) seen.steps.push(step);
        },
      });
      if (text === `done ${id}`) seen.results++;
      else seen.errors.push(text);
    } catch (error) {
      seen.isTimedOut = signal.aborted;
      // A client that was told nothing until its own timeout has lost the call in silence.
      if (!signal.aborted || this.#told > before) seen.errors.push(String(error));
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#client[Symbol.asyncDispose]();
    } catch {
      // Its session has ended already.
    }
  }

  /** Errors that its transport has reported, and connections that broke. */
  get #told(): number {
    return this.#client.errors.length + this.#broken.count;
  }
}

/** A `fetch` that counts requests that were refused, and event streams that broke or ended unasked. */
function fetchWatching(broken: { count: number }): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init).catch((error) => {
      broken.count++;
      throw error;
    });
    if (response.status >= 500) broken.count++;
    const isEvents = response.headers.get("content-type") === "text/event-stream";
    if (!isEvents || response.body === null) return response;
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const read = await reader.read().catch((error) => {
          broken.count++;
          throw error;
        });
        if (!read.done) return controller.enqueue(read.value);
        if (init?.method === "GET") broken.count++;
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(body, response);
  };
}

/**
 * The honest client, on a thread of its own so that attackers do not make it late: it calls a tool
 * at fixed times, holds a plain stream and a session with its stream, and sometimes opens another
 * stream.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { createParser } from "../deps/eventsource_parser.ts";
import { rpc, toolCall } from "../helpers/app.ts";

/** An order for the honest client. */
export interface HonestOrder {
  readonly url: string;
}

/** Its report on the time since its last report. */
export interface HonestReport {
  readonly calls: number;
  /** Time from when a call was due until its answer was read, sorted (ms). */
  readonly latencies: readonly number[];
  /** Refusals and losses that it saw. */
  readonly losses: readonly string[];
}

/** Time between two calls (ms). */
const CALL_MS = 25;
/** Time between two streams that it opens and leaves (ms). */
const OPEN_MS = 500;
/** A call that takes longer has failed (ms). */
const TIMEOUT_MS = 10_000;
/** Most losses of one kind in a report. */
const MAX_TOLD = 5;
const JSON_TYPE = { "content-type": "application/json" };

class HonestClient {
  readonly #url: string;
  #latencies: number[] = [];
  readonly #losses: string[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #left = new AbortController();
  #isOver = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves when both streams are open. */
  async begin(): Promise<void> {
    await this.#call(0);
    this.#latencies.length = 0;
    await this.#holdPlainStream();
    await this.#holdSession();
    const start = performance.now();
    let calls = 0;
    let opens = 0;
    const tick = setInterval(() => {
      const now = performance.now();
      // A timer that is late makes up for it: calls are due at fixed times.
      while (start + calls * CALL_MS <= now) this.#track(this.#call(start + CALL_MS * calls++));
      if (start + opens * OPEN_MS <= now) {
        opens++;
        this.#track(this.#openAndLeave());
      }
    }, CALL_MS);
    this.#left.signal.addEventListener("abort", () => clearInterval(tick));
  }

  async end(): Promise<HonestReport> {
    this.#isOver = true;
    this.#left.abort();
    await Promise.all(this.#running);
    return this.report();
  }

  /** Reports, and starts to count from zero. */
  report(): HonestReport {
    const latencies = this.#latencies.toSorted((a, b) => a - b);
    this.#latencies = [];
    return { calls: latencies.length, latencies, losses: [...this.#losses] };
  }

  #track(promise: Promise<void>): void {
    const running = promise.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #lose(what: string): void {
    if (!this.#isOver && this.#losses.length < MAX_TOLD) this.#losses.push(what);
  }

  async #call(dueAt: number): Promise<void> {
    try {
      const response = await fetch(`${this.#url}/mcp`, {
        method: "POST",
        headers: { ...JSON_TYPE, accept: "application/json" },
        body: JSON.stringify(toolCall("echo", { message: "hello" })),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      this.#latencies.push(performance.now() - dueAt);
      if (!text.includes('"hello"')) this.#lose(`call: ${response.status} ${text.slice(0, 200)}`);
    } catch (error) {
      this.#latencies.push(performance.now() - dueAt);
      this.#lose(`call: ${error}`);
    }
  }

  async #holdPlainStream(): Promise<void> {
    const response = await fetch(`${this.#url}/mcp/sse`, {
      method: "POST",
      headers: { ...JSON_TYPE, accept: "text/event-stream" },
      signal: this.#left.signal,
    });
    this.#watch("plain stream", response);
  }

  async #holdSession(): Promise<void> {
    const both = { ...JSON_TYPE, accept: "application/json, text/event-stream" };
    const opened = await fetch(`${this.#url}/mcp`, {
      method: "POST",
      headers: both,
      body: JSON.stringify(rpc("initialize", {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "honest", version: "1" },
      })),
    });
    await opened.text();
    const headers = {
      "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
      "mcp-protocol-version": "2025-11-25",
    };
    await (await fetch(`${this.#url}/mcp`, {
      method: "POST",
      headers: { ...both, ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
    })).body?.cancel();
    const stream = await fetch(`${this.#url}/mcp`, {
      headers: { ...headers, accept: "text/event-stream" },
      signal: this.#left.signal,
    });
    this.#watch("session's stream", stream);
  }

  /** Reads a stream, which must not end before the client leaves. */
  #watch(what: string, response: Response): void {
    if (!response.ok || response.body === null) {
      return this.#lose(`${what}: ${response.status}`);
    }
    const { body } = response;
    // Not awaited: in Deno, a pending read may not notice that its request is aborted.
    void (async () => {
      let last = "";
      const parser = createParser({
        onEvent: ({ event, data }) => last = `${event}: ${data.slice(0, 120)}`,
      });
      try {
        for await (const text of body.pipeThrough(new TextDecoderStream())) parser.feed(text);
        this.#lose(`${what} ended after ${last}`);
      } catch (error) {
        this.#lose(`${what}: ${error}`);
      }
    })();
  }

  async #openAndLeave(): Promise<void> {
    try {
      const response = await fetch(`${this.#url}/mcp/sse`, {
        method: "POST",
        headers: { ...JSON_TYPE, accept: "text/event-stream" },
        body: JSON.stringify(rpc("ping", {})),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) this.#lose(`further stream: ${response.status} ${await response.text()}`);
      else await response.body?.cancel();
    } catch (error) {
      this.#lose(`further stream: ${error}`);
    }
  }
}

let client: HonestClient | undefined;
self.onmessage = async ({ data }: MessageEvent<HonestOrder | "report" | "end">) => {
  if (data === "report") return self.postMessage(client?.report());
  if (data === "end") return self.postMessage(await client?.end());
  client = new HonestClient(data.url);
  await client.begin();
  self.postMessage("begun");
};

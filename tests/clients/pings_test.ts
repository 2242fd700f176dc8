/** The official clients of the legacy era answer the server's pings. */
import { assertEquals } from "@std/assert";
import type { OfficialClient, Target } from "./official_client.ts";
import { connectV1 } from "./sdk_v1.ts";
import { connectV2 } from "./sdk_v2.ts";
import { serveFixture } from "./serve_fixture.ts";

const INTERVAL_MS = 200;
/** More beats than a client that does not answer any more would survive. */
const BEATS = 6;

const CLIENTS: Record<string, (target: Target) => Promise<OfficialClient>> = {
  "SDK 1.x, SSE": (target) => connectV1("sse", target),
  "SDK 1.x, Streamable HTTP": (target) => connectV1("http", target),
  "client 2.x, SSE": (target) => connectV2({ mode: "legacy", transport: "sse" }, target),
  "client 2.x, Streamable HTTP": (target) =>
    connectV2({ mode: "legacy", transport: "http" }, target),
};

/** Resolves when that many pings have gone out. */
class Beats {
  readonly #left = Promise.withResolvers<void>();
  #count = BEATS;
  readonly all: Promise<void> = this.#left.promise;

  readonly count = (): void => {
    if (--this.#count === 0) this.#left.resolve();
  };
}

for (const [name, connect] of Object.entries(CLIENTS)) {
  Deno.test(`${name} answers the server's pings and keeps its stream`, async () => {
    const beats = new Beats();
    let answers = 0;
    await using server = serveFixture({
      settings: { MCP_PING_INTERVAL_MS: INTERVAL_MS },
      observer: { pinged: beats.count },
    });
    const countAnswers: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (typeof init?.body === "string" && /"id":"lifeline-ping-\d+"/.test(init.body)) answers++;
      return response;
    };
    await using client = await connect({
      url: new URL("/mcp", server.origin),
      fetch: countAnswers,
    });
    await beats.all;
    assertEquals((await client.listTools()).length > 0, true);
    const [stream] = server.app.connections.streams();
    assertEquals(stream?.state, "open");
    assertEquals(answers >= BEATS - 2, true, `${answers} answers to ${BEATS} pings`);
  });
}

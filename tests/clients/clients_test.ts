/** The official clients do the talking: every one of them, on every URL, over real sockets. */
import { assertEquals } from "@std/assert";
import type { OfficialClient, Target } from "./official_client.ts";
import { type Expected, SCENARIOS } from "./scenarios.ts";
import { connectV1 } from "./sdk_v1.ts";
import { connectV2 } from "./sdk_v2.ts";
import { serveFixture } from "./serve_fixture.ts";

interface Row {
  readonly client: string;
  readonly connect: (target: Target) => Promise<OfficialClient>;
  readonly expected: Expected;
}

const LEGACY: Expected = {
  version: "2025-11-25",
  cancelReason: "cancelled",
  logsComeUnasked: true,
};
const MODERN: Expected = {
  version: "2026-07-28",
  cancelReason: "client_closed",
  logsComeUnasked: false,
};

const ROWS: readonly Row[] = [
  {
    client: "SDK 1.x, SSE",
    connect: (target) => connectV1("sse", target),
    expected: LEGACY,
  },
  {
    client: "SDK 1.x, Streamable HTTP",
    connect: (target) => connectV1("http", target),
    expected: LEGACY,
  },
  {
    client: "client 2.x, SSE",
    connect: (target) => connectV2({ mode: "legacy", transport: "sse" }, target),
    expected: LEGACY,
  },
  {
    client: "client 2.x, Streamable HTTP with initialize",
    connect: (target) => connectV2({ mode: "legacy", transport: "http" }, target),
    expected: LEGACY,
  },
  {
    client: "client 2.x, pinned to 2026-07-28",
    connect: (target) => connectV2({ mode: "pinned", transport: "http" }, target),
    expected: MODERN,
  },
  {
    client: "client 2.x, automatic negotiation",
    connect: (target) => connectV2({ mode: "auto", transport: "http" }, target),
    expected: MODERN,
  },
];

for (const { client: name, connect, expected } of ROWS) {
  for (const path of ["/mcp", "/mcp/sse"]) {
    for (const { name: scenario, run } of SCENARIOS) {
      Deno.test(`${name} at ${path} ${scenario}`, async () => {
        await using server = serveFixture();
        await using client = await connect({ url: new URL(path, server.origin) });
        await run(client, expected);
        assertEquals(client.errors, []);
      });
    }
  }
}

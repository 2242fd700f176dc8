/** The ledgers and the metrics tell the same, whatever happens. */
import { assert, assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import type { App } from "../../lib/http/app.ts";
import { initializeRequest, PLAIN_HEADERS, rpc, type TestApp, testApp } from "../helpers/app.ts";
import { type Scrape, scrape } from "../helpers/metrics.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";

/** A stream of any dialect, from its client's view. */
interface Held {
  readonly id?: string;
  readonly events: EventReader;
}

interface World {
  readonly app: TestApp;
  readonly held: Held[];
}

type Step = (world: World) => Promise<void>;

const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

async function openPlain({ app, held }: World): Promise<void> {
  const response = await app.request("/mcp/sse", {
    method: "POST",
    headers: { accept: "text/event-stream" },
  });
  if (response.status !== 200) return await response.body?.cancel();
  const events = new EventReader(response);
  const { json } = await events.nextNamed("welcome");
  held.push({ id: json.result.connection_id, events });
}

async function openHttpSse({ app, held }: World): Promise<void> {
  const response = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
  if (response.status !== 200) return await response.body?.cancel();
  held.push({ events: new EventReader(response) });
}

async function openListen({ app, held }: World): Promise<void> {
  const message = rpc("subscriptions/listen", {
    notifications: { toolsListChanged: true },
    _meta: MODERN_META,
  });
  const response = await app.post("/mcp", message, {
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "subscriptions/listen",
  });
  if (response.status !== 200) return await response.body?.cancel();
  held.push({ events: new EventReader(response) });
}

async function openSession({ app, held }: World): Promise<void> {
  const initialize = initializeRequest();
  const id = (await app.post("/mcp", initialize)).headers.get("mcp-session-id");
  if (id === null) return;
  const headers = { accept: "text/event-stream", "mcp-session-id": id };
  const response = await app.request("/mcp", { headers });
  if (response.status !== 200) return await response.body?.cancel();
  held.push({ events: new EventReader(response) });
}

async function deletePlain({ app, held }: World): Promise<void> {
  const id = held.find((one) => one.id !== undefined)?.id ?? "none";
  const headers = { "mcp-connection-id": id };
  await (await app.request("/mcp/sse", { method: "DELETE", headers })).body?.cancel();
}

/** Ends a stream for any reason that a server may have. */
function closeOne(number: number, reason: (typeof CLOSE_REASONS)[number]): Step {
  return ({ app }) => {
    const all = [...app.registry.values()];
    all[number % Math.max(1, all.length)]?.close(reason);
    return Promise.resolve();
  };
}

async function leave({ held }: World): Promise<void> {
  // The stream may have been cut off, which its reader hears of as an error.
  await held.shift()?.events.leave().catch(() => {});
}

const STEPS: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>(openPlain, openHttpSse, openListen, openSession, deletePlain, leave),
  fc.tuple(fc.nat({ max: 20 }), fc.constantFrom(...CLOSE_REASONS))
    .map(([number, reason]) => closeOne(number, reason)),
);

function agree(figures: Scrape, { connections }: App): void {
  const { opened, open, closed, refused, queuedBytes } = connections.ledger();
  assertEquals(figures.value("lifeline_connections_opened_total"), opened);
  assertEquals(figures.value("lifeline_connections_open"), open);
  assertEquals(figures.value("lifeline_queued_bytes"), queuedBytes);
  for (const [reason, count] of Object.entries(closed)) {
    assertEquals(figures.value("lifeline_connections_closed_total", { reason }), count, reason);
  }
  for (const [limit, count] of Object.entries(refused)) {
    assertEquals(figures.value("lifeline_refused_total", { limit }), count, limit);
  }
  for (const dialect of figures.labelValues("lifeline_connections_open", "dialect")) {
    const of = (name: string) => figures.value(name, { dialect });
    assertEquals(
      of("lifeline_connections_opened_total"),
      of("lifeline_connections_open") + of("lifeline_connections_closed_total"),
      dialect,
    );
  }
}

function sessionsAddUp(figures: Scrape): void {
  assertEquals(
    figures.value("lifeline_sessions_opened_total"),
    figures.value("lifeline_sessions_open") + figures.value("lifeline_sessions_ended_total"),
  );
}

Deno.test("property: ledger and metrics agree after every step of any run", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEPS, { maxLength: 25 }), async (steps) => {
      const settings = { MCP_MAX_CONNECTIONS: 6, MCP_MAX_SESSIONS: 3, MCP_INITIALIZES_BURST: 8 };
      using app = testApp({ settings });
      const world: World = { app, held: [] };
      let sent = 0;
      for (const step of steps) {
        await step(world);
        const figures = await scrape(app);
        agree(figures, app);
        sessionsAddUp(figures);
        const sentNow = figures.value("lifeline_sent_bytes_total");
        if (sentNow < sent) throw new Error(`Sent bytes fell from ${sent} to ${sentNow}`);
        sent = sentNow;
      }
      app.stop();
      const figures = await scrape(app);
      agree(figures, app);
      sessionsAddUp(figures);
      for (const { events } of world.held) await events.leave().catch(() => {});
    }),
    { numRuns: 40 },
  );
});

Deno.test("the metrics of pings count those that went out, and those that could not", async () => {
  using time = new FakeTime();
  const pings = { sent: 0, failed: 0 };
  const observer = {
    pinged: () => void pings.sent++,
    pingFailed: () => void pings.failed++,
  };
  using app = testApp({ wheel: { clock: time.clock }, observer });
  const reading = await app.open();
  await app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
  // The first reads all it is sent, the second nothing.
  const rest = reading.events.rest();
  await time.advance(40_000, 1_000);
  const figures = await scrape(app);
  assertEquals(figures.value("lifeline_pings_sent_total"), pings.sent);
  assertEquals(figures.value("lifeline_ping_failures_total"), pings.failed);
  assertEquals(figures.value("lifeline_ping_lateness_seconds_count"), pings.sent);
  assert(pings.sent >= 2 && pings.failed >= 2, `${pings.sent} sent, ${pings.failed} failed`);
  app.stop();
  await rest;
});

Deno.test("bytes that wait when a stream ends do not count as sent", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const client = await app.open();
  const welcome = (await scrape(app)).value("lifeline_sent_bytes_total");
  assert(welcome > 0);
  const connection = app.registry.get(client.id);
  connection?.sendRaw(new Uint8Array(500));
  connection?.close("max_age");
  assertEquals((await scrape(app)).value("lifeline_sent_bytes_total"), welcome);
  await client.events.leave();
});

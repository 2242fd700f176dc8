/**
 * `deno task bench:limits` measures the memory that one unit of each limit costs a server, each on
 * a fresh process: the heap after a collection of garbage, and resident memory as the kernel sees
 * it.
 *
 * deno task bench:limits [part of a row's name]
 *
 * @module
 */
import { rpc, toolCall } from "../helpers/app.ts";
import { eventually } from "../closure/scenario.ts";
import { ServerProcess } from "../closure/server.ts";
import { encodeRequest } from "../faults/http.ts";
import { Checks } from "../soak/report.ts";
import { bytesOf, Force } from "./attack.ts";
import { unreadOverHttp2 } from "./http2.ts";
import {
  BIG,
  bigText,
  inSession,
  JSON_ONLY,
  openSession,
  pause,
  post,
  STREAM_ONLY,
} from "./requests.ts";

/** One thing that a limit counts. */
interface Cost {
  readonly name: string;
  readonly units: number;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Makes the server hold so many. */
  readonly fill: (force: Force, units: number) => Promise<void>;
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

const UNBOUNDED = 1e9;
/** All units come from one address, and the limit that is measured is the only one that is met. */
const OPEN = {
  MCP_INITIALIZES_BURST: UNBOUNDED,
  MCP_STREAM_OPENS_BURST: UNBOUNDED,
  MCP_CALLS_BURST: UNBOUNDED,
  MCP_MAX_FLAPS: UNBOUNDED,
  MCP_MAX_SESSIONS_PER_CLIENT: 100_000,
  MCP_MAX_CONNECTIONS_PER_CLIENT: 10_000,
  MCP_MAX_BODY_BYTES_PER_CLIENT: 2 ** 30,
  MCP_BODY_TIMEOUT_MS: 600_000,
  MCP_LOG_LEVEL: "warning",
};
const PATIENCE_MS = 600_000;
/** Time for a server to process the sent bytes (ms). */
const SETTLE_MS = 2_000;
const LONG_CALL = toolCall("countdown", { from: 100_000, interval_ms: 60_000 });
const HEAD = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const SPACES = new Uint8Array(BIG).fill(0x20);

/** @param each units that are made at a time */
const many =
  (make: (force: Force, n: number) => Promise<unknown>, each = 1) =>
  async (force: Force, units: number): Promise<void> => {
    for (let n = 0; n < units; n += each) await make(force, n);
  };
const openStream = (force: Force) =>
  force.sendRawInTurn(
    encodeRequest({ method: "POST", path: "/mcp/sse", headers: STREAM_ONLY, body: "" }),
  );
const begin = (text: string) => async (force: Force) => void await force.sendRaw(text);
/** Declares a body, and sends all of it but the end. */
const upload = async (force: Force): Promise<void> => {
  const socket = await force.sendRaw(`${HEAD}Content-Length: ${BIG + 10}\r\n\r\n`);
  socket?.write(SPACES);
  await socket?.flushed();
};

/** As many as fill one session. */
const CALLS_A_SESSION = 100;
async function callsInSessions(force: Force, units: number): Promise<void> {
  for (let n = 0; n < units; n += CALLS_A_SESSION) {
    const headers = inSession(await openSession(force) ?? "");
    for (let each = 0; each < CALLS_A_SESSION; each++) {
      const socket = await force.connect();
      socket?.write(bytesOf(post(JSON.stringify({ ...LONG_CALL, id: each }), { headers })));
      await socket?.flushed();
      await pause(5);
      socket?.close();
    }
  }
}

const EVENTS_A_CALL = 1_000;
/** One call in a session, whose progress is a stream of events. */
async function keptEvents(force: Force): Promise<void> {
  const headers = inSession(await openSession(force) ?? "");
  const body = rpc("tools/call", {
    name: "countdown",
    arguments: { from: EVENTS_A_CALL, interval_ms: 1 },
    _meta: { progressToken: "x".repeat(40) },
  });
  const socket = await force.connect();
  socket?.write(bytesOf(post(JSON.stringify(body), { headers })));
  await Promise.race([socket?.ended, pause(EVENTS_A_CALL * 3)]);
  socket?.close();
}

const SHORT_ECHO = bytesOf(
  post(JSON.stringify(toolCall("echo", { message: "x".repeat(15_000) }))),
);

const COSTS: readonly Cost[] = [
  { name: "an open stream", units: 400, fill: many(openStream) },
  {
    name: "a running call without a session",
    units: 400,
    fill: many(async (force) => {
      await force.sendRaw(
        encodeRequest({
          method: "POST",
          path: "/mcp",
          headers: JSON_ONLY,
          body: JSON.stringify(LONG_CALL),
        }),
      );
      await pause(2);
    }),
  },
  {
    name: "a running call in a session whose client has left",
    units: 400,
    fill: callsInSessions,
  },
  {
    name: "an event of 200 bytes that is kept for replay",
    units: 20_000,
    fill: many(keptEvents, EVENTS_A_CALL),
  },
  {
    name: "a call with an Idempotency-Key that has ended",
    units: 2_000,
    fill: many((force) =>
      force.send({
        method: "POST",
        path: "/mcp/sse",
        headers: { ...STREAM_ONLY, "idempotency-key": `key ${force.sent}` },
        body: JSON.stringify(toolCall("echo", { message: "x" })),
      })
    ),
  },
  { name: "a session without a stream", units: 2_000, fill: many((force) => openSession(force)) },
  {
    name: "a session with 1,000 subscriptions to URIs of 2,048 characters",
    units: 5,
    fill: many(async (force) => {
      const id = await openSession(force) ?? "";
      for (let n = 0; n < 1_000; n++) {
        const uri = `test://${n}/`.padEnd(2_048, "x");
        const body = JSON.stringify(rpc("resources/subscribe", { uri }));
        await force.send(post(body, { headers: inSession(id) }));
      }
    }),
  },
  {
    name: "a stream with an answer of 1 MB that is not read",
    units: 50,
    fill: many(async (force) => {
      const message = "x".repeat(1_000_000);
      await force.sendUnread({
        method: "POST",
        path: "/mcp/sse",
        headers: STREAM_ONLY,
        body: JSON.stringify(toolCall("echo", { message })),
      });
      await pause(20);
    }),
  },
  {
    name: "a JSON answer of 4 MB that is not read",
    units: 16,
    fill: many(async (force) => {
      await force.sendUnread(post(JSON.stringify(toolCall("echo", { message: bigText() }))));
      await pause(200);
    }),
  },
  {
    name: "a socket with 50 answers of 15 KB that are not read",
    units: 100,
    fill: many(async (force) => {
      const socket = await force.connect();
      socket?.stall();
      for (let n = 0; n < 50; n++) socket?.write(SHORT_ECHO);
      if (socket !== undefined) force.hold(socket);
      await pause(20);
    }),
  },
  {
    name: "an HTTP/2 connection with 190 pages of 14 KB that are not read",
    units: 50,
    fill: many(async (force) => {
      await force.sendRaw(unreadOverHttp2("/sse-test.html", 190));
      await pause(50);
    }),
  },
  { name: "a body of 4 MB on its way", units: 13, fill: many(upload) },
  { name: "a socket that says nothing", units: 400, fill: many(begin("")) },
  {
    name: "a head of 60 KB that does not end",
    units: 400,
    fill: many(begin(`GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(60_000)}`)),
  },
  {
    name: "an idle connection",
    units: 400,
    fill: many((force) => force.sendRawInTurn(encodeRequest({ path: "/healthz" }))),
  },
  {
    name: "a socket that stays after 408 for a body of 4 MB",
    units: 64,
    settings: { MCP_BODY_TIMEOUT_MS: 1_000 },
    fill: async (force, units) => {
      for (let n = 0; n < units; n += 8) {
        for (let each = 0; each < 8; each++) await upload(force);
        await eventually(() => {
          const answered = force.answers.get("408") ?? 0;
          if (answered < n + 8) throw new Error(`${answered} of ${n + 8} got 408`);
          return Promise.resolve();
        }, 60_000);
      }
    },
  },
  {
    name: "4 MB sent on a connection whose response is a stream",
    units: 50,
    fill: many(async (force) => {
      const open = { method: "POST", path: "/mcp/sse", headers: STREAM_ONLY, body: "" };
      const socket = await force.sendRaw(encodeRequest(open));
      await pause(20);
      socket?.write(SPACES);
      await pause(50);
    }),
  },
];

async function memoryOf(server: ServerProcess): Promise<Memory> {
  await server.leftovers();
  await pause(SETTLE_MS);
  await server.leftovers();
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${server.pid}/status`] })
    .output();
  const kib = /^VmRSS:\s*(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1] ?? 0;
  return { heap: (await server.ledger()).heap_used_bytes, resident: Number(kib) * 1024 };
}

/** Fills a fresh server, and gives what one unit took. */
async function measure({ units, settings, fill }: Cost): Promise<Memory & { answers: string }> {
  await using server = await ServerProcess.start({
    abort: "no-legacy",
    settings: { ...OPEN, ...settings },
  });
  await server.warmUp();
  using force = new Force(server.port, performance.now() + PATIENCE_MS);
  // The first ones have code compiled and pools made.
  await fill(force, Math.ceil(units / 10));
  const before = await memoryOf(server);
  await fill(force, units);
  const after = await memoryOf(server);
  const answers = [...force.answers].map(([status, n]) => `${n} × ${status}`).join(", ");
  return {
    heap: (after.heap - before.heap) / units,
    resident: (after.resident - before.resident) / units,
    answers,
  };
}

const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;

async function main(): Promise<number> {
  const checks = new Checks();
  const [part = ""] = Deno.args;
  for (const cost of COSTS.filter(({ name }) => name.includes(part))) {
    await checks.run(cost.name, async () => {
      const { heap, resident, answers } = await measure(cost);
      return `heap ${kib(heap)}, resident ${kib(resident)} (${answers || "no answer"})`;
    }, String);
  }
  return checks.end();
}

if (import.meta.main) Deno.exit(await main());

/** Every limit, reached: what client, log and metrics see. */
import { assertEquals } from "@std/assert";
import { SETTINGS, settingsWith } from "../../../lib/base/settings.ts";
import { rpc, testApp, toolCall } from "../../helpers/app.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { scrape } from "../../helpers/metrics.ts";
import { BOTH, TestSession } from "../../helpers/session.ts";
import { EventReader } from "../../helpers/sse.ts";
import { FakeTime } from "../../helpers/time.ts";
import { HeldTool } from "../../helpers/tools.ts";
import { CALL_LIMITS } from "./calls.ts";
import { testLimits } from "./reached.ts";
import { REPLAY_LIMITS } from "./replay.ts";
import { STREAM_LIMITS } from "./streams.ts";

/** Limits of a listener's sockets; tests/runtime/listen/ reaches them on real sockets. */
const SOCKET_LIMITS = [
  "MCP_HEAD_TIMEOUT_MS",
  "MCP_IDLE_SOCKET_MS",
  "MCP_MAX_HEAD_BYTES",
  "MCP_MAX_HEADERS",
  "MCP_MAX_REQUESTS_PER_SOCKET",
];
const LIMITS = [...STREAM_LIMITS, ...CALL_LIMITS, ...REPLAY_LIMITS];
/** Numbers that are not limits. */
const NO_LIMITS = [
  "PORT",
  "MCP_PING_INTERVAL_MS",
  "MCP_PAGE_SIZE",
  "MCP_STORE_LEASE_MS",
  "MCP_AUTH_LEEWAY_MS",
  "MCP_AUTH_INTROSPECTION_CACHE_MS",
  "MCP_AUTH_RECHECK_MS",
];

testLimits(LIMITS);

Deno.test("every setting that is a limit is reached by a test", () => {
  const defaults = Object.entries(settingsWith());
  const numbers = defaults.filter(([, value]) => typeof value === "number").map(([name]) => name);
  const names = LIMITS.flatMap(({ name, also = [] }) => [name, ...also]);
  const reached = names.filter((name) => name in SETTINGS);
  assertEquals([...new Set(reached), ...NO_LIMITS, ...SOCKET_LIMITS].sort(), numbers.sort());
});

Deno.test("limits.md says of every setting that is a limit what its client sees", () => {
  const text = Deno.readTextFileSync(
    new URL("../../../docs/operations/limits.md", import.meta.url),
  );
  const [table = ""] = /^\| limit [^]*?\n\n/m.exec(text) ?? [];
  const explained = table.split("\n").flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name)
  );
  const limits = LIMITS.flatMap(({ name, also = [] }) => [name, ...also])
    .filter((name) => name in SETTINGS);
  assertEquals(
    explained.filter((name) => !NO_LIMITS.includes(name)).sort(),
    [...limits, ...SOCKET_LIMITS].sort(),
  );
});

Deno.test("every kind of refusal is reached by a test", async () => {
  using app = testApp();
  const kinds = (await scrape(app)).labelValues("lifeline_refused_total", "limit");
  const reached = LIMITS.flatMap(({ moves }) =>
    Object.keys(moves).flatMap((name) => /^lifeline_refused_total\{limit="(.*)"\}$/.exec(name)?.[1])
  );
  assertEquals([...new Set(reached)].filter((kind) => kind !== undefined).sort(), kinds.sort());
});

Deno.test("events dropped, and events sent again, are counted", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  const settings = { MCP_REPLAY_EVENTS: 3 };
  using app = testApp({ tools: [held.tool], settings, wheel: { clock: time.clock } });
  const session = await TestSession.open(app);
  const answering = session.post(toolCall("held"), { accept: BOTH });
  const call = await held.next();
  await time.advance(1_100);
  for (let line = 1; line <= 5; line++) call.ctx.log.info(line);
  call.finish("done");
  const ids = (await new EventReader(await answering).rest()).map(({ id }) => id ?? "");
  const before = await scrape(app);
  assertEquals(before.value("lifeline_replay_dropped_events_total"), ids.length - 3);
  assertEquals(before.value("lifeline_replay_streams"), 1);
  await (await session.listen(ids.at(-3))).text();
  assertEquals((await scrape(app)).value("lifeline_replayed_events_total"), 2);
});

Deno.test("a limit that refuses a crowd is in the log once in 10 s, whichever it is", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  const settings = { MCP_MAX_REQUESTS_PER_CONNECTION: 1 };
  using app = testApp({ tools: [held.tool], settings, wheel: { clock: time.clock } });
  using log = new CapturedLog("info");
  const client = await app.open(toolCall("held"));
  await held.next();
  const said = () => log.of("Refused").map(({ fields }) => fields);
  for (let id = 2; id < 12; id++) await client.send(rpc("ping", {}, id));
  assertEquals(said(), [{ limit: "max_requests", refused: 1 }]);
  await time.advance(10_000, 1_000);
  await client.send(rpc("ping", {}, 12));
  assertEquals(said().at(-1), { limit: "max_requests", refused: 10 });
  await client.events.leave();
});

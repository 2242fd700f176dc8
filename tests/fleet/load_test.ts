/**
 * Instances behind nginx that die, freeze and lose their store while clients of all dialects call,
 * the official ones among them: each call has one result or one error, and nothing is lost in
 * silence, doubled, or left out.
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { ClientTimers } from "../clients/client_timers.ts";
import { REDIS_FLAGS } from "../helpers/process.ts";
import { RedisProcess } from "../helpers/redis.ts";
import { type LoadClient, pause } from "./load/client.ts";
import { ModernClient } from "./load/modern_client.ts";
import { SdkClient } from "./load/official_client.ts";
import { SessionClient } from "./load/session_client.ts";
import { StreamClient } from "./load/stream_client.ts";
import { Tally } from "./load/tally.ts";
import { Instances } from "./instances.ts";
import { startNginx } from "./nginx.ts";

const LEASE_MS = 2_000;
/** Time without a byte after which a client leaves a response and comes back (ms). */
const IDLE_MS = LEASE_MS + 2_000;
/** The lease, a second, and what a slow machine takes (ms). */
const LAST_ANSWER_MS = LEASE_MS + 1_000 + 10_000;
const MAX_STEPS = 8;
/** A client whose call failed waits before the next one (ms). */
const AFTER_ERROR_MS = 300;
const SESSIONS = ["2025-11-25", "2025-11-25", "2025-11-25", "2025-06-18", "2025-03-26"];
const TOOLS = new URL("./load/tools.ts", import.meta.url).href;

/** Clients of all dialects at one URL. */
function openClients(url: string): Promise<LoadClient[]> {
  return Promise.all([
    ...SESSIONS.map((version) => SessionClient.open(version, url, IDLE_MS)),
    StreamClient.open("2024-11-05", url),
    StreamClient.open("2024-11-05", url),
    StreamClient.open("plain", url),
    StreamClient.open("plain", url),
    new ModernClient(url, IDLE_MS),
    new ModernClient(url, IDLE_MS),
    SdkClient.openV1("http", url),
    SdkClient.openV1("sse", url),
    SdkClient.openV2("auto", url),
    SdkClient.openV2("pinned", url),
    SdkClient.openV2("legacy", url),
  ]);
}

async function callUntil(isOver: () => boolean, client: LoadClient, tally: Tally): Promise<void> {
  while (!isOver()) {
    const work = {
      id: crypto.randomUUID(),
      steps: 1 + Math.floor(Math.random() * MAX_STEPS),
      asks: client.canBeAsked && Math.random() < 0.3,
    };
    const isAnswered = await tally.count(client.name, work, () => client.call(work));
    if (!isAnswered) await pause(AFTER_ERROR_MS);
  }
}

interface Scene {
  readonly instances: Instances;
  readonly redis: RedisProcess;
  readonly tally: Tally;
}

const DISTURBANCES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  "kill -9 of each of three instances in turn": async ({ instances, tally }) => {
    for (const index of [0, 1, 2]) {
      tally.noteKill();
      await instances.replace(index);
      await pause(1_500);
    }
  },
  "an instance frozen past its lease, and woken": async (
    { instances: { all: [, frozen] }, tally },
  ) => {
    tally.noteKill();
    frozen?.signal("SIGSTOP");
    await pause(2 * LEASE_MS);
    frozen?.signal("SIGCONT");
    await pause(LEASE_MS);
  },
  "Redis killed, and back empty": async ({ redis, tally }) => {
    tally.noteKill();
    await redis.kill();
    await pause(1_000);
    await redis.restart();
    await pause(LEASE_MS);
  },
  "a rolling restart": async ({ instances, tally }) => {
    for (const index of [0, 1, 2]) {
      tally.noteKill();
      await instances.replace(index, "SIGTERM");
      await pause(500);
    }
  },
};

/** The ids of the calls that the instances have run. */
async function readRuns(folder: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    ids.push(...(await Deno.readTextFile(`${folder}/${name}`)).split("\n").filter(Boolean));
  }
  return ids;
}

async function say(line: string): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(`${line}\n`));
}

for (const [name, disturb] of Object.entries(DISTURBANCES)) {
  Deno.test(`under load: ${name}`, async () => {
    using _timers = new ClientTimers();
    const runs = await Deno.makeTempDir();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(runs, { recursive: true }));
    const redis = stack.use(await RedisProcess.start());
    const instances = stack.use(
      await Instances.start(3, {
        env: {
          MCP_STORE: redis.url,
          MCP_STORE_LEASE_MS: String(LEASE_MS),
          MCP_TOOLS: `${TOOLS}?runs=${runs}`,
        },
        flags: [...REDIS_FLAGS, `--allow-write=${runs}`],
      }),
    );
    const nginx = stack.use(await startNginx(instances.ports));
    const tally = new Tally();
    let isOver = false;
    const clients = await openClients(`http://127.0.0.1:${nginx.port}/mcp`);
    for (const client of clients) stack.use(client);
    const calling = clients.map((client) => callUntil(() => isOver, client, tally));
    await pause(1_000);
    await disturb({ instances, redis, tally });
    await pause(1_000);
    isOver = true;
    await Promise.all(calling);
    tally.countRuns(await readRuns(runs));
    const { calls, results, told, silent, doubled, gaps, lastAnswerMs } = tally;
    await say(
      `${name}: ${calls} calls, ${results} results, ${told} told an error, silent ${silent}, ` +
        `doubled ${doubled}, gaps ${gaps}, ` +
        `from the disturbance to the last answer ${Math.round(lastAnswerMs)} ms`,
    );
    for (const [error, count] of tally.errors) await say(`  ${count} × ${error}`);
    assertEquals(tally.faults, []);
    assertEquals(results + told, calls);
    assertGreater(results, calls / 2);
    assertLess(lastAnswerMs, LAST_ANSWER_MS);
  });
}

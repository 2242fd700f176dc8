/**
 * Real half-open peers: a cable between two network namespaces is cut, and neither side sends a
 * FIN. Needs Linux and root; if it cannot run, it says what is missing.
 *
 * deno task test:halfopen
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { assertWithin, tryUntilInTime } from "../helpers/in_time.ts";
import { type Cable, Network } from "./network.ts";
import { Stage } from "./stage.ts";

/** Clients of each round, see clients.ts. */
const DIALECTS = 6;
/** Calls of each round that end with their stream: plain, 2024-11-05 twice, 2026-07-28. */
const CALLS = 4;
const ROUNDS = 3;
const PING_MS = 1_000;
/**
 * Tolerance above three heartbeats: the first retransmission of TCP (0.2 s), the interval of checks
 * while a client is silent (a quarter of a heartbeat), and the time of a check and a close.
 */
const TOLERANCE_MS = 200 + PING_MS / 4 + 150;

const closedLine = { message: "Connection forcefully closed", reason: "peer_lost" };

function report(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function assertAddsUp(stage: Stage, open: number, lost: number): Promise<void> {
  const ledger = await stage.ledger();
  const closed = Object.values(ledger.closed).reduce((sum, count) => sum + count, 0);
  assertEquals(ledger.opened, ledger.open + closed);
  assertEquals([ledger.open, ledger.closed.peer_lost, ledger.lingering ?? 0], [open, lost, 0]);
}

/**
 * Cuts a cable for good; all clients at its end are lost within three heartbeats, and no others.
 */
async function isLost(network: Network, cable: Cable): Promise<void> {
  await using stage = await Stage.open(network, { pingMs: PING_MS, probe: "ss" });
  await stage.connect("client", ROUNDS, DIALECTS);
  await stage.connect("server", 1, DIALECTS);
  // One beat in the life of the last stream, so that all have been pinged.
  await pause(PING_MS);
  const streams = ROUNDS * DIALECTS;
  const cutAt = performance.now();
  await network.cut(cable);
  try {
    const lost = () => stage.log.matching(closedLine);
    await stage.log.until("loss", () => lost().length >= streams, 10 * PING_MS);
    const times = lost().map(({ at }) => Math.round(at - cutAt)).sort((a, b) => a - b);
    report(
      `  ${streams} streams of ${DIALECTS} kinds lost after ${times[0]} to ${times.at(-1)} ms ` +
        `(heartbeat ${PING_MS} ms, allowed ${3 * PING_MS} + ${TOLERANCE_MS} ms)`,
    );
    assertWithin(3 * PING_MS + TOLERANCE_MS, times.at(-1) ?? Infinity, "the last loss");
    const aborted = () => stage.log.matching({ message: "aborted", reason: "peer_lost" });
    await stage.log.until("abort", () => aborted().length >= ROUNDS * CALLS, 10 * PING_MS);
    assertEquals(aborted().length, ROUNDS * CALLS);
    await assertAddsUp(stage, DIALECTS, streams);
    // The kernel hears of the end of a stream a moment after the log does.
    const deadline = performance.now() + 5 * PING_MS;
    while ((await stage.owingSockets()).length > 0 && performance.now() < deadline) {
      await pause(100);
    }
    assertEquals(await stage.owingSockets(), []);
  } finally {
    await network.mend(cable);
  }
}

/** A cable that is down for one heartbeat, at several places of the beat. */
async function survives(network: Network): Promise<void> {
  await using stage = await Stage.open(network, { pingMs: PING_MS, probe: "ss" });
  const clients = await stage.connect("client", ROUNDS, DIALECTS);
  const streams = ROUNDS * DIALECTS;
  for (const part of [0, 1 / 3, 2 / 3]) {
    await pause(PING_MS * (1 + part));
    await network.cut("client");
    await pause(PING_MS);
    await network.mend("client");
    const mendedAt = performance.now();
    const heardAgain = () =>
      new Set(clients.all.filter(({ at }) => at > mendedAt).map(({ json }) => json.client)).size;
    await clients.until("hearing again", () => heardAgain() === streams, 5 * PING_MS);
    report(`  all ${streams} streams go on ${Math.round(performance.now() - mendedAt)} ms later`);
  }
  // Longer than a loss would take to be found.
  await pause(2 * PING_MS);
  assertEquals(clients.matching({ isOver: true }), []);
  await assertAddsUp(stage, streams, 0);
}

/** Without the probe only clients that answered pings are found: one kind of six. */
async function isFoundByPings(network: Network): Promise<void> {
  await using stage = await Stage.open(network, { pingMs: PING_MS, probe: "off" });
  await stage.connect("client", ROUNDS, DIALECTS);
  await pause(2 * PING_MS);
  const cutAt = performance.now();
  await network.cut("client");
  try {
    const lost = () => stage.log.matching(closedLine);
    await stage.log.until("loss", () => lost().length >= ROUNDS, 6 * PING_MS);
    const last = Math.round((lost().at(-1)?.at ?? Infinity) - cutAt);
    report(`  ${ROUNDS} streams whose clients answered pings lost after at most ${last} ms`);
    assertWithin(4 * PING_MS + TOLERANCE_MS, last, "the last loss");
    await pause(PING_MS);
    await assertAddsUp(stage, ROUNDS * (DIALECTS - 1), ROUNDS);
    assert(
      (await stage.owingSockets()).length >= ROUNDS * (DIALECTS - 1),
      "the kernel still waits",
    );
  } finally {
    await network.mend("client");
  }
}

const TESTS: Record<string, (network: Network) => Promise<void>> = {
  "a client whose cable is cut is lost within three heartbeats, in every dialect": (network) =>
    isLost(network, "client"),
  "so it is when the server's own cable is cut": (network) => isLost(network, "server"),
  "a cable that is down for one heartbeat costs no stream": survives,
  "without the probe pings find those who answered them, and nobody finds the others":
    isFoundByPings,
};

let failed = 0;
for (const [name, test] of Object.entries(TESTS)) {
  try {
    await tryUntilInTime(async () => {
      await using network = await Network.create();
      await test(network);
    }, (message) => report(`  late: ${message}`));
    report(`ok      ${name}`);
  } catch (error) {
    failed++;
    report(`FAILED  ${name}\n${error instanceof Error ? error.stack ?? error.message : error}`);
  }
}
report(`${Object.keys(TESTS).length - failed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type SocketLister, TcpProbe } from "../../../lib/runtime/half_open/tcp_probe.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { runMain } from "../../helpers/process.ts";
import { FakeTime } from "../../helpers/time.ts";

const INTERVAL = 1_000;
const PORT = 4711;

/** A line of `ss` about a peer that owes an acknowledgement. */
const owing = (peer: string, silentMs: number) =>
  `0 24 127.0.0.1:${PORT} ${peer} rto:204 lastrcv:${silentMs} lastack:${silentMs} unacked:1 x:1\n`;

/** A lister whose text comes in chunks of a few characters, as from a pipe that splits lines. */
function listing(text: () => string, seen: number[] = []): SocketLister {
  return async function* (port) {
    seen.push(port);
    for (const chunk of text().match(/[^]{1,7}/g) ?? []) yield await Promise.resolve(chunk);
  };
}

class Probing implements Disposable {
  readonly time = new FakeTime();
  readonly lost: string[][] = [];
  readonly #probe: TcpProbe;

  constructor(list: SocketLister) {
    this.#probe = new TcpProbe({
      port: PORT,
      intervalMs: INTERVAL,
      onLost: (peers) => void this.lost.push([...peers]),
      list,
      clock: this.time.clock,
    });
    this.#probe.start();
  }

  stop(): void {
    this.#probe.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
    this.time[Symbol.dispose]();
  }
}

Deno.test("`TcpProbe` looks once a heartbeat at its port, and loses nobody who acknowledges", async () => {
  const seen: number[] = [];
  using probing = new Probing(listing(() => owing("192.0.2.1:80", 3), seen));
  await probing.time.advance(10 * INTERVAL);
  assertEquals([seen, probing.lost], [Array(10).fill(PORT), []]);
});

Deno.test("`TcpProbe` names the peers that fell silent, wherever the output is torn", async () => {
  let cutAt = Infinity;
  const silent = () => Math.max(0, probing.time.now - cutAt);
  using probing: Probing = new Probing(
    listing(() => owing("192.0.2.1:80", silent()) + owing("[::ffff:192.0.2.2]:81", silent())),
  );
  cutAt = 2_000;
  await probing.time.advance(5_000);
  assertEquals(probing.lost, []);
  await probing.time.advance(500);
  assertEquals(probing.lost, [["192.0.2.1:80", "192.0.2.2:81"]]);
});

Deno.test("`TcpProbe` never looks twice at once, and gives a look up that takes too long", async () => {
  using log = new CapturedLog();
  let open = 0;
  let most = 0;
  let looks = 0;
  using probing = new Probing(async function* (_port, signal) {
    looks++;
    most = Math.max(most, ++open);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    open--;
    yield "";
  });
  await probing.time.advance(5_900);
  assertEquals(looks, 1);
  await probing.time.advance(7_000);
  assertEquals([looks, most], [3, 1]);
  assertEquals(
    log.of("TCP probe failed").map(({ fields }) => fields.error),
    ["took longer than 5000 ms"],
  );
});

Deno.test("`TcpProbe` tells once that it fails and once that it works again, and goes on", async () => {
  using log = new CapturedLog();
  let isBroken = true;
  let looks = 0;
  using probing = new Probing(async function* () {
    looks++;
    yield await Promise.resolve("");
    if (isBroken) throw new Error("no such thing as ss");
  });
  await probing.time.advance(3 * INTERVAL);
  assertEquals([looks, log.messages()], [3, ["TCP probe failed"]]);
  isBroken = false;
  await probing.time.advance(3 * INTERVAL);
  assertEquals(log.messages(), ["TCP probe failed", "TCP probe works again"]);
  isBroken = true;
  await probing.time.advance(3 * INTERVAL);
  assertEquals(log.messages().length, 3);
});

Deno.test("`TcpProbe` survives a listener that throws", async () => {
  using log = new CapturedLog();
  using time = new FakeTime();
  let looks = 0;
  const probe = new TcpProbe({
    port: PORT,
    intervalMs: INTERVAL,
    onLost: () => {
      throw new Error("not now");
    },
    list: listing(() => (looks++, owing("192.0.2.1:80", 60_000))),
    clock: time.clock,
  });
  probe.start();
  await time.advance(4 * INTERVAL);
  probe.stop();
  assertEquals(looks >= 3, true);
  assertEquals(log.of("TCP probe failed")[0]?.fields.error, "not now");
});

Deno.test("`stop()` in the middle of a look ends it, says nothing and leaves no timer", async () => {
  using log = new CapturedLog();
  let wasAborted = false;
  using probing = new Probing(async function* (_port, signal) {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    wasAborted = true;
    yield owing("192.0.2.1:80", 60_000);
  });
  await probing.time.advance(INTERVAL);
  probing.stop();
  await probing.time.advance(10 * INTERVAL);
  assertEquals([wasAborted, log.messages(), probing.lost], [true, [], []]);
});

Deno.test("MCP_TCP_PROBE=ss without the permission ends the start with 1 and says what is missing", async () => {
  const { code, stderr } = await runMain({ args: ["--mcp-tcp-probe=ss", "--port=0"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "[ERROR] MCP_TCP_PROBE=ss ");
  if (Deno.build.os === "linux") assertStringIncludes(stderr, "--allow-run=ss main.ts");
});

Deno.test("MCP_TCP_PROBE takes off and ss, and nothing else", async () => {
  const { code, stderr } = await runMain({ args: ["--mcp-tcp-probe=netstat"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "MCP_TCP_PROBE");
});

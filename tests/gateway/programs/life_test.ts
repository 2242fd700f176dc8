/** Ends of clients, of servers and of the gateway, with real processes. */
import { assertEquals, assertMatch } from "@std/assert";
import { toolCall } from "../../helpers/app.ts";
import { descriptorsOf, entryOf, Gateway, hostile, isAlive, until } from "./gateway_process.ts";
import { openSession } from "./session.ts";

const ASKABLE = { elicitation: {} };
/** Most idle sockets of the client, far fewer than its visits. */
const KEPT_SOCKETS = 50;
const CLIENT = new URL("listening_client.ts", import.meta.url).pathname;

Deno.test("kill -9 of a server fails all its open calls with its name and last words", async () => {
  await using gateway = await Gateway.hostile("hangs");
  const [pid] = await gateway.childPids();
  const calls = Array.from({ length: 16 }, (_, id) => gateway.ask(toolCall("act", {}, id)));
  await until(async () => (await gateway.view()).servers[0].children[0].requests_open === 16);
  Deno.kill(pid!, "SIGKILL");
  for (const { error } of await Promise.all(calls)) {
    assertEquals(
      error.message,
      "The server deno ended (SIGKILL); its last words: a call begins",
    );
  }
});

/** The one process that a process has started. */
async function startedBy(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(pid)] }).output();
  return Number(new TextDecoder().decode(stdout));
}

for (const killed of ["a wrapper such as npx", "the server behind a wrapper"]) {
  Deno.test(`kill -9 of ${killed} fails all open calls, and the next call has a new server`, async () => {
    // The shell waits for its command, as npx does.
    const wrapped = ["sh", "-c", '"$@"; exit $?', "wrapper", ...hostile("hangs unless told")];
    await using gateway = await Gateway.start(...wrapped);
    const [wrapper] = await gateway.childPids();
    const server = await startedBy(wrapper!);
    const calls = Array.from({ length: 4 }, (_, id) => gateway.ask(toolCall("act", {}, id)));
    await until(async () => (await gateway.view()).servers[0].children[0].requests_open === 4);
    Deno.kill(killed.startsWith("a wrapper") ? wrapper! : server, "SIGKILL");
    for (const { error } of await Promise.all(calls)) {
      assertMatch(error.message, /^The server sh ended \((SIGKILL|code 137)\); its last words: /);
    }
    await until(async () => !await isAlive(wrapper!) && !await isAlive(server));
    const { result } = await gateway.ask(toolCall("act", { answers: true }));
    assertEquals(Number(result.content[0].text), await startedBy((await gateway.childPids())[0]!));
  });
}

Deno.test("a server whose wrapper is killed gets time to end by itself", async () => {
  const wrapped = ["sh", "-c", '"$@"; exit $?', "wrapper", ...hostile("tidies up")];
  await using gateway = await Gateway.start(...wrapped);
  const [wrapper] = await gateway.childPids();
  Deno.kill(wrapper!, "SIGKILL");
  await gateway.until(/I am tidy/);
});

Deno.test("a server that exits while its own child holds its output open is noticed", async () => {
  await using gateway = await Gateway.hostile("leaves its child");
  const [, child] = await gateway.until(/child (\d+)/);
  const { error } = await gateway.ask(toolCall("act", {}));
  assertMatch(error.message, /^The server deno ended \(code 4\)/);
  await until(async () => !await isAlive(Number(child)));
});

Deno.test("a client that is killed leaves no process of its session after the idle time", async () => {
  const one = entryOf(hostile("behaves"), { idleMs: 1_000 });
  await using gateway = await Gateway.ofFile({ one });
  const [shared] = await gateway.childPids();
  const client = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net=127.0.0.1", CLIENT, gateway.url],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = client.stdout.getReader();
  await reader.read();
  const own = (await gateway.childPids()).filter((pid) => pid !== shared);
  assertEquals(own.length, 1);
  client.kill("SIGKILL");
  await client.status;
  await reader.cancel();
  await until(async () => !await isAlive(own[0]!));
  assertEquals(await gateway.childPids(), [shared!]);
});

Deno.test("the file limits the sessions with a process", async () => {
  const one = entryOf(hostile("behaves"), { maxChildren: 2 });
  await using gateway = await Gateway.ofFile({ one });
  const sessions = [];
  for (let n = 0; n < 4; n++) {
    const session = await openSession(gateway.url, ASKABLE);
    await session.ask(toolCall("act", {}));
    sessions.push(session);
  }
  await until(async () => (await gateway.childPids()).length === 3);
  for (const session of sessions) await session.end();
  await until(async () => (await gateway.childPids()).length === 1);
});

Deno.test("clients that come and go leave no process, no session and no descriptor", async () => {
  const servers = { one: entryOf(hostile("behaves"), { idleMs: 1_000 }) };
  const flags = ["--mcp-session-idle-ms=1000", "--mcp-initializes-burst=10000"];
  await using gateway = await Gateway.ofFile(servers, flags);
  const visit = async (capabilities: object, says: "goodbye" | "nothing") => {
    const leaving = new AbortController();
    const session = await openSession(gateway.url, capabilities);
    await session.listen(leaving.signal);
    assertMatch(await session.ask(toolCall("act", {})), /"text":"\d+"/);
    if (says === "goodbye") await session.end();
    leaving.abort();
  };
  const visits = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const all = Array.from({ length: 20 }, (_, n) => visit({}, n % 2 ? "goodbye" : "nothing"));
      if (round % 8 === 0) all.push(visit(ASKABLE, "goodbye"), visit(ASKABLE, "nothing"));
      await Promise.all(all);
    }
    await until(async () => (await gateway.childPids()).length === 1);
    const nothing = /^lifeline_sessions_open 0$/m;
    await until(async () => nothing.test(await gateway.metrics()));
  };
  const pid = await gateway.pid();
  await visits(2);
  const before = await descriptorsOf(pid);
  await visits(40);
  // The client may keep some sockets for further requests.
  await until(async () => await descriptorsOf(pid) <= before + KEPT_SOCKETS);
  const metrics = await gateway.metrics();
  const counts = [...metrics.matchAll(/^lifeline_connections_open\{.*\} (\d+)$/gm)];
  assertEquals(new Set(counts.map(([, count]) => count)), new Set(["0"]));
});

Deno.test("a server that ignores the end of its input and SIGTERM is gone after kill -9 of the gateway, and so is what it has started", async () => {
  const servers = {
    stubborn: entryOf(hostile("ignores the end")),
    parent: entryOf(hostile("has a child")),
  };
  const gateway = await Gateway.ofFile(servers);
  const [, child] = await gateway.until(/child (\d+)/);
  const session = await openSession(gateway.url, ASKABLE);
  await session.ask(toolCall("stubborn__act", {}));
  const pids = [...await gateway.childPids(), Number(child)];
  assertEquals(pids.length, 5);
  await gateway.kill();
  for (const pid of pids) assertEquals(await isAlive(pid), false, String(pid));
});

Deno.test("setpriv ends a server that ignores the end of its input when the gateway and its launcher are killed", async () => {
  const wrapped = ["setpriv", "--pdeathsig", "KILL", "--", ...hostile("ignores the end")];
  const gateway = await Gateway.start(...wrapped);
  const [pid] = await gateway.childPids();
  await gateway.killBoth();
  await until(async () => !await isAlive(pid!));
});

Deno.test("a gateway whose launcher is killed drains, and leaves no server", async () => {
  const gateway = await Gateway.hostile("ignores the end");
  const [[server], pid] = [await gateway.childPids(), await gateway.pid()];
  await gateway.stop("SIGKILL");
  await until(async () => !await isAlive(pid) && !await isAlive(server!));
});

Deno.test("a gateway that is stopped while its servers start leaves none of them", async () => {
  const stderr = await Gateway.stoppedEarly(hostile("never starts"), /I am \d+/);
  const [, pid] = /I am (\d+)/.exec(stderr)!;
  assertEquals(await isAlive(Number(pid)), false);
});

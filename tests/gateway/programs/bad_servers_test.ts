/** Servers that cannot be used: each is its own failure with a clear reason, and the others go on. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { rpc, toolCall } from "../../helpers/app.ts";
import { entryOf, Gateway, hostile, isAlive, until } from "./gateway_process.ts";

const GOOD = entryOf(hostile("behaves"));

/** A gateway in front of a good server and a bad one. */
async function besideGood(
  bad: unknown,
  check: (gateway: Gateway) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  await using gateway = await Gateway.ofFile({ good: GOOD, bad }, flags);
  await check(gateway);
  const { result } = await gateway.ask(toolCall("act", {}), "/mcp/good");
  assert(Number(result.content[0].text) > 0, "the good server answers");
}

/** The reason that the gateway gives for the bad server. */
async function reasonOf(gateway: Gateway): Promise<string> {
  const { servers } = await (await fetch(`${gateway.url}/mcp/info`)).json();
  return servers.find(({ name }: { name: string }) => name === "bad").why ?? "";
}

const CASES: readonly { readonly what: string; readonly bad: unknown; readonly why: RegExp }[] = [
  {
    what: "a command that does not exist",
    bad: entryOf(["no-such-command-anywhere"]),
    why: /cannot be started: the command no-such-command-anywhere does not exist; install it/,
  },
  {
    what: "a file that is no program",
    bad: entryOf(["/etc/passwd"]),
    why: /the command \/etc\/passwd is not a program that this user may run/,
  },
  {
    what: "a folder that does not exist",
    bad: { command: "sh", cwd: "/no/such/folder" },
    why: /the folder \/no\/such\/folder \("cwd"\) does not exist/,
  },
  {
    what: "a server that exits at once",
    bad: entryOf(["sh", "-c", "echo no licence >&2; exit 3"]),
    why: /ended \(code 3\); its last words: no licence/,
  },
  {
    what: "a server that never answers initialize in the time of its entry",
    bad: entryOf(hostile("is silent"), { startMs: 1_000 }),
    why: /did not answer initialize within 1000 ms; "startMs" in its entry allows more/,
  },
  {
    what: "a server that prints garbage",
    bad: entryOf(hostile("prints garbage")),
    why: /100 lines in a row that are no messages/,
  },
];

for (const { what, bad, why } of CASES) {
  Deno.test(`${what} is named with the reason, and the others go on`, async () => {
    await besideGood(bad, async (gateway) => {
      assertMatch(await reasonOf(gateway), why);
      const { servers } = await (await fetch(`${gateway.url}/readyz`)).json();
      assertEquals(servers, { good: "up", bad: "down" });
    });
  });
}

Deno.test("a server that does not answer initialize yet is starting, and the others go on", async () => {
  await besideGood(entryOf(hostile("is silent")), async (gateway) => {
    const { servers } = await gateway.view();
    assertEquals(
      // deno-lint-ignore no-explicit-any -- a test reads any part of it
      servers.map(({ children }: any) => children[0].state),
      ["up", "starting"],
    );
    assertEquals((await gateway.ask(rpc("tools/list"), "/mcp/bad")).result.tools, []);
  });
});

Deno.test("a server that floods stderr answers its calls, and the log line ends", async () => {
  await besideGood(entryOf(hostile("floods stderr")), async (gateway) => {
    for (let n = 0; n < 3; n++) {
      const { result } = await gateway.ask(toolCall("act", {}), "/mcp/bad");
      assert(Number(result.content[0].text) > 0);
    }
    const { servers } = await gateway.view();
    for (const line of servers[1].children[0].last_lines) assert(line.length <= 500);
  });
});

Deno.test("a message over the limit fails its call with the limit, and the next works", async () => {
  const flags = ["--mcp-max-body-bytes=100000"];
  await besideGood(entryOf(hostile("answers at length")), async (gateway) => {
    const { error } = await gateway.ask(toolCall("act", {}), "/mcp/bad");
    assertMatch(error.message, /ended \(it sent a line of more than 100000 bytes\)/);
    const next = await gateway.ask(toolCall("act", { short: true }), "/mcp/bad");
    assert(Number(next.result.content[0].text) > 0);
  }, flags);
});

Deno.test("a server that ignores the end of its input is gone after the operator's restart", async () => {
  await besideGood(entryOf(hostile("ignores the end")), async (gateway) => {
    const { result } = await gateway.ask(toolCall("act", {}), "/mcp/bad");
    const pid = Number(result.content[0].text);
    assertEquals(await gateway.restart("bad.1"), 200);
    await until(async () => !await isAlive(pid));
    const next = await gateway.ask(toolCall("act", {}), "/mcp/bad");
    assert(Number(next.result.content[0].text) !== pid);
  });
});

Deno.test("a file with a typing error stops the start, and the message names the right key", async () => {
  const wrong = { good: { command: "sh", lifeline: { maxChilds: 3 } } };
  const { code, stderr } = await Gateway.refused(wrong);
  assertEquals(code, 1);
  assertMatch(stderr, /good\.lifeline: "maxChilds" is not known; did you mean "maxChildren"\?/);
});

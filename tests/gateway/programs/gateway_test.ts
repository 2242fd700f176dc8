/** The gateway as a process, in front of servers that are processes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { toolCall } from "../../helpers/app.ts";
import { entryOf, Gateway, hostile, isAlive, until } from "./gateway_process.ts";

async function pidOf(gateway: Gateway): Promise<number> {
  const { result } = await gateway.ask(toolCall("act", {}));
  return Number(result.content[0].text);
}

Deno.test("a server that is killed is started again, and the next call works", async () => {
  await using gateway = await Gateway.hostile("behaves");
  const pid = await pidOf(gateway);
  Deno.kill(pid, "SIGKILL");
  await gateway.until(/Server ended .*SIGKILL/);
  const next = await pidOf(gateway);
  assert(next !== pid && next > 0);
});

Deno.test("a server that dies in a call is told of, with its exit code and its last words", async () => {
  await using gateway = await Gateway.hostile("dies in a call");
  const { error } = await gateway.ask(toolCall("act", {}));
  assertMatch(error.message, /^The server deno ended \(code 3\); its last words: I give up$/);
});

Deno.test("a second answer to one request reaches nobody", async () => {
  await using gateway = await Gateway.hostile("answers twice");
  const pid = await pidOf(gateway);
  assertEquals(await pidOf(gateway), pid);
});

Deno.test("a server that ignores the end of its input and SIGTERM is gone with the gateway", async () => {
  const gateway = await Gateway.hostile("ignores the end");
  const pid = await pidOf(gateway);
  assertEquals(await isAlive(pid), true);
  await gateway.stop();
  assertEquals(await isAlive(pid), false);
});

Deno.test("what a server has started is gone with the gateway, too", async () => {
  const gateway = await Gateway.hostile("has a child");
  const pid = await pidOf(gateway);
  const [, child] = await gateway.until(/child (\d+)/);
  assert(await isAlive(Number(child)));
  await gateway.stop();
  assertEquals(await Promise.all([pid, Number(child)].map(isAlive)), [false, false]);
});

Deno.test("a server that reads its input ends when the gateway and its launcher are killed", async () => {
  const gateway = await Gateway.hostile("behaves");
  const pid = await pidOf(gateway);
  await gateway.killBoth();
  await until(async () => !await isAlive(pid));
});

Deno.test("a server that inherits the environment gets no secret of the gateway", async () => {
  const curious = entryOf(["sh", "-c", "env >&2"], { inheritEnv: true });
  await using gateway = await Gateway.ofFile({ curious });
  await gateway.until(/MCP_SERVERS=/);
  assert(!gateway.stderr.includes("MCP_ADMIN_TOKEN="), gateway.stderr);
});

Deno.test("a gateway with MCP_STORE says that it has no effect there, and serves", async () => {
  const flags = ["--mcp-store=redis://127.0.0.1:1"];
  await using gateway = await Gateway.ofFile({ good: entryOf(hostile("behaves")) }, flags);
  await gateway.until(/\[WARNING\] MCP_STORE has no effect in a gateway \{"hint":/);
  assert(await pidOf(gateway) > 0);
});

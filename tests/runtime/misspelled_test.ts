/** Variables that look like settings but are not. */
import { assertEquals } from "@std/assert";
import { findMisspelled } from "../../lib/runtime/misspelled.ts";

const NOT_LISTED = () => undefined;
const pause = () => Promise.resolve();

async function found(
  set: readonly string[],
  names: () => readonly string[] | undefined,
): Promise<(string | undefined)[][]> {
  const variables = new Set(set);
  const misspelled = await findMisspelled({ isSet: (name) => variables.has(name), names }, pause);
  return misspelled.map(({ name, nearest }) => [name, nearest]).sort();
}

for (
  const [name, nearest] of [
    ["MCP_PIN_INTERVAL_MS", "MCP_PING_INTERVAL_MS"],
    ["MCP_PINGG_INTERVAL_MS", "MCP_PING_INTERVAL_MS"],
    ["MCP_PIGN_INTERVAL_MS", "MCP_PING_INTERVAL_MS"],
    ["MCP_PANG_INTERVAL_MS", "MCP_PING_INTERVAL_MS"],
    ["MCP_PING_INTERVAL", "MCP_PING_INTERVAL_MS"],
    ["MCP_PING_INTERVAL_SECONDS", "MCP_PING_INTERVAL_MS"],
    ["MCP_LOGLEVEL", "MCP_LOG_LEVEL"],
    ["MCP_TOOL", "MCP_TOOLS"],
    ["MCP_ALLOWED_HOST", "MCP_ALLOWED_HOSTS"],
    ["MCP_ADMIN_TOKENS", "MCP_ADMIN_TOKEN"],
    ["MCP_ADMIN_TOKEN_FIL", "MCP_ADMIN_TOKEN_FILE"],
    ["MCP_PORT", "PORT"],
  ] as const
) {
  Deno.test(`${name} is found, whether the environment may be listed or not`, async () => {
    const set = [name, nearest, "PATH"];
    assertEquals(await found(set, NOT_LISTED), [[name, nearest]]);
    assertEquals(await found(set, () => set), [[name, nearest]]);
  });
}

Deno.test("a name that is far from all settings is told without a suggestion, where it can be seen", async () => {
  assertEquals(await found(["MCP_FOO"], () => ["MCP_FOO", "HOME"]), [["MCP_FOO", undefined]]);
});

Deno.test("settings themselves, and variables of others, are not told", async () => {
  const set = ["MCP_TOOLS", "MCP_ADMIN_TOKEN_FILE", "PORT", "PORTS", "LOG_LEVEL"];
  assertEquals(await found(set, NOT_LISTED), []);
  assertEquals(await found(set, () => set), []);
});

Deno.test("other work has its turn while names are asked for", async () => {
  let pauses = 0;
  let most = 0;
  let since = 0;
  await findMisspelled({
    isSet: () => {
      most = Math.max(most, ++since);
      return false;
    },
    names: NOT_LISTED,
  }, () => {
    pauses++;
    since = 0;
    return Promise.resolve();
  });
  assertEquals([pauses > 10, most <= 1_000], [true, true]);
});

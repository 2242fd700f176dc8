/** The permissions that the gateway starts with. */
import { assertEquals } from "@std/assert";
import { readServers } from "../../lib/gateway/config.ts";
import { permissionFlags, type Surroundings } from "../../lib/runtime/gateway/permissions.ts";

const LISTENED = "127.0.0.1,localhost,[::1],0.0.0.0,[::]";
const VARIABLES = "PORT,HOST,MCP_*,PATH,HOME,LANG,TMPDIR";

/** The permissions for a file of servers, by their names. */
function granted(mcpServers: unknown, surroundings: Partial<Surroundings> = {}) {
  const file = JSON.stringify({ mcpServers });
  const { servers } = readServers(file, () => "x");
  const flags = permissionFlags({
    ...{ servers, file, env: {}, flags: new Map(), hasProgram: () => true },
    ...surroundings,
  });
  const parts = flags.map((flag) => /^--allow-([a-z]+)(?:=(.*))?$/.exec(flag)!);
  return Object.fromEntries(parts.map(([, name, list]) => [name, list ?? "all"]));
}

Deno.test("a gateway may run its commands and kill, read its folder, and listen", () => {
  assertEquals(granted({ a: { command: "npx", args: ["-y", "x"] }, b: { command: "/opt/b" } }), {
    net: LISTENED,
    env: VARIABLES,
    read: ".",
    run: "npx,/opt/b,kill",
    sys: "systemMemoryInfo",
  });
});

Deno.test("a gateway reaches its remote servers and no other host, and runs nothing for them", () => {
  const { net, run } = granted({
    a: { url: "https://mcp.example.com/mcp" },
    b: { url: "http://10.0.0.1:8080/mcp" },
  });
  assertEquals(net, `${LISTENED},mcp.example.com:443,10.0.0.1:8080`);
  assertEquals(run, "kill");
});

Deno.test("settings widen only the permission that they need", () => {
  const a = { command: "npx" };
  const withEnv = (env: Record<string, string>) => granted({ a }, { env });
  assertEquals(withEnv({ HOST: "192.0.2.1" }).net, `${LISTENED},192.0.2.1`);
  assertEquals(withEnv({ MCP_AUTH_ISSUERS: "https://login.example.com" }).net, "all");
  assertEquals(
    withEnv({ MCP_SERVERS: "/etc/mcp.json", MCP_ADMIN_TOKEN_FILE: "/run/token" }).read,
    ".,/etc/mcp.json,/run/token",
  );
  assertEquals(withEnv({ MCP_TCP_PROBE: "ss" }).run, "npx,kill,ss");
  const flags = new Map([["MCP_AUTH_KEYS_FILE", "/etc/keys"]]);
  assertEquals(granted({ a }, { flags }).read, ".,/etc/keys");
});

Deno.test("variables that the file names may be read, and all of them only for inheritEnv", () => {
  const command = "${TOOLS}/bin/a";
  assertEquals(granted({ a: { command } }).env, `${VARIABLES},TOOLS`);
  const inheriting = granted({ a: { command: "a", lifeline: { inheritEnv: true } } });
  assertEquals([inheriting.env, inheriting.run], ["all", "all"]);
});

Deno.test("all programs may run if Deno or the machine leaves no narrower way", () => {
  assertEquals(granted({ a: { command: "a", env: { LD_PRELOAD: "x.so" } } }).run, "all");
  assertEquals(granted({ a: { command: "a,b" } }).run, "all");
  assertEquals(granted({ a: { command: "a" } }, { hasProgram: () => false }).run, "all");
});

/** The command line of the gateway: flags, then one server. */
import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { readArguments } from "../../lib/runtime/gateway/arguments.ts";

const read = (line: string) => readArguments(line.split(" ").filter(Boolean), () => undefined);

/** The flags, and the command with its arguments, or the URL. */
function taken(line: string): [string, string] {
  const { flags, servers: [server] } = read(line);
  const { launch } = server!;
  const command = "url" in launch ? launch.url : [launch.command, ...launch.args].join(" ");
  return [flags.join(" "), command];
}

Deno.test("the command begins behind -- or at the first argument that is no flag", () => {
  assertEquals(taken("-- npx -y some-server --flag"), ["", "npx -y some-server --flag"]);
  assertEquals(taken("--port=9000 -- npx -y x"), ["--port=9000", "npx -y x"]);
  assertEquals(taken("--port 9000 -- npx -y x"), ["--port 9000", "npx -y x"]);
  assertEquals(taken("npx -y x -- --flag of-x"), ["", "npx -y x -- --flag of-x"]);
  assertEquals(taken("--port 9000 npx -y x"), ["--port 9000", "npx -y x"]);
  assertEquals(taken("--port=9000 https://host/mcp"), ["--port=9000", "https://host/mcp"]);
});

Deno.test("a start that names no server, or two ways to name them, is refused", () => {
  for (const line of ["", "--", "--port=9000", "--port 9000", "--port=9000 --"]) {
    assertThrows(() => read(line), ConfigError, "No server is named");
  }
  assertThrows(
    () => readArguments(["--", "npx"], () => "./mcp.json"),
    ConfigError,
    "MCP_SERVERS and a command are given",
  );
  assertThrows(() => read("https://host/mcp --flag"), ConfigError, "A remote server is one URL");
});

Deno.test("a file of servers that is a folder is refused", () => {
  assertThrows(
    () => readArguments([], () => "."),
    ConfigError,
    "Cannot read MCP_SERVERS=.: It is a folder",
  );
});

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { type SettingName, SETTINGS, settingsWith } from "../../lib/base/settings.ts";
import { describeSettings, helpText, readCommand } from "../../lib/runtime/config.ts";
import { loadFeatures } from "../../lib/runtime/load_features.ts";

function read(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return readCommand(args, (name) => env[name]);
}

function faults(args: readonly string[], env: Readonly<Record<string, string>> = {}): string[] {
  const { message } = assertThrows(() => read(args, env), ConfigError);
  const [head, ...lines] = message.split("\n");
  assertEquals(head, "Invalid settings:");
  return lines.map((line) => line.trim());
}

/** The faults, or what is in force. */
function faultsIfAny(args: readonly string[], env: Readonly<Record<string, string>>): string[] {
  try {
    return [describeSettings(read(args, env).settings)];
  } catch {
    return faults(args, env);
  }
}

Deno.test("without flags and environment the settings are the defaults", () => {
  assertEquals(read([]), {
    settings: settingsWith(),
    secretFiles: [],
    stdio: false,
    checkConfig: false,
    help: false,
  });
});

Deno.test("the environment gives settings by their names", () => {
  const { settings } = read([], {
    PORT: "0",
    MCP_PING_INTERVAL_MS: "5000",
    MCP_ALLOWED_HOSTS: "a.example, b.example:8443",
    MCP_LOG_FORMAT: "json",
  });
  assertEquals(settings.PORT, 0);
  assertEquals(settings.MCP_PING_INTERVAL_MS, 5_000);
  assertEquals(settings.MCP_ALLOWED_HOSTS, ["a.example", "b.example:8443"]);
  assertEquals(settings.MCP_LOG_FORMAT, "json");
});

Deno.test("no user and no password of a URL is shown, whether the setting is right or wrong", async () => {
  const url = "https://ada:hunter2@host.example/x";
  for (
    const name of ["MCP_PUBLIC_URL", "MCP_AUTH_INTROSPECTION_URL", "MCP_ALLOWED_HOSTS", "PORT"]
  ) {
    const given = faultsIfAny([], { [name]: url });
    assertEquals(given.join().includes("hunter2"), false, given.join());
  }
  const { settings } = read([], { MCP_TOOLS: `./a.ts,${url}` });
  assertStringIncludes(describeSettings(settings), "./a.ts,https://…@host.example/x");
  const { message } = await assertRejects(
    () => loadFeatures(["https://ada:hunter2@127.0.0.1:1/x.ts"]),
    ConfigError,
  );
  assertEquals(message.includes("hunter2"), false, message);
});

Deno.test("a file of a secret that is too large stops the start, and is not read to its end", async () => {
  const large = await Deno.makeTempFile();
  await Deno.writeTextFile(large, "x".repeat(65_537));
  // No string of JavaScript could hold the second one.
  for (const bytes of [65_537, 2 ** 31]) {
    await Deno.truncate(large, bytes);
    const [fault = ""] = faults([], { MCP_ADMIN_TOKEN_FILE: large });
    assertStringIncludes(fault, "more than 65536 bytes");
  }
  await Deno.writeTextFile(large, `${"x".repeat(65_535)}\n`);
  assertEquals(read([], { MCP_ADMIN_TOKEN_FILE: large }).settings.MCP_ADMIN_TOKEN?.length, 65_535);
  await Deno.remove(large);
});

Deno.test("flags give the same settings, joined or apart", () => {
  const { settings } = read(["--port=0", "--mcp-ping-interval-ms", "5000", "--host", "::1"]);
  assertEquals([settings.PORT, settings.MCP_PING_INTERVAL_MS, settings.HOST], [0, 5_000, "::1"]);
});

Deno.test("a flag goes before the environment, and the last of two flags counts", () => {
  assertEquals(read(["--port=1"], { PORT: "2" }).settings.PORT, 1);
  assertEquals(read(["--port=1", "--port=3"], { PORT: "2" }).settings.PORT, 3);
});

Deno.test("an empty value is no value: the default holds", () => {
  assertEquals(read([], { PORT: "", MCP_TOOLS: "" }).settings, settingsWith());
  assertEquals(read(["--port="], { PORT: "9" }).settings.PORT, 8000);
});

const URL_VALUE = "https://issuer.example/introspect";
/** A value of a setting that has no default. */
function exampleOf(name: string): string {
  if (name === "MCP_STORE") return "redis://user:secret@10.0.0.5:6379/1";
  if (name.endsWith("_URL")) return URL_VALUE;
  return name.endsWith("_BYTES") ? "2048" : "0123456789abcdef".repeat(2);
}

Deno.test("every setting has a flag", () => {
  const defaults = settingsWith();
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const flag = `--${name.toLowerCase().replaceAll("_", "-")}`;
    assertStringIncludes(helpText(), flag);
    const value = String(defaults[name] ?? exampleOf(name));
    assertEquals(String(read([`${flag}=${value}`]).settings[name]), value, flag);
  }
});

Deno.test("--check-config, --stdio, --help and -h are switches", () => {
  assertEquals(read(["--check-config"]).checkConfig, true);
  assertEquals(read(["--stdio"]).stdio, true);
  assertEquals([read(["--help"]).help, read(["-h"]).help], [true, true]);
});

Deno.test("every fault is told at once, with the name, what was given, and what is allowed", () => {
  const told = faults(["--prot=1", "--mcp-max-body-bytes=12", "extra", "--host"], {
    PORT: "70000",
    MCP_PING_INTERVAL_MS: "soon",
    MCP_LOG_LEVEL: "loud",
    MCP_MAX_CONNECTIONS: "0",
    MCP_DRAIN_MS: "1.5",
  });
  assertEquals(told.length, 9);
  const all = told.join("\n");
  for (
    const expected of [
      /^--prot: unknown flag; did you mean --port\?$/m,
      /^argument 3: not a flag/m,
      /^--host: needs a value$/m,
      /^PORT="70000": Expected a whole number from 0 to 65535$/m,
      /^MCP_PING_INTERVAL_MS="soon": Expected a whole number from 10 to 2147483647$/m,
      /^MCP_LOG_LEVEL="loud": .*"debug"\|"info"\|"warning"\|"error"/m,
      /^MCP_MAX_CONNECTIONS="0": .*1/m,
      /^MCP_MAX_BODY_BYTES="12": .*1024/m,
      /^MCP_DRAIN_MS="1.5": Expected a whole number from 0 /m,
    ]
  ) assertMatch(all, expected);
});

Deno.test("every name in a list that can never match is a fault of its own, beside all others", () => {
  const told = faults([], {
    PORT: "x",
    MCP_TRUSTED_PROXIES: "10.0.0.0/8, 10.0.0.0/33, proxy.example, ::1",
    MCP_ALLOWED_HOSTS: "a.example, https://b.example, c.example/mcp, ::1, [::1]:80, *.d.example, *",
    MCP_ALLOWED_ORIGINS:
      "https://a.example, https://b.example/, b c, localhost:3000, null, *, https://*.c.example",
    MCP_ADMIN_TOKEN: "two words",
  });
  const expected: readonly (readonly [string, string])[] = [
    ["PORT", '"x"'],
    ["MCP_ALLOWED_HOSTS", '"https://b.example" is not a host name such as mcp.example.com'],
    ["MCP_ALLOWED_HOSTS", '"c.example/mcp" is not a host name'],
    [
      "MCP_ALLOWED_HOSTS",
      '"::1" is not a host name such as mcp.example.com, localhost:8000 or [::1]',
    ],
    ["MCP_ALLOWED_HOSTS", '"*.d.example" is not a host name'],
    [
      "MCP_ALLOWED_ORIGINS",
      '"https://b.example/" is not an origin such as https://app.example.com',
    ],
    ["MCP_ALLOWED_ORIGINS", '"b c" is not an origin'],
    ["MCP_ALLOWED_ORIGINS", '"https://*.c.example" is not an origin'],
    ["MCP_TRUSTED_PROXIES", '"10.0.0.0/33" is not an address or a subnet such as 10.0.0.0/8'],
    ["MCP_TRUSTED_PROXIES", '"proxy.example" is not an address'],
    ["MCP_ADMIN_TOKEN", "no blanks"],
  ];
  assertEquals(told.length, expected.length, told.join("\n"));
  for (const [index, [name, text]] of expected.entries()) {
    assert(told[index]?.startsWith(name), told[index]);
    assertStringIncludes(told[index] ?? "", text);
  }
  assertEquals(told.at(-1)?.includes("two words"), false);
});

for (
  const [args, expected] of [
    [["--port"], "--port: needs a value"],
    [["--port", "--stdio"], "--port: needs a value"],
    [["--help=yes"], "--help: takes no value"],
    [["-x"], "-x: unknown flag; --help lists the flags"],
    [["--hepl"], "--hepl: unknown flag; did you mean --help?"],
    [
      ["--MCP_LOG_LEVEL=debug"],
      "--…: unknown flag; did you mean --mcp-log-level?",
    ],
    [["--log-level=debug"], "--log-level: unknown flag; did you mean --mcp-log-level?"],
    [["--mcp-port=1"], "--mcp-port: unknown flag; did you mean --port?"],
    [
      ["--mcp-ping-interval=5"],
      "--mcp-ping-interval: unknown flag; did you mean --mcp-ping-interval-ms?",
    ],
    [
      ["--mcp-admin-tokne=secret"],
      "--mcp-admin-tokne: unknown flag; did you mean --mcp-admin-token?",
    ],
    [["--constructor=1"], "--constructor: unknown flag; --help lists the flags"],
    [
      ["serve"],
      "argument 1: not a flag (not shown, as it may be a secret); --help lists the flags",
    ],
  ] as const
) {
  Deno.test(`${args.join(" ")} is told as a fault of that flag`, () => {
    assertEquals(faults(args), [expected]);
  });
}

for (
  const args of [
    ["--mcp-admin-tokn", "hunter2"],
    ["--mcp-admin-tokn=hunter2"],
    ["--mcp-admin-token:hunter2"],
    ["--mcp-admin-tokenhunter2"],
    ["--mcp-admin-token", "right-0123456789", "hunter2"],
    ["--mcp-session-key", "hunter2"],
    ["-phunter2"],
    ["hunter2"],
    ["=hunter2"],
  ]
) {
  Deno.test(`${args.join(" ")} is refused without showing the value`, () => {
    const told = faults(args);
    assertEquals(told.length, 1, told.join("\n"));
    assertEquals(/unter2/.test(told.join("\n")), false, told.join("\n"));
  });
}

const FILES = "tests/fixtures/secrets";

Deno.test("a secret is read from the file that MCP_…_FILE names, without its last line end", () => {
  const { settings, secretFiles } = read(["--mcp-admin-token-file", `${FILES}/token`], {
    MCP_SESSION_KEY_FILE: `${FILES}/key`,
  });
  assertEquals(settings.MCP_ADMIN_TOKEN, "a-token-from-a-file-0123456789ab");
  assertEquals(settings.MCP_SESSION_KEY, " a key with blanks from a file: 0123456789 ");
  assertEquals(secretFiles, [`${FILES}/token`, `${FILES}/key`]);
});

Deno.test("a secret's file that is missing or empty, or beside the secret itself, is a fault", () => {
  const told = faults([], {
    MCP_ADMIN_TOKEN: "a-token-of-the-environment-0123456789",
    MCP_ADMIN_TOKEN_FILE: `${FILES}/token`,
    MCP_SESSION_KEY_FILE: `${FILES}/none`,
  });
  assertEquals(told.length, 2, told.join("\n"));
  assertMatch(told[0]!, /^MCP_ADMIN_TOKEN_FILE="\S+": MCP_ADMIN_TOKEN is set as well/);
  assertMatch(told[1]!, /^MCP_SESSION_KEY_FILE="\S+none": No such file/);
  assertMatch(faults([], { MCP_SESSION_KEY_FILE: `${FILES}/empty` })[0]!, /The file is empty$/);
});

Deno.test("what is no whole number is refused, and blanks are no value", () => {
  for (const value of ["Infinity", "1_000", "ten", "80.5", "8000 8001"]) {
    assertMatch(faults([], { PORT: value })[0] ?? "", /^PORT=/);
  }
  assertEquals(read([], { PORT: " ", MCP_DRAIN_MS: "\t" }).settings, settingsWith());
});

Deno.test("a fault of a secret does not show the secret", () => {
  const { message } = assertThrows(
    () => read([], { MCP_SESSION_KEY: "too-short-secret" }),
    ConfigError,
  );
  assertStringIncludes(message, "MCP_SESSION_KEY: ");
  assertEquals(message.includes("too-short-secret"), false);
});

for (const key of ["k".repeat(32), "abababababababababababababababababab"]) {
  Deno.test(`a session key of few different characters is refused: ${key.slice(0, 4)}…`, () => {
    const error = assertThrows(() => read([], { MCP_SESSION_KEY: key }), ConfigError);
    assertStringIncludes(error.message, "openssl rand -hex 32");
    assertEquals(error.message.includes(key), false);
  });
}

Deno.test("`describeSettings()` prints every setting on a line, secrets hidden", () => {
  const key = "0123456789".repeat(4);
  const settings = settingsWith({
    MCP_ADMIN_TOKEN: "s3cret-token-0123456789",
    MCP_SESSION_KEY: key,
  });
  const text = describeSettings(settings);
  const lines = new Map(
    text.split("\n").map((line) => {
      const [name = "", ...rest] = line.split(/ {2,}/);
      return [name, rest.join("  ")];
    }),
  );
  assertEquals([...lines.keys()], Object.keys(SETTINGS));
  assertEquals(lines.get("MCP_ADMIN_TOKEN"), "(set)");
  assertEquals(lines.get("MCP_SESSION_KEY"), "(set)");
  assertEquals(lines.get("MCP_TOOLS"), "(not set)");
  assertEquals(lines.get("MCP_ALLOWED_HOSTS"), "localhost,127.0.0.1,[::1]");
  assert(!text.includes("s3cret") && !text.includes(key));
});

Deno.test("`helpText()` says for every setting what it is", () => {
  const text = helpText();
  for (const { description } of Object.values(SETTINGS)) assertStringIncludes(text, description);
  for (const flag of ["--help", "--check-config", "--stdio"]) assertStringIncludes(text, flag);
});

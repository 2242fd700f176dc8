import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { checkSettings, SETTINGS, type Settings, settingsWith } from "../../lib/base/settings.ts";

Deno.test("`settingsWith()` fills in the documented defaults", () => {
  const local = ["localhost", "127.0.0.1", "[::1]"];
  const documented = {
    PORT: 8000,
    HOST: "127.0.0.1",
    MCP_PING_INTERVAL_MS: 15_000,
    MCP_MAX_PING_FAILURES: 3,
    MCP_MAX_CONNECTION_MS: 3_600_000,
    MCP_MAX_CONNECTIONS: 10_000,
    MCP_MAX_CONNECTIONS_PER_CLIENT: 1_000,
    MCP_MAX_QUEUED_BYTES: 1_048_576,
    MCP_MAX_TOTAL_QUEUED_BYTES: 268_435_456,
    MCP_MAX_BODY_BYTES: 4_194_304,
    MCP_REQUEST_TIMEOUT_MS: 300_000,
    MCP_SESSION_IDLE_MS: 1_800_000,
    MCP_DRAIN_MS: 5_000,
    MCP_ALLOWED_HOSTS: local,
    MCP_ALLOWED_ORIGINS: local,
    MCP_LOG_LEVEL: "info",
    MCP_LOG_FORMAT: "text",
  };
  const settings: Partial<Settings> = settingsWith();
  for (const [name, value] of Object.entries(documented)) {
    assertEquals(settings[name as keyof Settings], value, name);
  }
  assertEquals([settings.MCP_TOOLS, settings.MCP_ADMIN_TOKEN], [undefined, undefined]);
});

Deno.test("every setting has a description for --help", () => {
  for (const [name, { description }] of Object.entries(SETTINGS)) {
    assertNotEquals(description, "", name);
  }
});

Deno.test("every limit is on by default and cannot be turned off by 0 or a negative number", () => {
  const limits = Object.keys(SETTINGS).filter((name) =>
    /_MS$|_BYTES$|_MAX_|_SIZE$/.test(name) && name !== "MCP_DRAIN_MS"
  );
  for (const name of limits) {
    for (const value of [0, -1, 0.5, NaN, Infinity, "all"]) {
      assertThrows(() => settingsWith({ [name]: value }), ConfigError, name);
    }
  }
});

Deno.test("durations that no JavaScript timer can wait are refused", () => {
  const longest = 2 ** 31 - 1;
  assertEquals(settingsWith({ MCP_DRAIN_MS: longest }).MCP_DRAIN_MS, longest);
  assertThrows(() => settingsWith({ MCP_DRAIN_MS: longest + 1 }), ConfigError);
});

Deno.test("numbers of things go up to a thousand million, sizes to a terabyte", () => {
  for (
    const [name, most] of [["MCP_MAX_SESSIONS", 1e9], ["MCP_MAX_BODY_BYTES", 2 ** 40]] as const
  ) {
    assertEquals(settingsWith({ [name]: most })[name], most);
    assertThrows(() => settingsWith({ [name]: most + 1 }), ConfigError, name);
  }
});

Deno.test("a session key that is too weak is refused with what would be right", () => {
  for (const MCP_SESSION_KEY of ["short", "x".repeat(40), `${"0123456789".repeat(4)},short`]) {
    const { message } = assertThrows(() => settingsWith({ MCP_SESSION_KEY }), ConfigError);
    assertMatch(
      message,
      /: Expected at least \d+ characters, \d+ of them different, in each key where commas separate several; openssl rand -hex 32 makes one$/,
    );
  }
});

for (
  const [name, least, most] of [
    ["MCP_MAX_AUTH_FAILURES", 1, 1e9],
    ["MCP_AUTH_INTROSPECTION_CACHE_MS", 1, 2 ** 31 - 1],
    ["MCP_AUTH_RECHECK_MS", 1_000, 2 ** 31 - 1],
  ] as const
) {
  Deno.test(`${name} is a whole number from ${least} to ${most}`, () => {
    for (const value of [least, most]) {
      assertEquals(settingsWith({ [name]: value })[name], value);
    }
    for (const value of [least - 1, most + 1]) {
      assertThrows(() => settingsWith({ [name]: value }), ConfigError, name);
    }
  });
}

Deno.test("a client secret for introspection has at least 8 characters", () => {
  const name = "MCP_AUTH_INTROSPECTION_CLIENT_SECRET";
  assertEquals(settingsWith({ [name]: "12345678" })[name], "12345678");
  assertThrows(() => settingsWith({ [name]: "1234567" }), ConfigError, name);
});

Deno.test("lists of names are split at commas, with blanks and empty names left out", () => {
  const { settings } = checkSettings({ MCP_ALLOWED_HOSTS: " a.test, ,b.test,," });
  assertEquals(settings.MCP_ALLOWED_HOSTS, ["a.test", "b.test"]);
});

Deno.test("ports are whole numbers from 0 to 65535", () => {
  for (const PORT of [0, 1, 65_535]) assertEquals(settingsWith({ PORT }).PORT, PORT);
  for (const PORT of [-1, 65_536, 80.5]) assertThrows(() => settingsWith({ PORT }), ConfigError);
});

Deno.test("a drain may take no time at all, as in `deno task dev`", () => {
  assertEquals(checkSettings({ MCP_DRAIN_MS: "0" }).settings.MCP_DRAIN_MS, 0);
});

Deno.test("wrong and misspelt settings of an app are all named, and secrets are not shown", () => {
  const given = {
    MCP_PING_INTERVALL_MS: 5_000,
    MCP_TOOLBOX: "x",
    MCP_PAGE_SIZE: 0,
    MCP_ADMIN_TOKEN: "two words",
    PATH: "/bin",
  };
  const { message } = assertThrows(
    () => settingsWith(given as Record<string, unknown>),
    ConfigError,
  );
  assertEquals(message.split("\n  "), [
    "Invalid settings:",
    "MCP_PING_INTERVALL_MS: unknown setting; did you mean MCP_PING_INTERVAL_MS?",
    "MCP_TOOLBOX: unknown setting",
    "MCP_PAGE_SIZE=0: Expected a whole number from 1 to 1000000000",
    "MCP_ADMIN_TOKEN: Expected at least 16 ASCII characters, and no blanks",
  ]);
});

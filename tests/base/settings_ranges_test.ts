/** The least, the greatest and the usual value of each setting: operators' files rely on them. */
import { assertEquals } from "@std/assert";
import { checkSettings, SETTING_NAMES, settingsWith } from "../../lib/base/settings.ts";

const LONGEST_MS = 2 ** 31 - 1;
const MOST = 1_000_000_000;
const TERABYTE = 2 ** 40;

/** Least, greatest and default value. */
const NUMBERS: Readonly<Record<string, readonly [number, number, number | undefined]>> = {
  PORT: [0, 65_535, 8_000],
  MCP_HEAD_TIMEOUT_MS: [10, LONGEST_MS, 10_000],
  MCP_IDLE_SOCKET_MS: [10, LONGEST_MS, 65_000],
  MCP_MAX_HEAD_BYTES: [1_024, TERABYTE, 32_768],
  MCP_MAX_HEADERS: [1, MOST, 100],
  MCP_MAX_REQUESTS_PER_SOCKET: [1, MOST, 10_000],
  MCP_PAGE_SIZE: [1, MOST, 100],
  MCP_PING_INTERVAL_MS: [10, LONGEST_MS, 15_000],
  MCP_MAX_PING_FAILURES: [1, MOST, 3],
  MCP_MAX_CONNECTION_MS: [100, LONGEST_MS, 3_600_000],
  MCP_MAX_RESULT_BYTES: [1_024, TERABYTE, 33_554_432],
  MCP_MAX_QUEUED_BYTES: [1_024, TERABYTE, 1_048_576],
  MCP_MAX_TOTAL_QUEUED_BYTES: [1_024, TERABYTE, 268_435_456],
  MCP_MAX_CONNECTIONS: [1, MOST, 10_000],
  MCP_MAX_CONNECTIONS_PER_CLIENT: [1, MOST, 1_000],
  MCP_STREAM_OPENS_PER_SECOND: [1, MOST, 50],
  MCP_STREAM_OPENS_BURST: [1, MOST, 1_000],
  MCP_INITIALIZES_PER_SECOND: [1, MOST, 20],
  MCP_INITIALIZES_BURST: [1, MOST, 200],
  MCP_CALLS_PER_SECOND: [1, MOST, 1_000],
  MCP_CALLS_BURST: [1, MOST, 10_000],
  MCP_MAX_FLAPS: [1, MOST, 1_000],
  MCP_MAX_HEAP_PERCENT: [1, 100, 85],
  MCP_MAX_RESIDENT_PERCENT: [1, 100, 85],
  MCP_MEMORY_BYTES: [1_024, TERABYTE, undefined],
  MCP_MAX_REQUESTS_PER_CONNECTION: [1, MOST, 100],
  MCP_MAX_BODY_BYTES: [1_024, TERABYTE, 4_194_304],
  MCP_MAX_BODY_VALUES: [1, MOST, 50_000],
  MCP_MAX_BODY_BYTES_PER_CLIENT: [1_024, TERABYTE, 16_777_216],
  MCP_MAX_TOTAL_BODY_BYTES: [1_024, TERABYTE, 67_108_864],
  MCP_BODY_TIMEOUT_MS: [10, LONGEST_MS, 30_000],
  MCP_REQUEST_TIMEOUT_MS: [10, LONGEST_MS, 300_000],
  MCP_DRAIN_MS: [0, LONGEST_MS, 5_000],
  MCP_SESSION_IDLE_MS: [100, LONGEST_MS, 1_800_000],
  MCP_SESSION_MAX_MS: [100, LONGEST_MS, 604_800_000],
  MCP_MAX_SESSIONS: [1, MOST, 10_000],
  MCP_MAX_SESSIONS_PER_CLIENT: [1, MOST, 1_000],
  MCP_REPLAY_EVENTS: [1, MOST, 1_000],
  MCP_REPLAY_BYTES: [1_024, TERABYTE, 524_288],
  MCP_REPLAY_TOTAL_BYTES: [1_024, TERABYTE, 67_108_864],
  MCP_REPLAY_MS: [100, LONGEST_MS, 600_000],
  MCP_STORE_LEASE_MS: [1_000, LONGEST_MS, 5_000],
  MCP_AUTH_LEEWAY_MS: [1, 300_000, 30_000],
  MCP_AUTH_INTROSPECTION_CACHE_MS: [1, LONGEST_MS, 5_000],
  MCP_AUTH_RECHECK_MS: [1_000, LONGEST_MS, 60_000],
  MCP_MAX_AUTH_FAILURES: [1, MOST, 100],
};

/** What a value of one setting becomes, or the faults. */
function given(name: string, value: unknown): unknown {
  const { settings, faults } = checkSettings({ [name]: value });
  return faults.length > 0 ? faults : Reflect.get(settings, name);
}

for (const [name, [least, most, usual]] of Object.entries(NUMBERS)) {
  Deno.test(`${name} is a whole number from ${least} to ${most}, and ${usual} by default`, () => {
    assertEquals(Reflect.get(settingsWith(), name), usual);
    for (const value of [least, most]) {
      assertEquals([given(name, value), given(name, String(value))], [value, value]);
    }
    for (const value of [least - 1, most + 1, least + 0.5]) {
      const fault = `${name}=${value}: Expected a whole number from ${least} to ${most}`;
      assertEquals(given(name, value), [fault]);
    }
  });
}

Deno.test("the settings that are no numbers have these defaults", () => {
  const settings = settingsWith();
  const others = SETTING_NAMES.filter((name) => NUMBERS[name] === undefined)
    .map((name) => [name, settings[name]] as const)
    .filter(([, value]) => value !== undefined);
  const local = ["localhost", "127.0.0.1", "[::1]"];
  assertEquals(Object.fromEntries(others), {
    HOST: "127.0.0.1",
    MCP_LISTENER: "deno",
    MCP_REUSE_PORT: false,
    MCP_BUILT_IN_TOOLS: true,
    MCP_TOOL_HEADERS: [],
    MCP_SERVER_NAME: "lifeline",
    MCP_MASK_ERRORS: "auto",
    MCP_TCP_PROBE: "off",
    MCP_STORE_PREFIX: "lifeline:",
    MCP_STORE_STRICT: false,
    MCP_ALLOWED_HOSTS: local,
    MCP_ALLOWED_ORIGINS: local,
    MCP_TRUSTED_PROXIES: [],
    MCP_FORWARDED_HEADER: "X-Forwarded-For",
    MCP_METRICS_PUBLIC: false,
    MCP_AUTH_ISSUERS: [],
    MCP_AUTH_AUDIENCES: [],
    MCP_AUTH_SCOPES: [],
    MCP_AUTH_OFFERED_SCOPES: [],
    MCP_AUTH_TOKEN_TYPES: ["at+jwt"],
    MCP_AUTH_INTROSPECTION_AUDIENCE: "required",
    MCP_AUTH_MIRROR_METADATA: false,
    MCP_AUDIT: false,
    MCP_LOG_LEVEL: "info",
    MCP_LOG_FORMAT: "text",
  });
});

const KEY = "0123456789abcdef0123456789abcdef";

for (
  const [name, allowed, refused] of [
    ["MCP_PUBLIC_URL", [
      "https://mcp.example.com",
      "http://localhost:8000/",
      "https://example.com/ai",
    ], [
      "mcp.example.com",
      "ftp://example.com",
      "https://user@example.com",
      "https://:secret@example.com",
      "https://example.com/?a",
      "https://example.com/#a",
      "https://example.com/mcp",
      "https://example.com/mcp/",
      "https://example.com/mcp/sse",
    ]],
    ["MCP_TOOL_HEADERS", [["X-Tenant"], []], [
      "Authorization",
      "cookie",
      "Proxy-Authorization",
      "Mcp-Session-Id",
      ["a b"],
      [""],
    ]],
    ["MCP_ALLOWED_HOSTS", [["*"], ["a.test:8000"], ["[::1]:80"]], [
      "https://a.test",
      "a.test/x",
      "*.a.test",
      "a.test:123456",
    ]],
    ["MCP_ALLOWED_ORIGINS", [["*"], ["https://a.test"], ["chrome-extension://abc"]], [
      "https://*",
      "https://a.test/",
      "*.a.test",
    ]],
    ["MCP_ADMIN_TOKEN", ["x".repeat(16)], ["x".repeat(15), `${"x".repeat(16)} y`, "ä".repeat(16)]],
    ["MCP_SESSION_KEY", [KEY, `${KEY} , ${KEY}`, `${"abcdefg".repeat(5)}h`], [
      KEY.slice(1),
      "abcdefg".repeat(5),
      `${KEY},${KEY.slice(1)}`,
    ]],
    ["MCP_STORE", ["kv:", "kv:/tmp/x", "redis://10.0.0.5:6379", "rediss://a:b@c.test/2"], [
      "redis://",
      "redis://a/b",
      "http://a",
      "redis://a:x",
    ]],
    ["MCP_AUTH_ISSUERS", [["https://id.test"], ["http://localhost:9/x"], ["http://[::1]:9"]], [
      "http://id.test",
      "https://id.test/?a",
      "https://id.test/#a",
      "https://a@id.test",
      "https://:b@id.test",
      "ftp://localhost",
      "id.test",
    ]],
    ["MCP_AUTH_SCOPES", [["a:b"], ["!"]], [["a b"], ['"a"'], ["a,b"], [""]]],
    ["MCP_AUTH_TOKEN_TYPES", [["at+jwt", "jwt", "none"]], ["JWT", "jwtx"]],
    ["MCP_AUTH_KEY_HEADER", ["X-API-Key"], ["Authorization", "a b", ""]],
    ["MCP_AUTH_AUDIENCES", [["a"]], [[""]]],
  ] as const
) {
  Deno.test(`${name} takes what is right, and refuses what cannot work`, () => {
    for (const value of allowed) {
      assertEquals(checkSettings({ [name]: value }).faults, [], String(value));
    }
    for (const value of refused) {
      assertEquals(checkSettings({ [name]: value }).faults.length, 1, String(value));
    }
  });
}

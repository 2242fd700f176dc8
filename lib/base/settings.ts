/**
 * Every setting with its default and its allowed values, in one table. Durations end in `_MS`,
 * sizes in `_BYTES`; every limit is on by default.
 *
 * @module
 */
import { ACCESS, AUTHORIZATION } from "./access_settings.ts";
import { ConfigError } from "./errors.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log.ts";
import { isPublicUrl } from "./urls.ts";
import { unknownSetting, wrongSetting } from "./setting_faults.ts";
import type { PublicSettings, SecretName, Settings } from "./settings_type.ts";
import { SESSIONS, SHARING } from "./session_settings.ts";
import {
  boolean,
  bytes,
  count,
  integer,
  MAX_BYTES,
  milliseconds,
  nameList,
  oneOf,
  text,
} from "./setting_kinds.ts";

const isToolHeader = (name: string) =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !SECRET_HEADERS.includes(name.toLowerCase());
const SECRET_HEADERS = ["authorization", "cookie", "proxy-authorization", "mcp-session-id"];

const LISTENING = {
  PORT: integer(0, 65_535, 8000)
    .describe("Port to listen on; 0 chooses a free one"),
  HOST: text("127.0.0.1").describe("Address to listen on"),
  MCP_LISTENER: oneOf(["deno", "node"], "deno")
    .describe(
      "HTTP server: deno, or node, which uses less memory and limits its sockets",
    ),
  MCP_REUSE_PORT: boolean(false)
    .describe("Whether other processes with this setting may share the port"),
  MCP_PUBLIC_URL: text(undefined, {
    isAllowed: isPublicUrl,
    error:
      "Expected a URL such as https://mcp.example.com or https://example.com/ai, without /mcp, " +
      "query and password",
  }).describe("Public base URL, such as https://mcp.example.com; used for absolute URLs"),
  MCP_HEAD_TIMEOUT_MS: milliseconds(10_000, 10)
    .describe("Time limit for the head of a request to arrive (MCP_LISTENER=node)"),
  MCP_IDLE_SOCKET_MS: milliseconds(65_000, 10)
    .describe("Idle time after which a socket is closed (MCP_LISTENER=node)"),
  MCP_MAX_HEAD_BYTES: bytes(32_768)
    .describe("Maximum size of the head of a request (MCP_LISTENER=node)"),
  MCP_MAX_HEADERS: count(100).describe(
    "Maximum number of headers of a request (MCP_LISTENER=node)",
  ),
  MCP_MAX_REQUESTS_PER_SOCKET: count(10_000)
    .describe("Maximum number of requests on one socket (MCP_LISTENER=node)"),
};

const TOOLS = {
  MCP_TOOLS: text(undefined).describe(
    "Modules with exports to serve: paths or URLs, comma-separated",
  ),
  MCP_BUILT_IN_TOOLS: boolean(true).describe("Whether to serve the built-in tools"),
  MCP_TOOL_HEADERS: nameList(
    [],
    isToolHeader,
    "a header name such as X-Tenant; Authorization and Cookie are for the server alone",
  ).describe("Request headers that tools may read as ctx.headers, comma-separated"),
  MCP_SERVER_NAME: text("lifeline").describe("Name of the server that clients see"),
  MCP_SERVER_TITLE: text(undefined).describe(
    "Title of the server for people; default: MCP_SERVER_NAME",
  ),
  MCP_SERVER_VERSION: text(undefined).describe(
    "Version of the server that clients see; default: Lifeline's version",
  ),
  MCP_SERVER_INSTRUCTIONS: text(undefined).describe(
    "Instructions for the model: how to use this server",
  ),
  MCP_MASK_ERRORS: oneOf(["auto", "on", "off"], "auto").describe(
    "Whether clients get a reference instead of the messages of unexpected errors; auto: yes if other machines can call",
  ),
  MCP_PAGE_SIZE: count(100).describe("Entries per page of a list"),
};

const STREAMS = {
  MCP_PING_INTERVAL_MS: milliseconds(15_000, 10)
    .describe("Keepalive: time between two pings of a stream"),
  MCP_MAX_PING_FAILURES: count(3).describe(
    "Consecutive failed pings after which a stream is closed",
  ),
  MCP_TCP_PROBE: oneOf(["off", "ss"], "off").describe(
    "How to find half-open peers: ss asks the kernel (Linux; needs --allow-run=ss)",
  ),
  MCP_MAX_CONNECTION_MS: milliseconds(3_600_000, 100)
    .describe(
      "Maximum age of a stream; each ends at 80-100 % of it, so that they do not end together",
    ),
  MCP_MAX_RESULT_BYTES: bytes(33_554_432).describe(
    "Maximum size of a result as JSON; a larger one is answered with an error",
  ),
  MCP_MAX_QUEUED_BYTES: bytes(1_048_576).describe(
    "Maximum bytes that wait for one slow reader",
  ),
  MCP_MAX_TOTAL_QUEUED_BYTES: bytes(268_435_456).describe(
    "Maximum bytes that wait for all readers together",
  ),
};

const ADMISSION = {
  MCP_MAX_CONNECTIONS: count(10_000).describe(
    "Maximum number of open streams, and of running requests",
  ),
  MCP_MAX_CONNECTIONS_PER_CLIENT: count(1_000).describe(
    "Maximum number of open streams per client, and of running requests",
  ),
  MCP_STREAM_OPENS_PER_SECOND: count(50).describe("Long-lived streams per client per second"),
  MCP_STREAM_OPENS_BURST: count(1_000)
    .describe("Burst: long-lived streams that a client may open at once"),
  MCP_INITIALIZES_PER_SECOND: count(20).describe("New sessions per client per second"),
  MCP_INITIALIZES_BURST: count(200)
    .describe("Burst: sessions that a client may open at once"),
  MCP_CALLS_PER_SECOND: count(1_000)
    .describe("Tool calls and completions per client per second"),
  MCP_CALLS_BURST: count(10_000)
    .describe("Burst: tool calls and completions that a client may send at once"),
  MCP_MAX_FLAPS: count(1_000)
    .describe("Unused short streams after which a client is refused (one is forgiven every 10 s)"),
  MCP_MAX_HEAP_PERCENT: integer(1, 100, 85)
    .describe("Heap use, in percent of its limit, above which new work is refused"),
  MCP_MAX_RESIDENT_PERCENT: integer(1, 100, 85).describe(
    "Resident memory, in percent of MCP_MEMORY_BYTES, above which new work is refused",
  ),
  MCP_MEMORY_BYTES: integer(1024, MAX_BYTES, undefined).describe(
    "Memory that the process may use; default: the limit of its cgroup, else the machine's " +
      "memory (asking needs --allow-sys=systemMemoryInfo)",
  ),
};

const REQUESTS = {
  MCP_MAX_REQUESTS_PER_CONNECTION: count(100)
    .describe("Maximum number of running requests per stream or session"),
  MCP_MAX_BODY_BYTES: bytes(4_194_304).describe("Maximum size of a request body"),
  MCP_MAX_BODY_VALUES: count(50_000)
    .describe("Maximum number of values in a large request body: texts, numbers, members, lists"),
  MCP_MAX_BODY_BYTES_PER_CLIENT: bytes(16_777_216)
    .describe(
      "Maximum bytes of large bodies per client that are read or belong to running requests",
    ),
  MCP_MAX_TOTAL_BODY_BYTES: bytes(67_108_864).describe("Maximum bytes of such bodies in total"),
  MCP_BODY_TIMEOUT_MS: milliseconds(30_000, 10).describe(
    "Time limit for a request body to arrive",
  ),
  MCP_REQUEST_TIMEOUT_MS: milliseconds(300_000, 10).describe(
    "Time limit for a tool call",
  ),
  MCP_DRAIN_MS: milliseconds(5_000, 0).describe(
    "Time for running calls to end after SIGINT, SIGTERM or SIGHUP",
  ),
};

const LOGGING = {
  MCP_LOG_LEVEL: oneOf(LOG_LEVELS, "info").describe(
    "Least urgent level to log",
  ),
  MCP_LOG_FORMAT: oneOf(LOG_FORMATS, "text").describe(
    "Format of log lines",
  ),
};

/** The settings by topic, in the order in which people need them. */
const TOPICS = {
  Listening: LISTENING,
  Tools: TOOLS,
  "Streams: keepalive, age, slow readers": STREAMS,
  "Admission: limits in total and per client": ADMISSION,
  Requests: REQUESTS,
  "Sessions and replay": SESSIONS,
  "Several instances": SHARING,
  "Access: hosts, origins, proxies, the operator": ACCESS,
  Authorization: AUTHORIZATION,
  Logging: LOGGING,
};

export type { PublicSettings, Settings } from "./settings_type.ts";

/** All settings, by name. */
export const SETTINGS = {
  ...LISTENING,
  ...TOOLS,
  ...STREAMS,
  ...ADMISSION,
  ...REQUESTS,
  ...SESSIONS,
  ...SHARING,
  ...ACCESS,
  ...AUTHORIZATION,
  ...LOGGING,
};

/** A setting's name. */
export type SettingName = keyof Settings;

/** The names of all settings, in the order in which people need them. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Settings that are secrets; `…_FILE` names a file to read each from instead. */
export const SECRET_SETTINGS: readonly SettingName[] = [
  "MCP_ADMIN_TOKEN",
  "MCP_READ_TOKEN",
  "MCP_SESSION_KEY",
  "MCP_STORE",
  "MCP_AUTH_INTROSPECTION_CLIENT_SECRET",
] satisfies readonly SecretName[];

/** The names of all settings by topic, as `--help` and `docs/settings.md` list them. */
export const SETTING_TOPICS: readonly { readonly title: string; readonly names: SettingName[] }[] =
  Object.entries(TOPICS).map(([title, shape]) => ({
    title,
    names: Object.keys(shape) as SettingName[],
  }));

/** A default as text: `none`, or the names of a list separated by commas. */
export function defaultText(name: SettingName): string {
  const value = settingsWith()[name];
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "none";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Settings as somebody gave them, checked. */
export interface CheckedSettings {
  readonly settings: Settings;
  /** A line for each fault. The settings are not to be used if there is any. */
  readonly faults: readonly string[];
}

/**
 * Checks settings, and fills in the defaults.
 *
 * @param given texts or values, by name; other names are left out
 */
export function checkSettings(given: Readonly<Record<string, unknown>>): CheckedSettings {
  const settings: Partial<Record<SettingName, unknown>> = {};
  const faults: string[] = [];
  for (const name of SETTING_NAMES) {
    const value = given[name];
    settings[name] = SETTINGS[name].read(value, (message) => {
      const isSecret = SECRET_SETTINGS.includes(name);
      faults.push(wrongSetting(name, isSecret ? undefined : value, message));
      return undefined;
    });
  }
  if (faults.length === 0) CHECKED.add(settings);
  return { settings: Object.freeze(settings) as Settings, faults };
}

/** Complete settings without a fault: an app that gets them need not check them again. */
const CHECKED = new WeakSet<object>();

/**
 * Fills in the defaults.
 *
 * @param given any settings, by name
 * @throws {ConfigError} naming each that is not allowed, and what is
 */
export function settingsWith(given: Partial<Settings> = {}): Settings {
  if (CHECKED.has(given)) return given as Settings;
  const { settings, faults } = checkSettings(given);
  const unknown = Object.keys(given)
    .filter((name) => name.startsWith("MCP_") && !Object.hasOwn(SETTINGS, name))
    .map((name) => unknownSetting(name, SETTING_NAMES));
  requireNoFaults([...unknown, ...faults]);
  return settings;
}

/** @throws {ConfigError} with all faults */
export function requireNoFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new ConfigError(["Invalid settings:", ...faults].join("\n  "));
}

/** A copy without the secrets. */
export function publicSettings(settings: Settings): PublicSettings {
  const copy: Partial<Settings> = { ...settings };
  for (const name of SECRET_SETTINGS) delete (copy as Record<string, unknown>)[name];
  return Object.freeze(copy) as PublicSettings;
}

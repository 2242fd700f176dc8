/**
 * The settings of sessions, and of the data that is kept for clients that come back.
 *
 * @module
 */
import { boolean, bytes, count, milliseconds, text } from "./setting_kinds.ts";

/** Least characters of a key that signs. */
const MIN_KEY = 32;
/** Least different characters of it: a text of few of them was typed, not made. */
const MIN_VARIETY = 8;

/** The keys in `MCP_SESSION_KEY`; the first signs and seals, and what any of them made is accepted. */
export function sessionKeys(keys: string | undefined): readonly string[] {
  return keys === undefined ? [] : keys.split(/\s*,\s*/);
}

/** The settings of sessions and replay, by name. */
export const SESSIONS = {
  MCP_SESSION_IDLE_MS: milliseconds(1_800_000, 100).describe(
    "Idle time after which a session ends",
  ),
  MCP_SESSION_MAX_MS: milliseconds(604_800_000, 100)
    .describe("Maximum age of a session that is restored from its id"),
  MCP_MAX_SESSIONS: count(10_000).describe(
    "Maximum number of sessions in memory; the least recently used leave first",
  ),
  MCP_MAX_SESSIONS_PER_CLIENT: count(1_000).describe(
    "Maximum number of sessions in memory per client; its least recently used leave first",
  ),
  MCP_SESSION_KEY: text(undefined, {
    min: MIN_KEY,
    keepsBlanks: true,
    isAllowed: (keys) =>
      sessionKeys(keys).every((key) => key.length >= MIN_KEY && new Set(key).size >= MIN_VARIETY),
    error:
      `Expected at least ${MIN_KEY} characters, ${MIN_VARIETY} of them different, in each key where ` +
      "commas separate several; openssl rand -hex 32 makes one",
  }).describe(
    "Secret that signs session ids; with the same secret, sessions survive a restart. Of several, " +
      "comma-separated, the first signs and all are accepted",
  ),
  MCP_REPLAY_EVENTS: count(1_000).describe("Events kept for replay, per stream"),
  MCP_REPLAY_BYTES: bytes(524_288).describe("Bytes of events kept for replay, per stream"),
  MCP_REPLAY_TOTAL_BYTES: bytes(67_108_864).describe(
    "Bytes of events kept for replay, in total; each event counts 1 KiB more than its size",
  ),
  MCP_REPLAY_MS: milliseconds(600_000, 100).describe("Time for which events are kept for replay"),
};

const isStore = (url: string) =>
  url.startsWith("kv:") || (/^rediss?:\/\/[^/\s]+(\/\d*)?$/.test(url) && URL.canParse(url));

/** The settings of the store that several instances share, by name. */
export const SHARING = {
  MCP_STORE: text(undefined, {
    isAllowed: isStore,
    error: "Expected redis://HOST:PORT or rediss://HOST:PORT, with USER:PASSWORD@ if needed, or " +
      "kv:, or kv:PATH",
  }).describe(
    "Store that several instances share, such as redis://10.0.0.5:6379, or kv:; " +
      "needs MCP_SESSION_KEY",
  ),
  MCP_STORE_PREFIX: text("lifeline:").describe(
    "Beginning of all keys and channels in the store; instances with the same belong together",
  ),
  MCP_STORE_STRICT: boolean(false).describe(
    "Whether to refuse sessions while the store cannot tell whether they have ended",
  ),
  MCP_STORE_LEASE_MS: milliseconds(5_000, 1_000).describe(
    "Time after which an instance that gives no sign of life counts as dead",
  ),
};

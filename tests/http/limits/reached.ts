/**
 * Limits that tests reach: the answer to the client, the log line, and the metric.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { SettingName } from "../../../lib/base/settings.ts";
import type { AppOptions } from "../../../lib/mod.ts";
import { initializeRequest, PLAIN_HEADERS, type TestApp, testApp } from "../../helpers/app.ts";
import { CapturedLog, type LoggedLine } from "../../helpers/log.ts";
import { moved, scrape } from "../../helpers/metrics.ts";
import type { EventReader } from "../../helpers/sse.ts";
import { FakeTime } from "../../helpers/time.ts";

/** An app on its way to a limit. */
export interface Scene {
  readonly app: TestApp;
  readonly time: FakeTime;
  /** Id of the stream, session or event that the approach leaves for the step beyond the limit. */
  id: string;
  /** The stream that the approach leaves open. */
  stream?: EventReader;
}

/** One limit and how to reach it. */
export interface Reached {
  /** The setting, or another name of the limit. */
  readonly name: string;
  /** Further settings of the same limit. */
  readonly also?: readonly SettingName[];
  readonly options?: AppOptions;
  /** Goes up to the limit. */
  readonly approach?: (scene: Scene) => Promise<void>;
  /** Goes beyond it; the answer to that, where there is one. */
  readonly exceed: (scene: Scene) => Promise<Response | void>;
  readonly status?: number;
  readonly retryAfter?: boolean;
  /** Pattern of the answer; default: it names the setting. */
  readonly says?: RegExp;
  /** How the stream that was left open ends: the reason in its goodbye, or `cut` without one. */
  readonly ends?: string;
  /** The log lines of the refusal. */
  readonly logs: readonly string[];
  /** All counters that move. */
  readonly moves: Readonly<Record<string, number>>;
}

export const JSON_ONLY = { accept: "application/json" };
export const INITIALIZE = initializeRequest();

/** Asks for a plain stream. */
export function open({ app }: Pick<Scene, "app">): Promise<Response> {
  return app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
}

/** Leaves a plain stream of which only the welcome is read. */
export async function leaveOpen(scene: Scene, message?: unknown): Promise<void> {
  const { id, events } = await scene.app.open(message);
  scene.id = id;
  scene.stream = events;
}

/** Leaves a session. */
export async function initialize(scene: Scene): Promise<void> {
  const response = await scene.app.post("/mcp", INITIALIZE);
  scene.id = response.headers.get("mcp-session-id") ?? "";
}

/** The log lines of a refusal by a limit. */
export function refusedLog(limit: string, kind: string): string[] {
  return [`WARNING Refused ${limit}`, `DEBUG Request refused ${kind}`];
}

export function rejected(kind: string): Record<string, number> {
  return { [`lifeline_rejections_total{kind="${kind}"}`]: 1 };
}

export function refused(limit: string, kind: string): Record<string, number> {
  return { [`lifeline_refused_total{limit="${limit}"}`]: 1, ...rejected(kind) };
}

export function closed(reason: string, dialect = "plain"): Record<string, number> {
  return {
    [`lifeline_connections_closed_total{dialect="${dialect}",reason="${reason}"}`]: 1,
    [`lifeline_connection_age_seconds_count{dialect="${dialect}"}`]: 1,
  };
}

export const initialized = {
  'lifeline_sessions_opened_total{how="created"}': 1,
  'lifeline_requests_total{method="initialize",outcome="ok"}': 1,
  'lifeline_request_duration_seconds_count{method="initialize"}': 1,
};

export function called(method: string, outcome: string): Record<string, number> {
  return {
    [`lifeline_requests_total{method="${method}",outcome="${outcome}"}`]: 1,
    [`lifeline_request_duration_seconds_count{method="${method}"}`]: 1,
  };
}

export function toolCalled(tool: string, outcome: string): Record<string, number> {
  return {
    ...called("tools/call", outcome),
    [`lifeline_tool_calls_total{tool="${tool}",outcome="${outcome}"}`]: 1,
    [`lifeline_tool_duration_seconds_count{tool="${tool}"}`]: 1,
  };
}

/** The field of each message that tells which limit it is about; other messages are left out. */
const TELLING: Readonly<Record<string, string>> = {
  "Refused": "limit",
  "Result too large": "max_bytes",
  "Credential refused": "reason",
  "Request refused": "kind",
  "Request timed out": "timeout_ms",
  "Session ended": "end",
  "Events gone": "protocol_version",
  "Ping failed": "consecutive_failures",
  "Connection forcefully closed": "reason",
};

/** A log line in short; a departure of a client is no matter of limits. */
function said({ level, message, fields }: LoggedLine): string[] {
  const field = TELLING[message];
  if (field === undefined || fields.reason === "client_closed") return [];
  return [`${level} ${message} ${fields[field]}`];
}

async function assertAnswer(
  { name, status, retryAfter = false, says = new RegExp(name) }: Reached,
  response: Response | undefined,
): Promise<void> {
  assertEquals(response?.status, status);
  assertEquals(response?.headers.has("retry-after") ?? false, retryAfter);
  const text = await response?.text() ?? "";
  if (status === undefined || status === 202) assertEquals(text, "");
  else assertMatch(text, says);
}

/** The reason that the goodbye of a stream gives. */
async function endOf(stream: EventReader | undefined): Promise<string> {
  assert(stream !== undefined, "no stream was left open");
  try {
    return (await stream.nextNamed("close")).json.data.reason;
  } catch {
    return "cut";
  }
}

/** Tests each limit of a list. */
export function testLimits(limits: readonly Reached[]): void {
  for (const limit of limits) {
    Deno.test(`${limit.name}: whoever goes beyond it sees it, and so do log and metrics`, async () => {
      using time = new FakeTime();
      using log = new CapturedLog("debug");
      using app = testApp({ ...limit.options, wheel: { clock: time.clock } });
      const scene: Scene = { app, time, id: "" };
      await limit.approach?.(scene);
      const [before, saidBefore] = [await scrape(app), log.parsed().length];
      const response = await limit.exceed(scene) ?? undefined;
      await assertAnswer(limit, response);
      assertEquals(moved(before, await scrape(app)), limit.moves);
      assertEquals(log.parsed().slice(saidBefore).flatMap(said), limit.logs);
      if (limit.ends !== undefined) assertEquals(await endOf(scene.stream), limit.ends);
    });
  }
}

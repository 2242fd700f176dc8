/**
 * Limits to be reached by tests: what the client sees, what the log says, and which metric moves.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { AppOptions } from "../../lib/mod.ts";
import { PLAIN_HEADERS, rpc, type TestApp, testApp } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { moved, scrape } from "../helpers/metrics.ts";
import { FakeTime } from "../helpers/time.ts";

/** One limit and how to reach it. */
export interface Reached {
  readonly name: string;
  readonly options?: AppOptions;
  /** Goes up to the limit. */
  readonly approach?: (app: TestApp, time: FakeTime) => Promise<void>;
  /** Goes beyond it; the answer to that, where there is one. */
  readonly exceed: (app: TestApp, time: FakeTime) => Promise<Response | void>;
  readonly status?: number;
  readonly retryAfter?: boolean;
  /** All counters that move. */
  readonly moves: Readonly<Record<string, number>>;
}

export const JSON_ONLY = { accept: "application/json" };
export const INITIALIZE = rpc("initialize", { protocolVersion: "2025-11-25", capabilities: {} });

/** Opens a plain stream that nobody reads. */
export function open(app: TestApp): Promise<Response> {
  return app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
}

export async function initialize(app: TestApp): Promise<string> {
  return (await app.post("/mcp", INITIALIZE)).headers.get("mcp-session-id") ?? "";
}

export function rejected(limit: string, kind: string): Record<string, number> {
  return {
    [`lifeline_refused_total{limit="${limit}"}`]: 1,
    [`lifeline_rejections_total{kind="${kind}"}`]: 1,
  };
}

export function closed(reason: string, count = 1): Record<string, number> {
  return {
    [`lifeline_connections_closed_total{dialect="plain",reason="${reason}"}`]: count,
    'lifeline_connection_age_seconds_count{dialect="plain"}': count,
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

/** What the log says of refusals and of streams that the server ended. */
function said(log: CapturedLog): string[] {
  const refusals = log.of("Refused").map(({ level, fields }) => `${level} ${fields.limit}`);
  const closes = log.of("Connection forcefully closed")
    .map(({ level, fields }) => `${level} ${fields.reason}`);
  return [...refusals, ...closes.filter((line) => line !== "INFO client_closed")];
}

/** The same, as the metrics that move have it. */
function saidFor(moves: Readonly<Record<string, number>>): string[] {
  return Object.keys(moves).flatMap((metric) => {
    const [, limit] = /^lifeline_refused_total\{limit="(.*)"\}$/.exec(metric) ?? [];
    const [, reason] = /^lifeline_connections_closed_total\{.*reason="(.*)"\}$/.exec(metric) ?? [];
    // One call too many of a session is told to its client, whose own fault it is.
    if (limit !== undefined && limit !== "max_requests") return [`WARNING ${limit}`];
    return reason === undefined ? [] : [`INFO ${reason}`];
  });
}

/** Tests each limit of a list. */
export function testLimits(limits: readonly Reached[]): void {
  for (const { name, options, approach, exceed, status, retryAfter, moves } of limits) {
    Deno.test(`${name}: whoever goes beyond it is seen in log and metrics`, async () => {
      using time = new FakeTime();
      using log = new CapturedLog("info");
      using app = testApp({ ...options, wheel: { clock: time.clock } });
      await approach?.(app, time);
      const before = await scrape(app);
      const response = await exceed(app, time) ?? undefined;
      assertEquals(response?.status, status);
      assertEquals(response?.headers.has("retry-after") ?? false, retryAfter ?? false);
      await response?.body?.cancel();
      assertEquals(moved(before, await scrape(app)), moves);
      assertEquals(said(log), saidFor(moves));
    });
  }
}

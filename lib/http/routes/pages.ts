/**
 * The pages and their parts, held in memory: text imports travel inside a compiled binary and need
 * no permission to read files.
 *
 * @module
 */
import { eTag, ifNoneMatch } from "@std/http/etag";
import type { Route } from "../router.ts";
import icon from "../../../static/icon.svg" with { type: "text" };
import connectionsPage from "../../../static/connections.html" with { type: "text" };
import connectionsScript from "../../../static/connections.js" with { type: "text" };
import connectionsStyle from "../../../static/connections.css" with { type: "text" };
import ssePage from "../../../static/sse-test.html" with { type: "text" };
import sseScript from "../../../static/sse-test.js" with { type: "text" };
import style from "../../../static/style.css" with { type: "text" };
import controls from "../../../static/style/controls.css" with { type: "text" };
import figures from "../../../static/style/figures.css" with { type: "text" };
import sseStyle from "../../../static/sse-test.css" with { type: "text" };
import calls from "../../../static/client/calls.js" with { type: "text" };
import closeReasons from "../../../static/client/close_reasons.js" with { type: "text" };
import curl from "../../../static/client/curl.js" with { type: "text" };
import pingStats from "../../../static/client/ping_stats.js" with { type: "text" };
import plainConnection from "../../../static/client/plain_connection.js" with { type: "text" };
import schemaFields from "../../../static/client/schema_fields.js" with { type: "text" };
import session from "../../../static/client/session.js" with { type: "text" };
import sseParser from "../../../static/client/sse_parser.js" with { type: "text" };
import summaries from "../../../static/client/summaries.js" with { type: "text" };
import endKinds from "../../../static/client/end_kinds.js" with { type: "text" };
import ledgerClient from "../../../static/client/ledger_client.js" with { type: "text" };
import ledgerHistory from "../../../static/client/ledger_history.js" with { type: "text" };
import poller from "../../../static/client/poller.js" with { type: "text" };
import arrival from "../../../static/doctor/arrival.js" with { type: "text" };
import browserConnection from "../../../static/doctor/browser_connection.js" with { type: "text" };
import connectionFindings from "../../../static/doctor/connection_findings.js" with {
  type: "text",
};
import dialectProbes from "../../../static/doctor/dialect_probes.js" with { type: "text" };
import doctor from "../../../static/doctor/doctor.js" with { type: "text" };
import findings from "../../../static/doctor/findings.js" with { type: "text" };
import hangUpProbe from "../../../static/doctor/hang_up_probe.js" with { type: "text" };
import idleFindings from "../../../static/doctor/idle_findings.js" with { type: "text" };
import idleProbe from "../../../static/doctor/idle_probe.js" with { type: "text" };
import plainProbe from "../../../static/doctor/plain_probe.js" with { type: "text" };
import proxies from "../../../static/doctor/proxies.js" with { type: "text" };
import reachFindings from "../../../static/doctor/reach_findings.js" with { type: "text" };
import request from "../../../static/doctor/request.js" with { type: "text" };
import table from "../../../static/doctor/table.js" with { type: "text" };
import tracedStream from "../../../static/doctor/traced_stream.js" with { type: "text" };
import dom from "../../../static/ui/dom.js" with { type: "text" };
import eventLog from "../../../static/ui/event_log.js" with { type: "text" };
import eventStore from "../../../static/ui/event_store.js" with { type: "text" };
import pathPanel from "../../../static/ui/path_panel.js" with { type: "text" };
import pingChart from "../../../static/ui/ping_chart.js" with { type: "text" };
import resultView from "../../../static/ui/result_view.js" with { type: "text" };
import runningCalls from "../../../static/ui/running_calls.js" with { type: "text" };
import schemaForm from "../../../static/ui/schema_form.js" with { type: "text" };
import settings from "../../../static/ui/settings.js" with { type: "text" };
import stateBadge from "../../../static/ui/state_badge.js" with { type: "text" };
import toolsPanel from "../../../static/ui/tools_panel.js" with { type: "text" };
import connectionList from "../../../static/ui/connection_list.js" with { type: "text" };
import historyCharts from "../../../static/ui/history_charts.js" with { type: "text" };
import keyedRows from "../../../static/ui/keyed_rows.js" with { type: "text" };
import recentLists from "../../../static/ui/recent_lists.js" with { type: "text" };
import svg from "../../../static/ui/svg.js" with { type: "text" };

interface Asset {
  readonly type: string;
  readonly text: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

const FILES: Readonly<Record<string, string>> = {
  "/icon.svg": icon,
  "/connections.html": connectionsPage,
  "/connections.js": connectionsScript,
  "/connections.css": connectionsStyle,
  "/sse-test.html": ssePage,
  "/sse-test.js": sseScript,
  "/style.css": style,
  "/style/controls.css": controls,
  "/style/figures.css": figures,
  "/sse-test.css": sseStyle,
  "/client/calls.js": calls,
  "/client/close_reasons.js": closeReasons,
  "/client/curl.js": curl,
  "/client/ping_stats.js": pingStats,
  "/client/plain_connection.js": plainConnection,
  "/client/schema_fields.js": schemaFields,
  "/client/session.js": session,
  "/client/sse_parser.js": sseParser,
  "/client/summaries.js": summaries,
  "/client/end_kinds.js": endKinds,
  "/client/ledger_client.js": ledgerClient,
  "/client/ledger_history.js": ledgerHistory,
  "/client/poller.js": poller,
  "/doctor/arrival.js": arrival,
  "/doctor/browser_connection.js": browserConnection,
  "/doctor/connection_findings.js": connectionFindings,
  "/doctor/dialect_probes.js": dialectProbes,
  "/doctor/doctor.js": doctor,
  "/doctor/findings.js": findings,
  "/doctor/hang_up_probe.js": hangUpProbe,
  "/doctor/idle_findings.js": idleFindings,
  "/doctor/idle_probe.js": idleProbe,
  "/doctor/plain_probe.js": plainProbe,
  "/doctor/proxies.js": proxies,
  "/doctor/reach_findings.js": reachFindings,
  "/doctor/request.js": request,
  "/doctor/table.js": table,
  "/doctor/traced_stream.js": tracedStream,
  "/ui/dom.js": dom,
  "/ui/event_log.js": eventLog,
  "/ui/event_store.js": eventStore,
  "/ui/path_panel.js": pathPanel,
  "/ui/ping_chart.js": pingChart,
  "/ui/result_view.js": resultView,
  "/ui/running_calls.js": runningCalls,
  "/ui/schema_form.js": schemaForm,
  "/ui/settings.js": settings,
  "/ui/state_badge.js": stateBadge,
  "/ui/tools_panel.js": toolsPanel,
  "/ui/connection_list.js": connectionList,
  "/ui/history_charts.js": historyCharts,
  "/ui/keyed_rows.js": keyedRows,
  "/ui/recent_lists.js": recentLists,
  "/ui/svg.js": svg,
};

/** Every asset by its path. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries(FILES).map(([path, text]) => [path, { type: typeOf(path), text }]),
);

function typeOf(path: string): string {
  const ending = path.slice(path.lastIndexOf(".") + 1);
  return TYPES[ending] ?? "text/plain; charset=utf-8";
}

const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** What serves them. */
export const PAGE_ROUTES: ReadonlyMap<string, Route> = new Map(
  [...ASSETS].map(([path, asset]) => [path, { GET: ({ request }) => sendAsset(request, asset) }]),
);

/** Sends an asset, or 304 to a browser that has it. */
async function sendAsset(
  request: Request,
  { type, text }: Asset,
): Promise<Response> {
  const etag = await eTag(text);
  const headers = new Headers({ ...SECURITY_HEADERS, "content-type": type });
  if (etag !== undefined) headers.set("etag", etag);
  return ifNoneMatch(request.headers.get("if-none-match"), etag)
    ? new Response(text, { headers })
    : new Response(null, { status: 304, headers });
}

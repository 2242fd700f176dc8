/**
 * Every file that a page can load, by its path from the root. Written by `deno task pages`.
 *
 * @module
 */
import doctorBrowserJs from "../../../doctor/browser.js" with { type: "text" };
import doctorEngineConnectionFindingsJs from "../../../doctor/engine/connection_findings.js" with {
  type: "text",
};
import doctorEngineDeliveryJs from "../../../doctor/engine/delivery.js" with { type: "text" };
import doctorEngineDialectProbesJs from "../../../doctor/engine/dialect_probes.js" with {
  type: "text",
};
import doctorEngineExamineJs from "../../../doctor/engine/examine.js" with { type: "text" };
import doctorEngineFindingsJs from "../../../doctor/engine/findings.js" with { type: "text" };
import doctorEngineHangUpProbeJs from "../../../doctor/engine/hang_up_probe.js" with {
  type: "text",
};
import doctorEngineIdleFindingsJs from "../../../doctor/engine/idle_findings.js" with {
  type: "text",
};
import doctorEngineIdleProbeJs from "../../../doctor/engine/idle_probe.js" with { type: "text" };
import doctorEnginePlainProbeJs from "../../../doctor/engine/plain_probe.js" with { type: "text" };
import doctorEngineProbeErrorJs from "../../../doctor/engine/probe_error.js" with { type: "text" };
import doctorEngineProxiesJs from "../../../doctor/engine/proxies.js" with { type: "text" };
import doctorEngineReachFindingsJs from "../../../doctor/engine/reach_findings.js" with {
  type: "text",
};
import doctorEngineRequestJs from "../../../doctor/engine/request.js" with { type: "text" };
import doctorEngineTableJs from "../../../doctor/engine/table.js" with { type: "text" };
import doctorEngineTracedStreamJs from "../../../doctor/engine/traced_stream.js" with {
  type: "text",
};
import staticClientCallsJs from "../../../static/client/calls.js" with { type: "text" };
import staticClientCloseReasonsJs from "../../../static/client/close_reasons.js" with {
  type: "text",
};
import staticClientCurlJs from "../../../static/client/curl.js" with { type: "text" };
import staticClientLedgerClientJs from "../../../static/client/ledger_client.js" with {
  type: "text",
};
import staticClientLedgerHistoryJs from "../../../static/client/ledger_history.js" with {
  type: "text",
};
import staticClientPingStatsJs from "../../../static/client/ping_stats.js" with { type: "text" };
import staticClientPlainConnectionJs from "../../../static/client/plain_connection.js" with {
  type: "text",
};
import staticClientPollerJs from "../../../static/client/poller.js" with { type: "text" };
import staticClientSchemaFieldsJs from "../../../static/client/schema_fields.js" with {
  type: "text",
};
import staticClientSessionJs from "../../../static/client/session.js" with { type: "text" };
import staticClientSummariesJs from "../../../static/client/summaries.js" with { type: "text" };
import staticConnectionsCss from "../../../static/connections.css" with { type: "text" };
import staticConnectionsHtml from "../../../static/connections.html" with { type: "text" };
import staticConnectionsJs from "../../../static/connections.js" with { type: "text" };
import staticIconSvg from "../../../static/icon.svg" with { type: "text" };
import staticSharedBadgeJs from "../../../static/shared/badge.js" with { type: "text" };
import staticSharedFormatsJs from "../../../static/shared/formats.js" with { type: "text" };
import staticSharedJsonJs from "../../../static/shared/json.js" with { type: "text" };
import staticSharedRefusalJs from "../../../static/shared/refusal.js" with { type: "text" };
import staticSharedSseParserJs from "../../../static/shared/sse_parser.js" with { type: "text" };
import staticSharedStorageJs from "../../../static/shared/storage.js" with { type: "text" };
import staticSseTestCss from "../../../static/sse-test.css" with { type: "text" };
import staticSseTestHtml from "../../../static/sse-test.html" with { type: "text" };
import staticSseTestJs from "../../../static/sse-test.js" with { type: "text" };
import staticStyleCss from "../../../static/style.css" with { type: "text" };
import staticStyleControlsCss from "../../../static/style/controls.css" with { type: "text" };
import staticStyleFiguresCss from "../../../static/style/figures.css" with { type: "text" };
import staticUiConnectionListJs from "../../../static/ui/connection_list.js" with { type: "text" };
import staticUiDomJs from "../../../static/ui/dom.js" with { type: "text" };
import staticUiEventLogJs from "../../../static/ui/event_log.js" with { type: "text" };
import staticUiEventStoreJs from "../../../static/ui/event_store.js" with { type: "text" };
import staticUiHistoryChartsJs from "../../../static/ui/history_charts.js" with { type: "text" };
import staticUiKeyedRowsJs from "../../../static/ui/keyed_rows.js" with { type: "text" };
import staticUiPathPanelJs from "../../../static/ui/path_panel.js" with { type: "text" };
import staticUiPingChartJs from "../../../static/ui/ping_chart.js" with { type: "text" };
import staticUiRecentListsJs from "../../../static/ui/recent_lists.js" with { type: "text" };
import staticUiResultViewJs from "../../../static/ui/result_view.js" with { type: "text" };
import staticUiRunningCallsJs from "../../../static/ui/running_calls.js" with { type: "text" };
import staticUiSchemaFormJs from "../../../static/ui/schema_form.js" with { type: "text" };
import staticUiSettingsJs from "../../../static/ui/settings.js" with { type: "text" };
import staticUiStateBadgeJs from "../../../static/ui/state_badge.js" with { type: "text" };
import staticUiSvgJs from "../../../static/ui/svg.js" with { type: "text" };
import staticUiToolsPanelJs from "../../../static/ui/tools_panel.js" with { type: "text" };

export const PAGE_FILES: Readonly<Record<string, string>> = {
  "doctor/browser.js": doctorBrowserJs,
  "doctor/engine/connection_findings.js": doctorEngineConnectionFindingsJs,
  "doctor/engine/delivery.js": doctorEngineDeliveryJs,
  "doctor/engine/dialect_probes.js": doctorEngineDialectProbesJs,
  "doctor/engine/examine.js": doctorEngineExamineJs,
  "doctor/engine/findings.js": doctorEngineFindingsJs,
  "doctor/engine/hang_up_probe.js": doctorEngineHangUpProbeJs,
  "doctor/engine/idle_findings.js": doctorEngineIdleFindingsJs,
  "doctor/engine/idle_probe.js": doctorEngineIdleProbeJs,
  "doctor/engine/plain_probe.js": doctorEnginePlainProbeJs,
  "doctor/engine/probe_error.js": doctorEngineProbeErrorJs,
  "doctor/engine/proxies.js": doctorEngineProxiesJs,
  "doctor/engine/reach_findings.js": doctorEngineReachFindingsJs,
  "doctor/engine/request.js": doctorEngineRequestJs,
  "doctor/engine/table.js": doctorEngineTableJs,
  "doctor/engine/traced_stream.js": doctorEngineTracedStreamJs,
  "static/client/calls.js": staticClientCallsJs,
  "static/client/close_reasons.js": staticClientCloseReasonsJs,
  "static/client/curl.js": staticClientCurlJs,
  "static/client/ledger_client.js": staticClientLedgerClientJs,
  "static/client/ledger_history.js": staticClientLedgerHistoryJs,
  "static/client/ping_stats.js": staticClientPingStatsJs,
  "static/client/plain_connection.js": staticClientPlainConnectionJs,
  "static/client/poller.js": staticClientPollerJs,
  "static/client/schema_fields.js": staticClientSchemaFieldsJs,
  "static/client/session.js": staticClientSessionJs,
  "static/client/summaries.js": staticClientSummariesJs,
  "static/connections.css": staticConnectionsCss,
  "static/connections.html": staticConnectionsHtml,
  "static/connections.js": staticConnectionsJs,
  "static/icon.svg": staticIconSvg,
  "static/shared/badge.js": staticSharedBadgeJs,
  "static/shared/formats.js": staticSharedFormatsJs,
  "static/shared/json.js": staticSharedJsonJs,
  "static/shared/refusal.js": staticSharedRefusalJs,
  "static/shared/sse_parser.js": staticSharedSseParserJs,
  "static/shared/storage.js": staticSharedStorageJs,
  "static/sse-test.css": staticSseTestCss,
  "static/sse-test.html": staticSseTestHtml,
  "static/sse-test.js": staticSseTestJs,
  "static/style.css": staticStyleCss,
  "static/style/controls.css": staticStyleControlsCss,
  "static/style/figures.css": staticStyleFiguresCss,
  "static/ui/connection_list.js": staticUiConnectionListJs,
  "static/ui/dom.js": staticUiDomJs,
  "static/ui/event_log.js": staticUiEventLogJs,
  "static/ui/event_store.js": staticUiEventStoreJs,
  "static/ui/history_charts.js": staticUiHistoryChartsJs,
  "static/ui/keyed_rows.js": staticUiKeyedRowsJs,
  "static/ui/path_panel.js": staticUiPathPanelJs,
  "static/ui/ping_chart.js": staticUiPingChartJs,
  "static/ui/recent_lists.js": staticUiRecentListsJs,
  "static/ui/result_view.js": staticUiResultViewJs,
  "static/ui/running_calls.js": staticUiRunningCallsJs,
  "static/ui/schema_form.js": staticUiSchemaFormJs,
  "static/ui/settings.js": staticUiSettingsJs,
  "static/ui/state_badge.js": staticUiStateBadgeJs,
  "static/ui/svg.js": staticUiSvgJs,
  "static/ui/tools_panel.js": staticUiToolsPanelJs,
};

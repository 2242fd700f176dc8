/**
 * Every file that a page can load, by its path from the root. Written by `deno task pages`.
 *
 * @module
 */
import doctorBrowserJs from "../../../doctor/browser.js" with { type: "text" };
import doctorEngineAuthorizationJs from "../../../doctor/engine/authorization.js" with {
  type: "text",
};
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
import doctorEngineServedDialectsJs from "../../../doctor/engine/served_dialects.js" with {
  type: "text",
};
import doctorEngineServersBehindJs from "../../../doctor/engine/servers_behind.js" with {
  type: "text",
};
import doctorEngineTableJs from "../../../doctor/engine/table.js" with { type: "text" };
import doctorEngineTracedStreamJs from "../../../doctor/engine/traced_stream.js" with {
  type: "text",
};
import staticClientBackoffJs from "../../../static/client/backoff.js" with { type: "text" };
import staticClientCallsJs from "../../../static/client/calls.js" with { type: "text" };
import staticClientCloseReasonsJs from "../../../static/client/close_reasons.js" with {
  type: "text",
};
import staticClientDialectsChannelJs from "../../../static/client/dialects/channel.js" with {
  type: "text",
};
import staticClientDialectsCurlJs from "../../../static/client/dialects/curl.js" with {
  type: "text",
};
import staticClientDialectsHttpSseJs from "../../../static/client/dialects/http_sse.js" with {
  type: "text",
};
import staticClientDialectsLegacyClientJs from "../../../static/client/dialects/legacy_client.js" with {
  type: "text",
};
import staticClientDialectsModJs from "../../../static/client/dialects/mod.js" with {
  type: "text",
};
import staticClientDialectsModernJs from "../../../static/client/dialects/modern.js" with {
  type: "text",
};
import staticClientDialectsModernHeadersJs from "../../../static/client/dialects/modern_headers.js" with {
  type: "text",
};
import staticClientDialectsPlainJs from "../../../static/client/dialects/plain.js" with {
  type: "text",
};
import staticClientDialectsStreamableJs from "../../../static/client/dialects/streamable.js" with {
  type: "text",
};
import staticClientFieldValuesJs from "../../../static/client/field_values.js" with {
  type: "text",
};
import staticClientLedgerClientJs from "../../../static/client/ledger_client.js" with {
  type: "text",
};
import staticClientLedgerHistoryJs from "../../../static/client/ledger_history.js" with {
  type: "text",
};
import staticClientListAllJs from "../../../static/client/list_all.js" with { type: "text" };
import staticClientPingStatsJs from "../../../static/client/ping_stats.js" with { type: "text" };
import staticClientPollerJs from "../../../static/client/poller.js" with { type: "text" };
import staticClientQuestionHandlerJs from "../../../static/client/question_handler.js" with {
  type: "text",
};
import staticClientQuestionsJs from "../../../static/client/questions.js" with { type: "text" };
import staticClientSchemaExampleJs from "../../../static/client/schema_example.js" with {
  type: "text",
};
import staticClientSchemaFieldsJs from "../../../static/client/schema_fields.js" with {
  type: "text",
};
import staticClientSchemaRefJs from "../../../static/client/schema_ref.js" with { type: "text" };
import staticClientSessionJs from "../../../static/client/session.js" with { type: "text" };
import staticClientSignInAskJs from "../../../static/client/sign_in/ask.js" with { type: "text" };
import staticClientSignInClientIdJs from "../../../static/client/sign_in/client_id.js" with {
  type: "text",
};
import staticClientSignInCredentialJs from "../../../static/client/sign_in/credential.js" with {
  type: "text",
};
import staticClientSignInDiscoveryJs from "../../../static/client/sign_in/discovery.js" with {
  type: "text",
};
import staticClientSignInFlowJs from "../../../static/client/sign_in/flow.js" with { type: "text" };
import staticClientSignInPkceJs from "../../../static/client/sign_in/pkce.js" with { type: "text" };
import staticClientSignInSignedInJs from "../../../static/client/sign_in/signed_in.js" with {
  type: "text",
};
import staticClientSummariesJs from "../../../static/client/summaries.js" with { type: "text" };
import staticConnectionsCss from "../../../static/connections.css" with { type: "text" };
import staticConnectionsHtml from "../../../static/connections.html" with { type: "text" };
import staticConnectionsJs from "../../../static/connections.js" with { type: "text" };
import staticIconSvg from "../../../static/icon.svg" with { type: "text" };
import staticIndexCss from "../../../static/index.css" with { type: "text" };
import staticIndexHtml from "../../../static/index.html" with { type: "text" };
import staticIndexJs from "../../../static/index.js" with { type: "text" };
import staticSharedBadgeJs from "../../../static/shared/badge.js" with { type: "text" };
import staticSharedFormatsJs from "../../../static/shared/formats.js" with { type: "text" };
import staticSharedGrantJs from "../../../static/shared/grant.js" with { type: "text" };
import staticSharedJsonJs from "../../../static/shared/json.js" with { type: "text" };
import staticSharedLinkTokenJs from "../../../static/shared/link_token.js" with { type: "text" };
import staticSharedRefusalJs from "../../../static/shared/refusal.js" with { type: "text" };
import staticSharedSseParserJs from "../../../static/shared/sse_parser.js" with { type: "text" };
import staticSharedStorageJs from "../../../static/shared/storage.js" with { type: "text" };
import staticSharedTokenJs from "../../../static/shared/token.js" with { type: "text" };
import staticSseTestCss from "../../../static/sse-test.css" with { type: "text" };
import staticSseTestHtml from "../../../static/sse-test.html" with { type: "text" };
import staticSseTestJs from "../../../static/sse-test.js" with { type: "text" };
import staticStyleCss from "../../../static/style.css" with { type: "text" };
import staticStyleControlsCss from "../../../static/style/controls.css" with { type: "text" };
import staticStyleFiguresCss from "../../../static/style/figures.css" with { type: "text" };
import staticUiConnectionFormJs from "../../../static/ui/connection_form.js" with { type: "text" };
import staticUiConnectionListJs from "../../../static/ui/connection_list.js" with { type: "text" };
import staticUiControlsJs from "../../../static/ui/controls.js" with { type: "text" };
import staticUiCurlPanelJs from "../../../static/ui/curl_panel.js" with { type: "text" };
import staticUiDomJs from "../../../static/ui/dom.js" with { type: "text" };
import staticUiEventLogJs from "../../../static/ui/event_log.js" with { type: "text" };
import staticUiEventStoreJs from "../../../static/ui/event_store.js" with { type: "text" };
import staticUiFieldFormJs from "../../../static/ui/field_form.js" with { type: "text" };
import staticUiHistoryChartsJs from "../../../static/ui/history_charts.js" with { type: "text" };
import staticUiInstanceListJs from "../../../static/ui/instance_list.js" with { type: "text" };
import staticUiKeyedRowsJs from "../../../static/ui/keyed_rows.js" with { type: "text" };
import staticUiLogExportJs from "../../../static/ui/log_export.js" with { type: "text" };
import staticUiPathPanelJs from "../../../static/ui/path_panel.js" with { type: "text" };
import staticUiPingChartJs from "../../../static/ui/ping_chart.js" with { type: "text" };
import staticUiPromptsPanelJs from "../../../static/ui/prompts_panel.js" with { type: "text" };
import staticUiQuestionPanelJs from "../../../static/ui/question_panel.js" with { type: "text" };
import staticUiRecentListsJs from "../../../static/ui/recent_lists.js" with { type: "text" };
import staticUiResourcesPanelJs from "../../../static/ui/resources_panel.js" with { type: "text" };
import staticUiResultViewJs from "../../../static/ui/result_view.js" with { type: "text" };
import staticUiRunningCallsJs from "../../../static/ui/running_calls.js" with { type: "text" };
import staticUiSchemaFormJs from "../../../static/ui/schema_form.js" with { type: "text" };
import staticUiServerListJs from "../../../static/ui/server_list.js" with { type: "text" };
import staticUiSettingsJs from "../../../static/ui/settings.js" with { type: "text" };
import staticUiSignInPanelJs from "../../../static/ui/sign_in_panel.js" with { type: "text" };
import staticUiStateBadgeJs from "../../../static/ui/state_badge.js" with { type: "text" };
import staticUiSureButtonJs from "../../../static/ui/sure_button.js" with { type: "text" };
import staticUiSvgJs from "../../../static/ui/svg.js" with { type: "text" };
import staticUiToolsPanelJs from "../../../static/ui/tools_panel.js" with { type: "text" };

export const PAGE_FILES: Readonly<Record<string, string>> = {
  "doctor/browser.js": doctorBrowserJs,
  "doctor/engine/authorization.js": doctorEngineAuthorizationJs,
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
  "doctor/engine/served_dialects.js": doctorEngineServedDialectsJs,
  "doctor/engine/servers_behind.js": doctorEngineServersBehindJs,
  "doctor/engine/table.js": doctorEngineTableJs,
  "doctor/engine/traced_stream.js": doctorEngineTracedStreamJs,
  "static/client/backoff.js": staticClientBackoffJs,
  "static/client/calls.js": staticClientCallsJs,
  "static/client/close_reasons.js": staticClientCloseReasonsJs,
  "static/client/dialects/channel.js": staticClientDialectsChannelJs,
  "static/client/dialects/curl.js": staticClientDialectsCurlJs,
  "static/client/dialects/http_sse.js": staticClientDialectsHttpSseJs,
  "static/client/dialects/legacy_client.js": staticClientDialectsLegacyClientJs,
  "static/client/dialects/mod.js": staticClientDialectsModJs,
  "static/client/dialects/modern.js": staticClientDialectsModernJs,
  "static/client/dialects/modern_headers.js": staticClientDialectsModernHeadersJs,
  "static/client/dialects/plain.js": staticClientDialectsPlainJs,
  "static/client/dialects/streamable.js": staticClientDialectsStreamableJs,
  "static/client/field_values.js": staticClientFieldValuesJs,
  "static/client/ledger_client.js": staticClientLedgerClientJs,
  "static/client/ledger_history.js": staticClientLedgerHistoryJs,
  "static/client/list_all.js": staticClientListAllJs,
  "static/client/ping_stats.js": staticClientPingStatsJs,
  "static/client/poller.js": staticClientPollerJs,
  "static/client/question_handler.js": staticClientQuestionHandlerJs,
  "static/client/questions.js": staticClientQuestionsJs,
  "static/client/schema_example.js": staticClientSchemaExampleJs,
  "static/client/schema_fields.js": staticClientSchemaFieldsJs,
  "static/client/schema_ref.js": staticClientSchemaRefJs,
  "static/client/session.js": staticClientSessionJs,
  "static/client/sign_in/ask.js": staticClientSignInAskJs,
  "static/client/sign_in/client_id.js": staticClientSignInClientIdJs,
  "static/client/sign_in/credential.js": staticClientSignInCredentialJs,
  "static/client/sign_in/discovery.js": staticClientSignInDiscoveryJs,
  "static/client/sign_in/flow.js": staticClientSignInFlowJs,
  "static/client/sign_in/pkce.js": staticClientSignInPkceJs,
  "static/client/sign_in/signed_in.js": staticClientSignInSignedInJs,
  "static/client/summaries.js": staticClientSummariesJs,
  "static/connections.css": staticConnectionsCss,
  "static/connections.html": staticConnectionsHtml,
  "static/connections.js": staticConnectionsJs,
  "static/icon.svg": staticIconSvg,
  "static/index.css": staticIndexCss,
  "static/index.html": staticIndexHtml,
  "static/index.js": staticIndexJs,
  "static/shared/badge.js": staticSharedBadgeJs,
  "static/shared/formats.js": staticSharedFormatsJs,
  "static/shared/grant.js": staticSharedGrantJs,
  "static/shared/json.js": staticSharedJsonJs,
  "static/shared/link_token.js": staticSharedLinkTokenJs,
  "static/shared/refusal.js": staticSharedRefusalJs,
  "static/shared/sse_parser.js": staticSharedSseParserJs,
  "static/shared/storage.js": staticSharedStorageJs,
  "static/shared/token.js": staticSharedTokenJs,
  "static/sse-test.css": staticSseTestCss,
  "static/sse-test.html": staticSseTestHtml,
  "static/sse-test.js": staticSseTestJs,
  "static/style.css": staticStyleCss,
  "static/style/controls.css": staticStyleControlsCss,
  "static/style/figures.css": staticStyleFiguresCss,
  "static/ui/connection_form.js": staticUiConnectionFormJs,
  "static/ui/connection_list.js": staticUiConnectionListJs,
  "static/ui/controls.js": staticUiControlsJs,
  "static/ui/curl_panel.js": staticUiCurlPanelJs,
  "static/ui/dom.js": staticUiDomJs,
  "static/ui/event_log.js": staticUiEventLogJs,
  "static/ui/event_store.js": staticUiEventStoreJs,
  "static/ui/field_form.js": staticUiFieldFormJs,
  "static/ui/history_charts.js": staticUiHistoryChartsJs,
  "static/ui/instance_list.js": staticUiInstanceListJs,
  "static/ui/keyed_rows.js": staticUiKeyedRowsJs,
  "static/ui/log_export.js": staticUiLogExportJs,
  "static/ui/path_panel.js": staticUiPathPanelJs,
  "static/ui/ping_chart.js": staticUiPingChartJs,
  "static/ui/prompts_panel.js": staticUiPromptsPanelJs,
  "static/ui/question_panel.js": staticUiQuestionPanelJs,
  "static/ui/recent_lists.js": staticUiRecentListsJs,
  "static/ui/resources_panel.js": staticUiResourcesPanelJs,
  "static/ui/result_view.js": staticUiResultViewJs,
  "static/ui/running_calls.js": staticUiRunningCallsJs,
  "static/ui/schema_form.js": staticUiSchemaFormJs,
  "static/ui/server_list.js": staticUiServerListJs,
  "static/ui/settings.js": staticUiSettingsJs,
  "static/ui/sign_in_panel.js": staticUiSignInPanelJs,
  "static/ui/state_badge.js": staticUiStateBadgeJs,
  "static/ui/sure_button.js": staticUiSureButtonJs,
  "static/ui/svg.js": staticUiSvgJs,
  "static/ui/tools_panel.js": staticUiToolsPanelJs,
};

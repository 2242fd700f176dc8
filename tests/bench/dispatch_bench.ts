/** From a parsed request to its answer, without HTTP: method, catalog, validation, tool. */
import { Signer } from "../../lib/base/signer.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { McpServer } from "../../lib/mcp/server.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import type { JsonRpcRequest } from "../../lib/wire/json_rpc.ts";
import { testScope } from "../helpers/scope.ts";
import { ECHO_CALL, LIST_CALL, MODERN_ECHO_CALL } from "./requests.ts";
import { echoTools } from "./servers/echo_tools.ts";

const server = new McpServer({
  info: { name: "bench", version: "1.0.0" },
  catalog: new Catalog({ tools: [...BUILT_IN_TOOLS, ...echoTools(96)] }),
  signer: new Signer(),
  wheel: new TimerWheel({ clock: () => 0 }),
  settings: {
    MCP_PAGE_SIZE: 100,
    MCP_REQUEST_TIMEOUT_MS: 300_000,
    MCP_MAX_REQUESTS_PER_CONNECTION: 100,
    MCP_MAX_CONNECTIONS: 10_000,
    MCP_MAX_CONNECTIONS_PER_CLIENT: 1_000,
  },
});
const { sessionless, modern } = server;
const scope = testScope();
const call: JsonRpcRequest = JSON.parse(ECHO_CALL.body);
const modernCall: JsonRpcRequest = JSON.parse(MODERN_ECHO_CALL.body);
const list: JsonRpcRequest = JSON.parse(LIST_CALL.body);
// The measured result must be an answer, not a refusal.
for (const [request, methods] of [[call, sessionless], [modernCall, modern]] as const) {
  const answer = await server.dispatch(request, scope, methods);
  if (answer === undefined || !("result" in answer)) throw new Error(JSON.stringify(answer));
}
const unknown: JsonRpcRequest = { ...call, method: "no/such" };

Deno.bench("dispatch(): tools/call of echo", { group: "dispatch", baseline: true }, () => {
  server.dispatch(call, scope, sessionless);
});
Deno.bench("dispatch(): the same in 2026-07-28", { group: "dispatch" }, () => {
  server.dispatch(modernCall, scope, modern);
});
Deno.bench("dispatch(): tools/list with 100 tools", { group: "dispatch" }, () => {
  server.dispatch(list, scope, sessionless);
});
Deno.bench("dispatch(): a method that there is not", { group: "dispatch" }, () => {
  server.dispatch(unknown, scope, sessionless);
});

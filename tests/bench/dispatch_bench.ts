/** From a parsed request to its answer, without HTTP: method, catalog, validation, tool. */
import { Signer } from "../../lib/base/signer.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import type { RequestScope } from "../../lib/mcp/scope.ts";
import { InFlight } from "../../lib/mcp/in_flight.ts";
import { LEGACY_METHODS } from "../../lib/mcp/methods/legacy.ts";
import { MODERN_METHODS } from "../../lib/mcp/methods/modern.ts";
import { McpServer } from "../../lib/mcp/server.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import type { JsonRpcRequest } from "../../lib/wire/json_rpc.ts";
import { ECHO_CALL, LIST_CALL, MODERN_ECHO_CALL } from "./requests.ts";
import { echoTools } from "./servers/echo_tools.ts";

const server = new McpServer({
  info: { name: "bench", version: "1.0.0" },
  catalog: new Catalog({ tools: [...BUILT_IN_TOOLS, ...echoTools(96)] }),
  seal: new Signer(),
  pageSize: 100,
  wheel: new TimerWheel({ clock: () => 0 }),
  requestTimeoutMs: 300_000,
  maxInFlight: 100,
});
const exchange: RequestScope = {
  caller: { address: "127.0.0.1" },
  connectionId: undefined,
  inFlight: new InFlight(),
  logLevel: undefined,
  capabilities: {},
  send: () => {},
};
const call: JsonRpcRequest = JSON.parse(ECHO_CALL.body);
const modernCall: JsonRpcRequest = JSON.parse(MODERN_ECHO_CALL.body);
const list: JsonRpcRequest = JSON.parse(LIST_CALL.body);
// What is measured is to be an answer, not a refusal.
for (const [request, methods] of [[call, LEGACY_METHODS], [modernCall, MODERN_METHODS]] as const) {
  const answer = await server.dispatch(request, exchange, methods);
  if (answer === undefined || !("result" in answer)) throw new Error(JSON.stringify(answer));
}
const unknown: JsonRpcRequest = { ...call, method: "no/such" };

Deno.bench("dispatch(): tools/call of echo", { group: "dispatch", baseline: true }, () => {
  server.dispatch(call, exchange, LEGACY_METHODS);
});
Deno.bench("dispatch(): the same in 2026-07-28", { group: "dispatch" }, () => {
  server.dispatch(modernCall, exchange, MODERN_METHODS);
});
Deno.bench("dispatch(): tools/list with 100 tools", { group: "dispatch" }, () => {
  server.dispatch(list, exchange, LEGACY_METHODS);
});
Deno.bench("dispatch(): a method that there is not", { group: "dispatch" }, () => {
  server.dispatch(unknown, exchange, LEGACY_METHODS);
});

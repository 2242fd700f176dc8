/** Whole requests without a socket: guard, body, parse, dispatch, answer. */
import { createApp } from "../../lib/mod.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { type BenchRequest, ECHO_CALL, LIST_CALL, MODERN_ECHO_CALL } from "./requests.ts";
import { echoTools } from "./servers/echo_tools.ts";

const few = createApp({ tools: BUILT_IN_TOOLS });
const many = createApp({ tools: [...BUILT_IN_TOOLS, ...echoTools(96)] });

function post({ body, headers }: BenchRequest): Request {
  return new Request("http://127.0.0.1/mcp", {
    method: "POST",
    headers: { ...headers, "content-length": String(body.length) },
    body,
  });
}

// Making a request and reading an answer is expensive work of the runtime; it is the baseline.
Deno.bench("a bare handler", { group: "app", baseline: true }, async () => {
  const { id } = await post(ECHO_CALL).json();
  await Response.json({ jsonrpc: "2.0", result: {}, id }).text();
});
Deno.bench("tools/call of echo", { group: "app" }, async () => {
  await (await few.fetch(post(ECHO_CALL))).text();
});
Deno.bench("the same in 2026-07-28", { group: "app" }, async () => {
  await (await few.fetch(post(MODERN_ECHO_CALL))).text();
});
Deno.bench("tools/call of echo among 100 tools", { group: "app" }, async () => {
  await (await many.fetch(post(ECHO_CALL))).text();
});
Deno.bench("tools/list with 100 tools", { group: "app" }, async () => {
  await (await many.fetch(post(LIST_CALL))).text();
});

/** SSE encoding and JSON-RPC parsing. */
import { parseJson, parseMessage } from "../../lib/wire/json_rpc.ts";
import { parseAccept } from "../../lib/wire/media_types.ts";
import { formatEvent, formatJson } from "../../lib/wire/sse.ts";
import { ECHO_CALL, MODERN_ECHO_CALL, rpc } from "./requests.ts";

const ANSWER = {
  jsonrpc: "2.0",
  result: { content: [{ type: "text", text: "hello" }] },
  id: 1,
};
const ANSWER_TEXT = JSON.stringify(ANSWER);
const LINES = "a line\n".repeat(100);
const LARGE = rpc("tools/call", {
  name: "echo",
  arguments: { list: Array.from({ length: 1_000 }, (_, index) => ({ index })) },
});

Deno.bench("formatJson(): an answer", { group: "sse", baseline: true }, () => {
  formatJson(ANSWER, "response");
});
Deno.bench("formatEvent(): the same, checked", { group: "sse" }, () => {
  formatEvent({ event: "response", data: ANSWER_TEXT });
});
Deno.bench("formatEvent(): 100 lines", { group: "sse" }, () => {
  formatEvent({ data: LINES });
});

Deno.bench("JSON.parse() alone", { group: "json-rpc", baseline: true }, () => {
  JSON.parse(ECHO_CALL.body);
});
Deno.bench("a tools/call", { group: "json-rpc" }, () => {
  parseMessage(parseJson(ECHO_CALL.body));
});
Deno.bench("the same in 2026-07-28", { group: "json-rpc" }, () => {
  parseMessage(parseJson(MODERN_ECHO_CALL.body));
});
Deno.bench("arguments of 1,000 objects", { group: "json-rpc" }, () => {
  parseMessage(parseJson(LARGE));
});

Deno.bench("parseAccept(): of an MCP client", { group: "accept" }, () => {
  parseAccept("application/json, text/event-stream");
});

import { assertEquals } from "@std/assert";
import { ProtocolError, type ProtocolErrorKind } from "../../lib/base/errors.ts";
import { ERROR_TABLE, toErrorResponse } from "../../lib/wire/error_table.ts";

/** Codes and statuses that clients rely on, as literals: changing one breaks them. */
const PINNED: Record<ProtocolErrorKind, readonly [code: number, status: number]> = {
  parse_error: [-32700, 400],
  invalid_request: [-32600, 400],
  method_not_found: [-32601, 404],
  invalid_params: [-32602, 400],
  internal_error: [-32603, 500],
  resource_not_found: [-32002, 400],
  header_mismatch: [-32020, 400],
  missing_client_capability: [-32021, 400],
  unsupported_protocol_version: [-32022, 400],
  body_too_large: [-32600, 413],
  body_timeout: [-32600, 408],
  unsupported_media_type: [-32600, 415],
  not_acceptable: [-32600, 406],
  host_refused: [-32600, 403],
  origin_refused: [-32600, 403],
  unauthorized: [-32600, 401],
  forbidden: [-32600, 403],
  insufficient_scope: [-32600, 403],
  not_found: [-32600, 404],
  method_not_allowed: [-32600, 405],
  connection_not_found: [-32600, 404],
  stream_ended: [-32603, 503],
  session_not_found: [-32600, 404],
  too_many_requests: [-32603, 429],
  overloaded: [-32603, 503],
  auth_unavailable: [-32603, 503],
  not_routed: [-32603, 503],
  draining: [-32603, 503],
};

Deno.test("every kind of error has the code and status that clients rely on", () => {
  const pinned = Object.entries(PINNED).map(([kind, [code, status]]) => [kind, { code, status }]);
  assertEquals(ERROR_TABLE, Object.fromEntries(pinned));
});

Deno.test("every code is one that JSON-RPC or MCP reserves, every status an error of HTTP", () => {
  for (const [kind, { code, status }] of Object.entries(ERROR_TABLE)) {
    assertEquals(code <= -32000 && code >= -32768, true, kind);
    assertEquals(status >= 400 && status <= 599, true, kind);
  }
});

Deno.test("`toErrorResponse()` takes the id given, else the error's own, else null", () => {
  const own = new ProtocolError("invalid_request", "Message", { id: 0 });
  assertEquals(toErrorResponse(own, "").id, "");
  assertEquals(toErrorResponse(own).id, 0);
  assertEquals(toErrorResponse(new ProtocolError("invalid_request", "Message")).id, null);
});

Deno.test("`toErrorResponse()` has `data` only where the error has", () => {
  const bare = new ProtocolError("invalid_params", "Message", { cause: new Error("secret") });
  assertEquals(toErrorResponse(bare, 1), {
    jsonrpc: "2.0",
    error: { code: -32602, message: "Message" },
    id: 1,
  });
  const rich = new ProtocolError("invalid_params", "Message", { data: { field: "a" } });
  assertEquals(toErrorResponse(rich, 1).error, {
    code: -32602,
    message: "Message",
    data: { field: "a" },
  });
});

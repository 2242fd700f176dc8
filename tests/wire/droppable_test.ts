/** Notifications of which a slow reader needs only the newest. */
import { assertEquals } from "@std/assert";
import { droppableOf, progressKey } from "../../lib/wire/droppable.ts";
import type { JsonRpcMessage } from "../../lib/wire/json_rpc.ts";

const notice = (method: string, params?: object) =>
  ({ jsonrpc: "2.0", method, ...(params && { params }) }) as JsonRpcMessage;
const keyOf = (...parts: unknown[]) => JSON.stringify(parts);

for (
  const [method, params, kind, key] of [
    ["notifications/progress", { progressToken: 1 }, "progress", "progress 1"],
    ["notifications/progress", { progressToken: "1" }, "progress", 'progress "1"'],
    ["notifications/progress", undefined, "progress", "progress undefined"],
    ["notifications/message", { level: "info" }, "log", undefined],
    [
      "notifications/resources/updated",
      { uri: "x://a" },
      "resource_updated",
      keyOf("notifications/resources/updated", "x://a", undefined),
    ],
    [
      "notifications/resources/updated",
      { uri: "x://a", _meta: { of: 7 } },
      "resource_updated",
      keyOf("notifications/resources/updated", "x://a", { of: 7 }),
    ],
    [
      "notifications/tools/list_changed",
      undefined,
      "list_changed",
      keyOf("notifications/tools/list_changed", undefined, undefined),
    ],
    [
      "notifications/prompts/list_changed",
      { _meta: { of: 7 } },
      "list_changed",
      keyOf("notifications/prompts/list_changed", undefined, { of: 7 }),
    ],
  ] as const
) {
  Deno.test(`${method} with ${JSON.stringify(params)} may be dropped for a later one`, () => {
    assertEquals(droppableOf(notice(method, params)), { kind, key });
  });
}

for (
  const message of [
    notice("notifications/cancelled", { requestId: 1 }),
    notice("notifications/initialized"),
    notice("notifications/elicitation/complete"),
    notice("x/notifications/tools/list_changed"),
    notice("notifications/tools/list_changed/x"),
    { jsonrpc: "2.0", id: 1, method: "notifications/progress" },
    { jsonrpc: "2.0", id: 1, method: "tools/call" },
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: null, error: { code: 1, message: "" } },
  ] as const
) {
  Deno.test(`${JSON.stringify(message)} must arrive`, () => {
    assertEquals(droppableOf(message), undefined);
  });
}

Deno.test("the tokens 1 and `1` are those of two calls", () => {
  assertEquals([progressKey(1), progressKey("1")], ["progress 1", 'progress "1"']);
});

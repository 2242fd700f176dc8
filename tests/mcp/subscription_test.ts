/** What one `subscriptions/listen` asks for, and the messages of its stream. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { Subscription } from "../../lib/mcp/changes/subscription.ts";

const INFO = { name: "test", version: "1" };
const KEY = "io.modelcontextprotocol/subscriptionId";

function subscription(notifications?: unknown, params: object = { notifications }): Subscription {
  const request = { jsonrpc: "2.0", id: "s", method: "subscriptions/listen", params } as const;
  return new Subscription({ ...request, params: { ...params } }, INFO);
}

Deno.test("a subscription wants the lists that its filter names with true, and no others", () => {
  const one = subscription({ toolsListChanged: true, promptsListChanged: false, other: true });
  assertEquals(
    (["tools", "prompts", "resources"] as const).map((kind) => one.wantsChange({ kind })),
    [
      true,
      false,
      false,
    ],
  );
  assertEquals(one.acknowledgement(), {
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { notifications: { toolsListChanged: true }, _meta: { [KEY]: "s" } },
  });
  const all = subscription({
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
  });
  assertEquals(
    (["tools", "prompts", "resources"] as const).map((kind) => all.wantsChange({ kind })),
    [
      true,
      true,
      true,
    ],
  );
  assertEquals(subscription({ toolsListChanged: 1 }).wantsChange({ kind: "tools" }), false);
});

Deno.test("a subscription wants updates of its resources and their sub-resources", () => {
  const one = subscription({ resourceSubscriptions: ["x://a", "x://b"] });
  assertEquals(
    ["x://a", "x://a/sub", "x://b", "x://c"].map((uri) =>
      one.wantsChange({ kind: "resource", uri })
    ),
    [true, true, true, false],
  );
  assertEquals(one.wantsChange({ kind: "resources" }), false);
  const { notifications } = subscription({ resourceSubscriptions: ["x://a"] }).acknowledgement()
    .params as { notifications: unknown };
  assertEquals(notifications, { resourceSubscriptions: ["x://a"] });
  assertEquals(one.acknowledgement().params, {
    notifications: { resourceSubscriptions: ["x://a", "x://b"] },
    _meta: { [KEY]: "s" },
  });
});

Deno.test("a subscription tags its messages, and keeps their own metadata", () => {
  const one = subscription({});
  assertEquals(one.tag({ jsonrpc: "2.0", method: "a" }), {
    jsonrpc: "2.0",
    method: "a",
    params: { _meta: { [KEY]: "s" } },
  });
  assertEquals(
    one.tag({ jsonrpc: "2.0", method: "a", params: { uri: "x://a", _meta: { b: 1 } } }).params,
    { uri: "x://a", _meta: { b: 1, [KEY]: "s" } },
  );
  assertEquals(one.end(), {
    jsonrpc: "2.0",
    id: "s",
    result: {
      resultType: "complete",
      _meta: { [KEY]: "s", "io.modelcontextprotocol/serverInfo": INFO },
    },
  });
});

Deno.test("a filter that is none is refused with what it must be", () => {
  for (const notifications of [undefined, null, [], "tools", true]) {
    const error = assertThrows(() => subscription(notifications), ProtocolError);
    assertEquals([error.kind, error.message], [
      "invalid_params",
      'Invalid params: "notifications" must be an object that says what to listen to',
    ]);
  }
});

const uris = (count: number, length = 10) =>
  Array.from({ length: count }, (_, index) => `x://${index}/`.padEnd(length, "a"));

Deno.test("a subscription names up to 1,000 resources of up to 2,048 characters", () => {
  assertEquals(subscription({ resourceSubscriptions: uris(1_000) }).uris.size, 1_000);
  assertEquals(subscription({ resourceSubscriptions: uris(1, 2_048) }).uris.size, 1);
  assertEquals(subscription({ resourceSubscriptions: [] }).acknowledgement().params, {
    notifications: {},
    _meta: { [KEY]: "s" },
  });
  for (
    const resourceSubscriptions of [
      uris(1_001),
      uris(1, 2_049),
      ["x://a", ...uris(1, 2_049)],
      ["x://a", 1],
      "x://a",
      null,
      {},
    ]
  ) {
    const error = assertThrows(() => subscription({ resourceSubscriptions }), ProtocolError);
    assertEquals([error.kind, error.message], [
      "invalid_params",
      'Invalid params: "resourceSubscriptions" must be a list of at most 1000 URIs of at most ' +
      "2048 characters",
    ]);
  }
});

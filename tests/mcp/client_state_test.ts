/** The state of a client of a legacy revision, and what is kept of its `initialize`. */
import { assertEquals, assertThrows } from "@std/assert";
import { ALL_SCOPES } from "../../lib/auth/scopes.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { requireBalancedTools } from "../../lib/mcp/ask/sampling_messages.ts";
import { ClientState, readInitialize } from "../../lib/mcp/session/client_state.ts";
import { SessionData } from "../../lib/mcp/session/session_data.ts";
import { SEES_SERVED } from "../../lib/registry/visibility.ts";
import { FakeTime } from "../helpers/time.ts";

function stateOf(scopes?: readonly string[]): ClientState {
  return new ClientState(
    { wheel: new TimerWheel(), settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 } },
    { address: "127.0.0.1", principal: "ada", ...(scopes !== undefined && { scopes }) },
  );
}

Deno.test("only the capabilities that the server uses are kept of `initialize`", () => {
  for (
    const [given, expected] of [
      [undefined, {}],
      ["all", {}],
      [[], {}],
      [{}, {}],
      [{ roots: { listChanged: true }, other: {} }, { roots: {} }],
      [{ roots: true, sampling: 1, elicitation: null }, {}],
      [{ sampling: { other: {} } }, { sampling: {} }],
      [{ sampling: { context: {}, tools: { a: 1 } } }, { sampling: { context: {}, tools: {} } }],
      [{ sampling: { context: 1, tools: true } }, { sampling: {} }],
      [{ elicitation: {} }, { elicitation: {} }],
      [{ elicitation: { form: { a: 1 }, url: {} } }, { elicitation: { form: {}, url: {} } }],
      [{ elicitation: { form: "yes", url: {} } }, { elicitation: { url: {} } }],
    ] as const
  ) assertEquals(readInitialize({ capabilities: given }).capabilities, expected);
});

Deno.test("the name and version of a client are kept as texts of up to 100 characters", () => {
  const read = (clientInfo: unknown) => {
    const { clientName, clientVersion } = readInitialize({ clientInfo });
    return [clientName, clientVersion];
  };
  assertEquals(read({ name: "n".repeat(101), version: "v".repeat(100) }), [
    "n".repeat(100),
    "v".repeat(100),
  ]);
  for (const wrong of [undefined, "n", {}, { name: 1, version: null }]) {
    assertEquals(Object.keys(readInitialize({ clientInfo: wrong })), ["version", "capabilities"]);
  }
  assertEquals([read({ name: "n" }), read({ version: "v" })], [["n", undefined], [undefined, "v"]]);
});

Deno.test("a client has a revision once `initialize` has agreed on one, and its caller has its name", () => {
  const state = stateOf(["a"]);
  assertEquals([state.isInitialized, state.agreedVersion, state.capabilities], [
    false,
    undefined,
    {},
  ]);
  const negotiated = readInitialize({
    protocolVersion: "2025-06-18",
    clientInfo: { name: "n", version: "v" },
    capabilities: { roots: {} },
  });
  state.setNegotiated(negotiated);
  assertEquals([state.isInitialized, state.agreedVersion, state.version, state.capabilities], [
    true,
    "2025-06-18",
    "2025-06-18",
    { roots: {} },
  ]);
  assertEquals([state.caller.name, state.caller.version, state.caller.principal], [
    "n",
    "v",
    "ada",
  ]);
  assertEquals([state.negotiated, state.caller.scopes], [negotiated, ["a"]]);
});

Deno.test("a client that subscribes with further scopes keeps them, each once", () => {
  const state = stateOf(["a"]);
  assertEquals(state.granted, ["a"]);
  state.subscribe("x://a");
  state.subscribe("x://b", ["a"]);
  assertEquals(state.granted, ["a"]);
  state.subscribe("x://c", ["b", "a", "b"]);
  assertEquals([state.granted, [...state.subscriptions]], [["a", "b"], [
    "x://a",
    "x://b",
    "x://c",
  ]]);
  state.setSubscriptions(["x://b", "x://d"]);
  assertEquals([...state.subscriptions], ["x://b", "x://d"]);
  const none = stateOf();
  assertEquals(none.granted, undefined);
  none.subscribe("x://a", ["b"]);
  assertEquals(none.granted, ["b"]);
  const all = stateOf(ALL_SCOPES);
  all.subscribe("x://a", ["b"]);
  assertEquals(all.granted === ALL_SCOPES, true);
});

Deno.test("a client wants changes of all lists and of its resources, unless it has servers for itself", () => {
  const state = stateOf();
  const wants = () => [
    state.wantsChange({ kind: "tools" }),
    state.wantsChange({ kind: "resource", uri: "x://a" }),
    state.wantsChange({ kind: "resource", uri: "x://b" }),
  ];
  assertEquals(wants(), [true, false, false]);
  state.subscribe("x://a");
  const changes: unknown[] = [];
  state.subscriptions.onChange = (...change) => void changes.push(change);
  assertEquals([wants(), state.subscribed === state.subscriptions], [[true, true, false], true]);
  state.ignoreChanges();
  state.subscribe("x://b");
  assertEquals([wants(), state.subscribed, changes], [[false, false, false], undefined, []]);
  stateOf().ignoreChanges();
});

Deno.test("what a session shows and hides is reported once, and replaced without a report", () => {
  const state = stateOf();
  const reported: unknown[] = [];
  state.onVisible = (...report) => void reported.push(report);
  assertEquals([state.visibility, state.visibilityOrDefault], [undefined, SEES_SERVED]);
  assertEquals(
    [state.setVisible("a", true), state.setVisible("a", true), state.setVisible("b", false)],
    [true, false, true],
  );
  assertEquals(reported, [["a", true], ["b", false]]);
  assertEquals(state.visibility?.tags, { a: true, b: false });
  assertEquals(state.visibilityOrDefault === state.visibility, true);
  state.replaceVisibility({ c: true, d: false });
  assertEquals([state.visibility?.tags, reported.length], [{ c: true, d: false }, 2]);
  state.replaceVisibility({});
  assertEquals(state.visibility, undefined);
  assertThrows(() => state.setVisible("", true), TypeError);
});

Deno.test("the values of a session are reported one by one, and replaced without a report", () => {
  const state = stateOf();
  const reported: unknown[] = [];
  state.onValue = (...report) => void reported.push(report);
  assertEquals([...state.values], []);
  state.replaceValues([]);
  assertEquals([...state.values], []);
  state.data.set("a", { b: 1 });
  state.data.set("a", undefined);
  state.data.set("c", "d");
  assertEquals(reported, [["a", '{"b":1}'], ["a", undefined], ["c", '"d"']]);
  assertEquals([...state.values], [["c", '"d"']]);
  state.replaceValues([["e", "1"]]);
  assertEquals([[...state.values], state.data.get("e"), reported.length], [[["e", "1"]], 1, 3]);
  state.replaceValues([]);
  assertEquals([...state.values], []);
});

Deno.test("the end of a session is heard once", () => {
  const state = stateOf();
  state.end();
  let ends = 0;
  state.onEnd(() => void ends++);
  state.end();
  state.end();
  assertEquals([ends, state.isListening()], [1, true]);
});

Deno.test("a response of the client goes to its ping or to its request", async () => {
  using _time = new FakeTime();
  const state = stateOf();
  const { id } = state.pings.next();
  state.settle({ jsonrpc: "2.0", id: "other", result: {} });
  assertEquals(state.pings.answer, "unknown");
  state.settle({ jsonrpc: "2.0", id, result: {} });
  assertEquals(state.pings.answer, "answered");
  state.setNegotiated({ version: "2025-11-25", capabilities: { roots: {} } });
  const sent: object[] = [];
  const { signal } = new AbortController();
  const answer = state.ask(
    { method: "roots/list", params: {}, requires: { roots: {} }, key: undefined },
    { signal, aborted: undefined, scope: { send: (message) => void sent.push(message) } },
  );
  const { id: asked } = sent[0] as { id: string };
  assertEquals([state.clientRequests.size, state.clientRequests.awaits(asked)], [1, true]);
  state.settle({ jsonrpc: "2.0", id: asked, result: { roots: [] } });
  assertEquals([await answer, state.clientRequests.size], [{ roots: [] }, 0]);
});

Deno.test("the values of another instance are there for a session that had none", () => {
  const state = stateOf();
  state.replaceValues([["a", "1"]]);
  assertEquals([...state.values], [["a", "1"]]);
});

Deno.test("`SessionData` counts the names and the JSON of its values, and gives back what it drops", () => {
  const data = new SessionData();
  data.set("abc", "x".repeat(16_384 - 3 - 2));
  assertThrows(() => data.set("d", 1), RangeError);
  data.set("abc", undefined);
  data.set("abc", undefined);
  data.set("d", "x".repeat(16_384 - 1 - 2));
  assertThrows(() => data.set("d", "x".repeat(16_384 - 2)), RangeError);
  const key = "k".repeat(101);
  assertEquals(
    assertThrows(() => data.set(key, 1), RangeError).message,
    `Cannot keep ${"k".repeat(100)}: the values of a session may have 16384 characters of JSON`,
  );
  assertThrows(() => data.set(1 as unknown as string, 1), TypeError, "its key must be a string");
});

Deno.test("`SessionData` takes up to 200 values of other instances, and no text that is not JSON", () => {
  const data = new SessionData();
  data.set("old", 1);
  data.replace([["broken", "{"], ["a", '"b"']]);
  assertEquals([...data.texts], [["a", '"b"']]);
  data.replace(Array.from({ length: 201 }, (_, index) => [`k${index}`, "1"] as const));
  assertEquals([[...data.texts].length, data.get("k199"), data.get("k200")], [200, 1, undefined]);
  assertThrows(() => data.set("one more", 1), RangeError, "100 values");
  data.replace([["a", `"${"x".repeat(16_384 - 1 - 2)}"`]]);
  assertThrows(() => data.set("b", 1), RangeError, "16384 characters");
  data.replace([]);
  data.set("b", "x".repeat(16_384 - 1 - 2));
  assertEquals([...data.texts].length, 1);
});

const text = { type: "text", text: "a" } as const;
const use = (id: string) => ({ type: "tool_use", id, name: "t", input: {} }) as const;
const result = (toolUseId: string) => ({ type: "tool_result", toolUseId, content: [] }) as const;
const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });
const ALONE = "tool results stand alone, in a message of the user";
const EACH = "it must answer each tool use of the message before, and no other";

Deno.test("a conversation to sample answers each tool use in the next message, and nothing else there", () => {
  for (
    const [messages, fault] of [
      [[], undefined],
      [[user(text)], undefined],
      [[user([text, text]), assistant(text)], undefined],
      [[assistant(use("1")), user(result("1"))], undefined],
      [
        [assistant([text, use("1"), use("2")]), user([result("2"), result("1")]), user(text)],
        undefined,
      ],
      [[user(result("1"))], [0, EACH]],
      [[assistant(use("1")), user(text)], [1, EACH]],
      [[assistant([use("1"), use("2")]), user(result("1"))], [1, EACH]],
      [[assistant(use("1")), user([result("1"), result("2")])], [1, EACH]],
      [[assistant(use("1")), user([result("1"), text])], [1, ALONE]],
      [[assistant(use("1")), assistant(result("1"))], [1, ALONE]],
      [[user(text), assistant(use("1"))], [1, "its tool uses have no results"]],
    ] as const
  ) {
    const check = () => requireBalancedTools(messages as never);
    if (fault === undefined) check();
    else {
      const [index, why] = fault;
      assertEquals(
        assertThrows(check, TypeError).message,
        `Cannot sample: messages[${index}] is wrong: ${why}`,
      );
    }
  }
});

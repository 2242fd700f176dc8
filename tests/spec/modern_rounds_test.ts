import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as z from "zod";
import { defineResource } from "../../lib/registry/resource.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { type SpecApp, specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import { mirrorHeaders, modernBody, modernPost, modernRequest } from "./support/modern.ts";
import { ALL_CAPABILITIES, conversation, grantAll } from "./support/modern_tour.ts";
import { TRIALS } from "./support/tour.ts";

const KEY = "a key of more than thirty-two characters";
const QUESTION = { message: "Your name?", schema: z.object({ name: z.string() }) };

Deno.test("2026-07-28: a call that asks the client ends with input_required, its retry completes", async () => {
  using app = specApp();
  const first = await ask(app, { name: "ask" });
  assertEquals(first.result.resultType, "input_required");
  const second = await retry(app, { name: "ask" }, first.result);
  assertEquals(second.result.resultType, "complete");
  assertEquals(JSON.parse(second.result.content[0].text).content, { name: "Ada" });
});

Deno.test("2026-07-28: another server with the same key completes the retry", async () => {
  using asked = specApp({ settings: { MCP_SESSION_KEY: KEY } });
  using answered = specApp({ settings: { MCP_SESSION_KEY: KEY } });
  const first = await ask(asked, { name: "ask_twice" });
  const second = await retry(answered, { name: "ask_twice" }, first.result);
  const third = await retry(asked, { name: "ask_twice" }, second.result);
  assertEquals(JSON.parse(third.result.content[0].text).length, 2);
});

Deno.test("2026-07-28: only calls, prompts and resources are answered input_required", async () => {
  using app = specApp();
  app.catalog.prompts.add(definePrompt({
    name: "asking",
    run: async (_args, { elicit }) => (await elicit(QUESTION)).action,
  }));
  app.catalog.resources.add(defineResource({
    uri: "test://asking",
    name: "asking",
    read: async (_uri, { elicit }) => (await elicit(QUESTION)).action,
  }));
  const asking: [method: string, params: Record<string, unknown>][] = [
    ["tools/call", { name: "ask" }],
    ["prompts/get", { name: "asking" }],
    ["resources/read", { uri: "test://asking" }],
  ];
  for (const [method, params] of asking) {
    const first = await ask(app, params, method);
    assertEquals(first.result.resultType, "input_required", method);
    assertEquals((await retry(app, params, first.result, method)).result.resultType, "complete");
  }
  const others = TRIALS.filter(([method]) => !asking.some(([name]) => name === method));
  for (const [method, params] of [...others, ["server/discover"] as const]) {
    const { result } = await ask(app, params ?? {}, method);
    assertNotEquals(result?.resultType, "input_required", method);
  }
});

Deno.test("2026-07-28: inputRequests are elicitations, samplings and root lists", async () => {
  using app = specApp();
  const { result } = await ask(app, { name: "ask_all" });
  assertEquals(typeof result.requestState, "string");
  const [form, sampling, roots] = Object.values<Message>(result.inputRequests);
  assertEquals(form, {
    method: "elicitation/create",
    params: {
      mode: "form",
      message: "Your name?",
      requestedSchema: {
        type: "object",
        properties: { name: { type: "string" } },
        required: ["name"],
      },
    },
  });
  assertEquals(sampling, {
    method: "sampling/createMessage",
    params: {
      messages: [{ role: "user", content: { type: "text", text: "Hello" } }],
      maxTokens: 10,
    },
  });
  assertEquals(roots, { method: "roots/list" });
});

Deno.test("2026-07-28: each question of a call has a key of its own, over all rounds", async () => {
  using app = specApp();
  const messages = await conversation(app, { name: "ask_twice" });
  const keys = messages.flatMap(({ result }) => Object.keys(result.inputRequests ?? {}));
  assertEquals([keys.length, new Set(keys).size], [2, 2]);
  const { result } = await ask(app, { name: "ask_all" });
  assertEquals(Object.keys(result.inputRequests).length, 3);
});

Deno.test("2026-07-28: a handler that uses a key twice fails, it gets no other's answer", async () => {
  using app = specApp();
  const twice = async (keys: (string | undefined)[]) => {
    const name = `keys_${app.catalog.tools.size}`;
    app.catalog.tools.add(defineTool({
      name,
      description: "Uses keys",
      run: async (_input, { elicit }) => {
        for (const key of keys) await elicit({ ...QUESTION, ...(key !== undefined && { key }) });
        return "asked";
      },
    }));
    return (await conversation(app, { name })).at(-1).result;
  };
  assertEquals((await twice(["a", "b", undefined])).isError, undefined);
  assertEquals((await twice(["a", "a"])).isError, true);
  assertEquals((await twice([undefined, "question_1"])).isError, true);
});

Deno.test("2026-07-28: a requestState that was altered or made up is refused", async () => {
  using app = specApp();
  using stranger = specApp();
  const { result } = await ask(app, { name: "ask" });
  const foreign = (await ask(stranger, { name: "ask" })).result.requestState;
  const { requestState } = result;
  const wrong: unknown[] = [
    foreign,
    "",
    "x",
    7,
    {},
    null,
    `${requestState}x`,
    requestState.slice(1),
  ];
  for (let at = 0; at < requestState.length; at += 9) {
    const changed = requestState[at] === "A" ? "B" : "A";
    wrong.push(requestState.slice(0, at) + changed + requestState.slice(at + 1));
  }
  for (const state of wrong) {
    const { error } = await retry(app, { name: "ask" }, { ...result, requestState: state });
    assertEquals(error?.code, -32602, JSON.stringify(state));
  }
});

Deno.test("2026-07-28: a requestState counts only for its own method and arguments", async () => {
  using app = specApp();
  const call = { name: "ask_url", arguments: { url: "https://example.com/a" } };
  const { result } = await ask(app, call);
  const others: [method: string, params: Record<string, unknown>][] = [
    ["tools/call", { name: "ask" }],
    ["tools/call", { ...call, arguments: { url: "https://example.com/b" } }],
    ["tools/call", { name: "ask_url" }],
    ["prompts/get", call],
    ["resources/read", { uri: "test://text" }],
  ];
  for (const [method, params] of others) {
    const { error } = await retry(app, params, result, method);
    assertEquals(error?.code, -32602, JSON.stringify(params));
  }
  assertEquals((await retry(app, call, result)).result.resultType, "complete");
});

Deno.test("2026-07-28: a requestState counts only for the caller it was given to", async () => {
  using app = specApp();
  const as = async (principal: string | undefined, params: Record<string, unknown>) => {
    const body = modernBody("tools/call", params, { capabilities: ALL_CAPABILITIES });
    const init = { method: "POST", headers: mirrorHeaders(body), body: JSON.stringify(body) };
    const peer = { address: "192.0.2.7", ...(principal !== undefined && { principal }) };
    return await (await app.request("/mcp", init, peer)).json();
  };
  const { result } = await as("ada", { name: "ask" });
  const again = {
    name: "ask",
    requestState: result.requestState,
    inputResponses: grantAll(result.inputRequests),
  };
  for (const other of ["eve", undefined]) assertEquals((await as(other, again)).error.code, -32602);
  assertEquals((await as("ada", again)).result.resultType, "complete");
});

Deno.test("2026-07-28: a question that is never answered leaves nothing behind", async () => {
  using app = specApp();
  let ended = 0;
  app.catalog.tools.add(defineTool({
    name: "tidy",
    description: "Cleans up",
    run: async (_input, { elicit }) => {
      try {
        return (await elicit(QUESTION)).action;
      } finally {
        ended++;
      }
    },
  }));
  for (let count = 0; count < 5; count++) await ask(app, { name: "tidy" });
  assertEquals([ended, app.connections.size], [5, 0]);
});

Deno.test("2026-07-28: a retry without the answers is asked again", async () => {
  using app = specApp();
  const { result } = await ask(app, { name: "ask_all" });
  const [first = ""] = Object.keys(result.inputRequests);
  const some = { [first]: grantAll(result.inputRequests)[first], unexpected: { extra: true } };
  for (const inputResponses of [{}, some]) {
    const again = await retry(app, { name: "ask_all" }, result, "tools/call", inputResponses);
    assertEquals(again.result.resultType, "input_required");
    const open = Object.keys(again.result.inputRequests);
    assertEquals(open.includes(first), !(first in inputResponses));
  }
});

Deno.test("2026-07-28: an elicitation by URL carries mode, message and URL", async () => {
  using app = specApp();
  const { result } = await ask(app, { name: "ask_url" });
  assertEquals(Object.values(result.inputRequests), [{
    method: "elicitation/create",
    params: { mode: "url", message: "Your key, please", url: "https://example.com/key" },
  }]);
  for (const url of ["", "example.com/key", "/key", "https://", "two words"]) {
    const refused = await ask(app, { name: "ask_url", arguments: { url } });
    assertEquals(refused.result.isError, true, url);
  }
});

Deno.test("2026-07-28: an elicitation in a mode that the client lacks is not sent", async () => {
  using app = specApp();
  const clients = [
    { elicitation: { form: {} }, served: ["ask"], refused: ["ask_url"] },
    { elicitation: {}, served: ["ask"], refused: ["ask_url"] },
    { elicitation: { url: {} }, served: ["ask_url"], refused: ["ask"] },
  ];
  for (const { elicitation, served, refused } of clients) {
    const call = async (name: string) =>
      await modernRequest(app, "tools/call", { name }, { capabilities: { elicitation } });
    for (const name of served) {
      assertEquals((await call(name)).result.resultType, "input_required", name);
    }
    for (const name of refused) assertEquals((await call(name)).error.code, -32021, name);
  }
});

Deno.test("2026-07-28: a tool learns that the user declined or cancelled", async () => {
  using app = specApp();
  const { result } = await ask(app, { name: "ask" });
  const [key = ""] = Object.keys(result.inputRequests);
  for (const action of ["decline", "cancel"]) {
    const responses = { [key]: { action } };
    const done = await retry(app, { name: "ask" }, result, "tools/call", responses);
    assertEquals(JSON.parse(done.result.content[0].text), { action });
  }
  for (const wrong of [{ action: "maybe" }, {}, { action: "accept", content: { name: 7 } }]) {
    const done = await retry(app, { name: "ask" }, result, "tools/call", { [key]: wrong });
    assertEquals(done.result.isError, true, JSON.stringify(wrong));
  }
  const malformed = await retry(app, { name: "ask" }, result, "tools/call", { [key]: "yes" });
  assertEquals(malformed.error.code, -32602);
});

Deno.test("2026-07-28: the answer to a missing capability is JSON also where a call took long", async () => {
  using app = specApp();
  const response = await modernPost(app, "tools/call", { name: "roots" });
  assertEquals([response.status, (await response.json()).error.code], [400, -32021]);
  assert(app.connections.size === 0);
});

/** A request of a client that can do everything. */
async function ask(
  app: SpecApp,
  params: Record<string, unknown>,
  method = "tools/call",
): Promise<Message> {
  return await modernRequest(app, method, params, { capabilities: ALL_CAPABILITIES });
}

/** The same request again, with answers to the questions. */
async function retry(
  app: SpecApp,
  params: Record<string, unknown>,
  { inputRequests, requestState }: Message,
  method = "tools/call",
  inputResponses: Record<string, unknown> = grantAll(inputRequests),
): Promise<Message> {
  return await ask(app, { ...params, inputResponses, requestState }, method);
}

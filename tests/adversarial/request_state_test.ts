/**
 * `requestState` (2026-07-28): a client carries it for the server, and cannot read or change it.
 */
import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { definePrompt, defineTool, type Peer } from "../../lib/mod.ts";
import { type TestApp, testApp } from "../helpers/app.ts";
import { BOTH } from "../helpers/session.ts";
import { FakeTime } from "../helpers/time.ts";
import { alterations } from "./alterations.ts";

const VERSION = "2026-07-28";
const KEY = "a key that both servers were given long enough";
const ADA: Peer = { address: "192.0.2.1", principal: "ada" };
const EVE: Peer = { address: "192.0.2.1", principal: "eve" };

const ASK = { message: "Your name?", schema: z.object({ name: z.string() }) };

function twoQuestions(name: string) {
  return defineTool({
    name,
    description: "Asks twice",
    input: z.looseObject({}),
    run: async (_input, ctx) => {
      const first = await ctx.elicit({ ...ASK, key: "first" });
      const second = await ctx.elicit({ ...ASK, key: "second" });
      return `${first.content?.name} and ${second.content?.name}`;
    },
  });
}

function openApp(settings = {}): TestApp {
  return testApp({
    tools: [twoQuestions("ask"), twoQuestions("ask_too")],
    prompts: [
      definePrompt({
        name: "ask",
        run: async (_args, ctx) => (await ctx.elicit({ ...ASK, key: "first" })).action,
      }),
    ],
    settings,
  });
}

/** One request of a round. */
interface Round {
  readonly method?: "tools/call" | "prompts/get";
  readonly name?: string;
  readonly arguments?: Record<string, unknown>;
  readonly requestState?: unknown;
  readonly inputResponses?: Record<string, unknown>;
  readonly peer?: Peer;
}

async function ask(
  app: TestApp,
  { method = "tools/call", peer = ADA, ...round }: Round,
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
): Promise<any> {
  const { name = "ask", arguments: args = { a: 1, b: [1, { c: 2 }] }, ...rest } = round;
  const response = await app.request("/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: BOTH,
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
      "mcp-name": name,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        name,
        arguments: args,
        ...rest,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": VERSION,
          "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
        },
      },
    }),
  }, peer);
  return await response.json();
}

const named = (name: string) => ({ action: "accept", content: { name } });
/** The state after the first of two answers. */
async function stateOf(app: TestApp, round: Round = {}): Promise<string> {
  const { result } = await ask(app, { ...round, inputResponses: { first: named("Ada") } });
  assertEquals(Object.keys(result.inputRequests), ["second"]);
  return result.requestState;
}

const SECOND = { inputResponses: { second: named("Grace") } };

async function assertRefused(app: TestApp, round: Round, why: RegExp): Promise<void> {
  const { error } = await ask(app, { ...SECOND, ...round });
  assertEquals(error?.code, -32602);
  assertMatch(error.message, /"requestState" is refused/);
  assertMatch(error.message, why);
}

Deno.test("a state is good for its own request, whatever the order of the arguments", async () => {
  using app = openApp();
  const requestState = await stateOf(app);
  const sorted = { b: [1, { c: 2 }], a: 1 };
  const { result } = await ask(app, { ...SECOND, requestState, arguments: sorted });
  assertEquals(result.content[0].text, "Ada and Grace");
});

Deno.test("a state with any one character altered is refused", async () => {
  using app = openApp();
  const requestState = await stateOf(app);
  for (const altered of alterations(requestState)) {
    await assertRefused(app, { requestState: altered }, /altered, or another server made it/);
  }
});

Deno.test("a state that was cut short, made up or is no text is refused", async () => {
  using app = openApp();
  const requestState = await stateOf(app);
  const half = requestState.slice(0, requestState.length / 2);
  const forged = [requestState.slice(1), requestState.slice(0, -1), half, "", ".", null, 1, {}];
  for (const one of forged) await assertRefused(app, { requestState: one }, /altered/);
});

Deno.test("a state that is an hour old is refused", async () => {
  using time = new FakeTime();
  using app = openApp({ MCP_SESSION_KEY: KEY });
  const requestState = await stateOf(app);
  await time.leap(3_599_000);
  assertEquals((await ask(app, { ...SECOND, requestState })).error, undefined);
  await time.leap(2_000);
  await assertRefused(app, { requestState }, /expired/);
});

Deno.test("a state of other arguments is refused", async () => {
  using app = openApp();
  const requestState = await stateOf(app);
  for (
    const args of [{}, { a: 2, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 3 }] }, { a: 1, b: [] }]
  ) {
    await assertRefused(app, { requestState, arguments: args }, /another request/);
  }
});

Deno.test("a state of another tool, method or caller is refused", async () => {
  using app = openApp();
  const requestState = await stateOf(app);
  const another = /another request/;
  await assertRefused(app, { requestState, name: "ask_too" }, another);
  await assertRefused(app, { requestState, method: "prompts/get" }, another);
  await assertRefused(app, { requestState, peer: EVE }, another);
  await assertRefused(app, { requestState, peer: { address: ADA.address } }, another);
});

Deno.test("a state is good on a server with the same key, and on no other", async () => {
  using before = openApp({ MCP_SESSION_KEY: KEY });
  const requestState = await stateOf(before);
  using same = openApp({ MCP_SESSION_KEY: KEY });
  const { result } = await ask(same, { ...SECOND, requestState });
  assertEquals(result.content[0].text, "Ada and Grace");
  using other = openApp();
  await assertRefused(other, { requestState }, /another server made it/);
});

Deno.test("two clients in the middle of the same rounds get their own answers only", async () => {
  using app = openApp();
  const arguments_ = { same: true };
  const rounds = { arguments: arguments_ };
  const first = async (name: string, peer: Peer) =>
    (await ask(app, { ...rounds, peer, inputResponses: { first: named(name) } })).result
      .requestState;
  const [ofAda, ofEve] = await Promise.all([first("Ada", ADA), first("Eve", EVE)]);
  const second = async (name: string, round: Round) =>
    (await ask(app, { ...rounds, ...round, inputResponses: { second: named(name) } })).result
      .content[0].text;
  assertEquals(
    await Promise.all([
      second("Lovelace", { peer: ADA, requestState: ofAda }),
      second("Moneypenny", { peer: EVE, requestState: ofEve }),
    ]),
    ["Ada and Lovelace", "Eve and Moneypenny"],
  );
  await assertRefused(app, { ...rounds, peer: EVE, requestState: ofAda }, /another request/);
});

Deno.test("an answer of an earlier round stands, whatever comes beside the state", async () => {
  using app = openApp();
  const first = await ask(app, {});
  const second = await ask(app, {
    requestState: first.result.requestState,
    inputResponses: { first: named("Ada") },
  });
  const done = await ask(app, {
    requestState: second.result.requestState,
    inputResponses: { first: named("Eve"), second: named("Bob") },
  });
  assertEquals(done.result.content[0].text, "Ada and Bob");
});

Deno.test("an answer to a question that was not asked yet is ignored", async () => {
  using app = openApp();
  const first = await ask(app, {});
  const second = await ask(app, {
    requestState: first.result.requestState,
    inputResponses: { first: named("Ada"), second: named("Eve") },
  });
  assertEquals(Object.keys(second.result.inputRequests), ["second"]);
});

Deno.test("a level of the log is one of the levels, and no member that every object has", async () => {
  using app = openApp();
  for (const level of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const response = await app.request("/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "mcp-protocol-version": VERSION,
        "mcp-method": "ping",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "ping",
        params: {
          _meta: {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/logLevel": level,
          },
        },
      }),
    });
    const { error } = await response.json();
    assertEquals([error.code, /logLevel/.test(error.message)], [-32602, true], level);
  }
});

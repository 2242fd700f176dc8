/** Requests to the client: each is settled once, and nothing of it stays. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as z from "zod";
import { CallAborted } from "../../lib/base/errors.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { ClientRefusal, ClientRequests } from "../../lib/mcp/ask/client_requests.ts";
import type { AskingCall, Question } from "../../lib/mcp/ask/questions.ts";
import { elicitThrough } from "../../lib/mcp/ask/questions.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../../lib/wire/json_rpc.ts";
import { initializeRequest, testApp, toolCall } from "../helpers/app.ts";
import { TestPipe } from "../helpers/pipe.ts";
import { FakeTime } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";

const QUESTION: Question = {
  method: "roots/list",
  params: {},
  requires: { roots: {} },
  key: undefined,
};

/** A call that asks, and its sent messages. */
class Asking implements AskingCall {
  readonly sent: (JsonRpcNotification | JsonRpcRequest)[] = [];
  readonly scope = { send: (message: JsonRpcNotification | JsonRpcRequest) => this.add(message) };
  readonly #controller = new AbortController();
  aborted: CallAborted | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Id of the last request. */
  get id(): string {
    const request = this.sent.findLast((message) => "id" in message);
    return String((request as JsonRpcRequest).id);
  }

  add(message: JsonRpcNotification | JsonRpcRequest): void {
    this.sent.push(message);
  }

  abort(reason: CallAborted): void {
    this.aborted = reason;
    this.#controller.abort(reason);
  }
}

function clientRequests(wheel: TimerWheel): ClientRequests {
  return new ClientRequests({ wheel, timeoutMs: 5_000, capabilities: () => ({ roots: {} }) });
}

Deno.test("a request that was answered awaits nothing more, and leaves no timer", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const requests = clientRequests(wheel);
  const call = new Asking();
  const answer = requests.ask(QUESTION, call);
  const { id } = call;
  assertEquals(requests.awaits(id), true);
  assertEquals(requests.settle({ jsonrpc: "2.0", id, result: { roots: [] } }), true);
  assertEquals(await answer, { roots: [] });
  assertEquals([requests.awaits(id), wheel.size], [false, 0]);
  assertEquals(requests.settle({ jsonrpc: "2.0", id, result: "again" }), false);
});

Deno.test("the ids of requests count up, differ between clients and name the instance if there are several", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const idsOf = async (instance?: string) => {
    const requests = new ClientRequests({
      wheel,
      timeoutMs: 5_000,
      capabilities: () => ({ roots: {} }),
      instance,
    });
    const call = new Asking();
    const answers = [requests.ask(QUESTION, call), requests.ask(QUESTION, call)];
    assertEquals(requests.size, 2);
    const ids = call.sent.map((message) => String((message as JsonRpcRequest).id));
    for (const id of ids) requests.settle({ jsonrpc: "2.0", id, result: {} });
    await Promise.all(answers);
    return ids;
  };
  const [first, second] = await idsOf();
  assertMatch(first!, /^lifeline-[0-9a-f]{8}-1$/);
  assertEquals(second, first!.replace(/1$/, "2"));
  assertEquals((await idsOf())[0] === first, false);
  assertMatch((await idsOf("abc"))[1]!, /^lifeline-iabc-[0-9a-f]{8}-2$/);
});

Deno.test("a client without the capability, and a call that was stopped, ask nothing", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const call = new Asking();
  const url = { ...QUESTION, method: "elicitation/create", requires: { elicitation: { url: {} } } };
  const { message } = await assertRejects(() => clientRequests(wheel).ask(url as Question, call));
  assertEquals(
    message,
    "Client does not support elicitation/create: it declared no capability elicitation.url",
  );
  call.abort(new CallAborted("timeout"));
  await assertRejects(() => clientRequests(wheel).ask(QUESTION, call), CallAborted);
  assertEquals([call.sent, wheel.size], [[], 0]);
});

Deno.test("a refusal of the client has its error, and a withdrawal says which request and why", async () => {
  using time = new FakeTime();
  const requests = clientRequests(new TimerWheel({ clock: time.clock }));
  const call = new Asking();
  const refused = assertRejects(() => requests.ask(QUESTION, call), ClientRefusal);
  const error = { code: -1, message: "No", data: { a: 1 } };
  requests.settle({ jsonrpc: "2.0", id: call.id, error });
  const { message, error: given } = await refused;
  assertEquals([message, given], ["Client refused roots/list: No (-1)", error]);
  const withdrawn = assertRejects(() => requests.ask(QUESTION, call), CallAborted);
  call.abort(new CallAborted("timeout", "Too late"));
  await withdrawn;
  assertEquals(call.sent.at(-1), {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: call.id, reason: "Too late" },
  });
});

Deno.test("a request that is settled listens no more to the end of its call", async () => {
  using time = new FakeTime();
  const requests = clientRequests(new TimerWheel({ clock: time.clock }));
  const call = new Asking();
  const listeners = new Set<unknown>();
  const { signal } = call;
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) => {
    listeners.delete(listener);
  };
  const answer = requests.ask(QUESTION, call);
  assertEquals(listeners.size, 1);
  requests.settle({ jsonrpc: "2.0", id: call.id, result: {} });
  await answer;
  assertEquals(listeners.size, 0);
});

Deno.test("a request that is not answered in time fails, and the client is told", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const requests = clientRequests(wheel);
  const call = new Asking();
  const failed = assertRejects(() => requests.ask(QUESTION, call), Error);
  await time.advance(5_100);
  assertMatch((await failed).message, /did not answer roots\/list within 5000 ms/);
  assertEquals(call.sent.map(({ method }) => method), ["roots/list", "notifications/cancelled"]);
  assertEquals([requests.awaits(call.id), wheel.size], [false, 0]);
});

Deno.test("a request ends with the call that asked, and nothing of it stays", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const requests = clientRequests(wheel);
  const call = new Asking();
  const failed = assertRejects(() => requests.ask(QUESTION, call), CallAborted);
  call.abort(new CallAborted("cancelled"));
  await failed;
  assertEquals([requests.awaits(call.id), wheel.size], [false, 0]);
});

/** The events that settle a request; each pair also occurs in one turn of the event loop. */
const ENDINGS: Readonly<Record<string, (set: Ending) => void | Promise<void>>> = {
  "the end of its time": ({ time }) => time.leap(6_000),
  "the end of its call": ({ call }) => call.abort(new CallAborted("timeout")),
  "its response": ({ requests, call }) =>
    void requests.settle({ jsonrpc: "2.0", id: call.id, result: { roots: [] } }),
  "a refusal": ({ requests, call }) =>
    void requests.settle({ jsonrpc: "2.0", id: call.id, error: { code: -1, message: "No" } }),
};

const ANSWERS = ["its response", "a refusal"];

interface Ending {
  readonly time: FakeTime;
  readonly requests: ClientRequests;
  readonly call: Asking;
}

for (const first of Object.keys(ENDINGS)) {
  for (const second of Object.keys(ENDINGS)) {
    Deno.test(
      `a request that is settled by ${first} and then by ${second} in one turn is withdrawn ${
        ANSWERS.includes(first) ? "not at all" : "once"
      }`,
      async () => {
        using time = new FakeTime();
        const requests = clientRequests(new TimerWheel({ clock: time.clock }));
        const call = new Asking();
        const answered = requests.ask(QUESTION, call).catch(() => {});
        const set = { time, requests, call };
        // Neither is awaited before the other: the second comes before anybody hears of the first.
        await Promise.all([ENDINGS[first]!(set), ENDINGS[second]!(set)]);
        await answered;
        const withdrawn = call.sent.filter(({ method }) => method === "notifications/cancelled");
        assertEquals(withdrawn.length, ANSWERS.includes(first) ? 0 : 1);
      },
    );
  }
}

Deno.test("a question whose time ends in one turn with its call is withdrawn once", async () => {
  using time = new FakeTime();
  const tool = toolThat(({ elicit }) => elicit({ message: "?", schema: z.object({}) }));
  using app = testApp({
    tools: [tool],
    settings: { MCP_REQUEST_TIMEOUT_MS: 5_000 },
    wheel: { clock: time.clock },
  });
  const pipe = new TestPipe();
  const served = app.speak(pipe);
  const capabilities = { elicitation: {} };
  await pipe.say(initializeRequest("2025-11-25", { capabilities }));
  await pipe.say(toolCall("subject", {}, 1));
  await time.leap(6_000);
  const withdrawn = pipe.lines.filter(({ method }) => method === "notifications/cancelled");
  assertEquals(withdrawn.length, 1);
  await pipe.close();
  await served;
});

Deno.test("a form that was accepted without content is read as an empty one", async () => {
  const elicit = elicitThrough(() => Promise.resolve({ action: "accept" }), false);
  const schema = z.object({ guests: z.int().default(2) });
  assertEquals(await elicit({ message: "How many?", schema }), {
    action: "accept",
    content: { guests: 2 },
  });
  await assertRejects(
    () => elicit({ message: "How many?", schema: z.object({ guests: z.int() }) }),
    Error,
    "guests",
  );
});

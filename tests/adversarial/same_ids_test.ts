/**
 * Clients that use the same request ids and progress tokens at the same time get their own answers,
 * progress and questions, and never those of others (GHSA-345p-7cg4-v4c7 was such a mix-up).
 */
import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { testApp } from "../helpers/app.ts";
import { Puppet } from "../helpers/puppet.ts";
import { settled } from "../helpers/time.ts";
import { type Lane, LANE_KINDS, type LaneKind, type Message } from "./lanes.ts";

const CLIENTS = 2;
const IDS = [1, 2, "1"];

/** An action of the client with this number on the call with this id. */
interface Step {
  readonly client: number;
  readonly id: number;
  readonly do: "progress" | "ask" | "answer" | "finish" | "cancel";
}

const step: fc.Arbitrary<Step> = fc.record({
  client: fc.nat(CLIENTS - 1),
  id: fc.nat(IDS.length - 1),
  do: fc.constantFrom("progress", "progress", "ask", "answer", "finish", "cancel"),
});

/** One call, its expected result, and the orders to its handler. */
class MarkedCall {
  readonly mark: string;
  readonly answers: Promise<string>[] = [];
  readonly expected: Message[] = [];
  #state: "new" | "running" | "over" = "new";
  #answered = 0;
  readonly #lane: Lane;
  readonly #id: string | number;
  readonly #puppet: Puppet;

  constructor(lane: Lane, puppet: Puppet, place: { client: number; id: number }) {
    this.mark = `client ${place.client}, call ${place.id}`;
    this.#lane = lane;
    this.#puppet = puppet;
    this.#id = IDS[place.id] ?? "";
  }

  async take({ do: action }: Step, kind: LaneKind): Promise<void> {
    if (this.#state === "new") await this.#start();
    if (this.#state === "over") return;
    if (action === "progress") await this.#progress();
    else if (action === "finish") await this.finish();
    else if (kind.hasSession && action === "ask") await this.#ask();
    else if (kind.hasSession && action === "answer") await this.#answer();
    else if (kind.hasSession && action === "cancel") await this.#cancel();
  }

  async finish(): Promise<void> {
    if (this.#state !== "running") return;
    while (this.#answered < this.answers.length) await this.#answer();
    this.#state = "over";
    (await this.#puppet.call(this.mark)).finish(this.mark);
    this.expected.push({ id: this.#id, text: this.mark });
    await this.#lane.waitFor((message) => isAnswerTo(message, this.#id));
  }

  async #start(): Promise<void> {
    this.#state = "running";
    const sending = this.#lane.send({
      jsonrpc: "2.0",
      id: this.#id,
      method: "tools/call",
      params: {
        name: "puppet",
        arguments: { call: this.mark },
        _meta: { progressToken: this.#id },
      },
    });
    const call = await this.#puppet.call(this.mark);
    call.ctx.progress(0, undefined, this.mark);
    this.expected.push({ token: this.#id, progress: 0, text: this.mark });
    await sending;
  }

  async #progress(): Promise<void> {
    const progress = this.expected.length;
    (await this.#puppet.call(this.mark)).ctx.progress(progress, undefined, this.mark);
    this.expected.push({ token: this.#id, progress, text: this.mark });
  }

  async #ask(): Promise<void> {
    const { ctx } = await this.#puppet.call(this.mark);
    const text = `${this.mark}, question ${this.answers.length}`;
    const properties = { text: { type: "string" as const } };
    const answer = ctx.elicit({ message: text, requestedSchema: { type: "object", properties } });
    this.answers.push(answer.then(({ content }) => String(content?.text), ({ reason }) => reason));
    this.expected.push({ question: text });
  }

  async #answer(): Promise<void> {
    if (this.#answered === this.answers.length) return;
    const text = `${this.mark}, question ${this.#answered++}`;
    const { id } = await this.#lane.waitFor(({ params }) => params?.message === text);
    const result = { action: "accept", content: { text: `answer to ${text}` } };
    await this.#lane.send({ jsonrpc: "2.0", id, result });
  }

  /** Its open questions are withdrawn in the order in which they were asked. */
  async #cancel(): Promise<void> {
    this.#state = "over";
    const params = { requestId: this.#id };
    await this.#lane.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    for (let open = this.#answered; open < this.answers.length; open++) {
      this.expected.push({ withdrawn: true });
    }
  }

  async assertAnswers(): Promise<void> {
    const answers = await Promise.all(this.answers);
    const expected = answers.map((_, index) =>
      index < this.#answered ? `answer to ${this.mark}, question ${index}` : "cancelled"
    );
    assertEquals(answers, expected);
  }
}

function isAnswerTo(message: Message, id: string | number): boolean {
  return message.method === undefined && message.id === id;
}

/** A message as the test describes it, without the values that the server chose. */
function described(message: Message): Message {
  const { id, method, params, result } = message;
  if (method === "notifications/progress") {
    return { token: params.progressToken, progress: params.progress, text: params.message };
  }
  if (method === "elicitation/create") return { question: params.message };
  if (method === "notifications/cancelled") return { withdrawn: true };
  return { id, text: result?.content?.[0]?.text };
}

const sorted = (messages: Message[]) => messages.map((one) => JSON.stringify(one)).sort();

/** Lets one client of each kind take its steps, and checks all results. */
async function collide(kinds: readonly LaneKind[], steps: readonly Step[]): Promise<void> {
  const puppet = new Puppet();
  using app = testApp({ tools: [puppet.tool] });
  await using stack = new AsyncDisposableStack();
  const clients = [];
  for (const [client, kind] of kinds.entries()) {
    const lane = stack.use(await kind.open(app));
    const calls = IDS.map((_, id) => new MarkedCall(lane, puppet, { client, id }));
    clients.push({ kind, lane, calls });
  }
  for (const step of steps) {
    const client = clients[step.client];
    if (client !== undefined) await client.calls[step.id]?.take(step, client.kind);
  }
  for (const { calls } of clients) for (const call of calls) await call.finish();
  for (const { kind, lane, calls } of clients) {
    for (const call of calls) await call.assertAnswers();
    const expected = calls.flatMap((call) => call.expected);
    await lane.waitForCount(expected.length + kind.handshakes);
    await settled();
    const received = lane.received.filter(({ id }) => id !== "initialize").map(described);
    assertEquals(sorted(received), sorted(expected));
  }
}

const steps = fc.array(step, { maxLength: 40 });
const LIMITS = { numRuns: 50, timeout: 20_000 };

for (const kind of LANE_KINDS) {
  Deno.test(`two ${kind.name} that use the same ids never see each other's messages`, async () => {
    await fc.assert(fc.asyncProperty(steps, (steps) => collide([kind, kind], steps)), LIMITS);
  });
}

Deno.test("clients of any two dialects that use the same ids never see each other's messages", async () => {
  const kind = fc.constantFrom(...LANE_KINDS);
  await fc.assert(
    fc.asyncProperty(fc.tuple(kind, kind), steps, (kinds, steps) => collide(kinds, steps)),
    LIMITS,
  );
});

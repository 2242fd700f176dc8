/** Answers to the server's questions settle the question they were given for, and no other. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { testApp, toolCall } from "../helpers/app.ts";
import { Puppet, type PuppetCall } from "../helpers/puppet.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";

const KEY = "a key that both servers were given long enough";
const OPTIONS = { capabilities: { elicitation: {} } };

function serverWith(settings = {}) {
  const puppet = new Puppet();
  const app = testApp({ tools: [puppet.tool], settings });
  return { app, puppet, [Symbol.dispose]: () => app.stop() };
}

/** A question that waits for its answer, from its client's view. */
class Asked implements AsyncDisposable {
  readonly id: string;
  readonly answer: Promise<string>;
  readonly #client: ResumingClient;

  constructor(id: string, answer: Promise<string>, client: ResumingClient) {
    this.id = id;
    this.answer = answer;
    this.#client = client;
  }

  static async on(session: TestSession, puppet: Puppet, name: string): Promise<Asked> {
    const client = new ResumingClient(() => session.post(toolCall("puppet", { call: name }, name)));
    await client.connect();
    const answer = ask(await puppet.call(name));
    await client.readMessages(1);
    return new Asked(client.messages[0].id, answer, client);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.cut();
  }
}

function ask({ ctx }: PuppetCall): Promise<string> {
  const requestedSchema = {
    type: "object" as const,
    properties: { text: { type: "string" as const } },
  };
  const answer = ctx.elicit({ message: "?", requestedSchema });
  return answer.then(({ content }) => String(content?.text), (error) => error.message);
}

function answerTo(id: string, text: string) {
  return { jsonrpc: "2.0", id, result: { action: "accept", content: { text } } };
}

Deno.test("an answer from before a restart does not settle a question from after it", async () => {
  using before = serverWith({ MCP_SESSION_KEY: KEY });
  const session = await TestSession.open(before.app, OPTIONS);
  await using old = await Asked.on(session, before.puppet, "old");
  before.app.stop();
  using after = serverWith({ MCP_SESSION_KEY: KEY });
  const moved = session.on(after.app);
  await using young = await Asked.on(moved, after.puppet, "new");
  assertNotEquals(young.id, old.id);
  await moved.tell(answerTo(old.id, "for the old one"));
  await moved.tell(answerTo(young.id, "for the new one"));
  assertEquals(await young.answer, "for the new one");
});

Deno.test("a response that is posted into another session does not settle a question", async () => {
  using server = serverWith();
  const asked = await TestSession.open(server.app, OPTIONS);
  const other = await TestSession.open(server.app, OPTIONS);
  await using question = await Asked.on(asked, server.puppet, "a");
  await other.tell(answerTo(question.id, "forged"));
  await asked.tell(answerTo(question.id, "meant"));
  assertEquals(await question.answer, "meant");
});

Deno.test("only the first answer to a question counts", async () => {
  using server = serverWith();
  const session = await TestSession.open(server.app, OPTIONS);
  await using question = await Asked.on(session, server.puppet, "a");
  await session.tell(answerTo(question.id, "first"));
  await session.tell(answerTo(question.id, "second"));
  assertEquals(await question.answer, "first");
});

Deno.test("a response without a session is refused, whatever its id", async () => {
  using server = serverWith();
  const session = await TestSession.open(server.app, OPTIONS);
  await using question = await Asked.on(session, server.puppet, "a");
  const response = await server.app.post("/mcp", answerTo(question.id, "forged"));
  assertEquals(response.status, 400);
  assertEquals((await response.json()).error.code, -32600);
  await session.tell(answerTo(question.id, "meant"));
  assertEquals(await question.answer, "meant");
});

/** Questions that are none, which authors who write JavaScript may ask, and checks that wait. */
import { assertEquals, assertRejects } from "@std/assert";
import * as z from "zod";
import { ToolError } from "../../lib/base/errors.ts";
import { elicitThrough, type Question, sampleThrough } from "../../lib/mcp/ask/questions.ts";

/** The message of the error for a question that must not reach the client. */
async function refusal(question: unknown): Promise<string> {
  const asked: Question[] = [];
  const elicit = elicitThrough((each) => {
    asked.push(each);
    return Promise.resolve({ action: "cancel" });
  }, false);
  const { message } = await assertRejects(() => elicit(question as never), TypeError);
  assertEquals(asked, []);
  return message;
}

const FORM = { message: "?", schema: z.object({}) };

Deno.test("a question that is none is refused before the client is asked", async () => {
  for (
    const [question, message] of [
      [undefined, "ctx.elicit() takes an object of options, not undefined"],
      ["Name?", 'ctx.elicit() takes an object of options, not "Name?"'],
      [{ ...FORM, key: 1 }, "Option of ctx.elicit(): key must be a text, not 1"],
      [{ ...FORM, mesage: "?" }, 'ctx.elicit() has no option "mesage"; did you mean "message"?'],
      [{ message: "?" }, 'the question needs a "schema" for a form, or a "url" of a page'],
      [
        { message: "?", schema: undefined },
        'the question needs a "schema" for a form, or a "url" of a page',
      ],
      [
        { ...FORM, url: "https://example.com" },
        "the question has schema and url; ask one question for each",
      ],
      [
        { ...FORM, requestedSchema: {}, url: "https://example.com" },
        "the question has schema and requestedSchema and url; ask one question for each",
      ],
    ] as const
  ) assertEquals(await refusal(question), `Cannot ask the user: ${message}`);
});

Deno.test("what is no conversation, or one that providers would refuse, is not sampled", async () => {
  const asked: Question[] = [];
  const sample = sampleThrough((question) => {
    asked.push(question);
    return Promise.resolve({ role: "assistant", model: "m", content: [] });
  });
  const TAKES = "ctx.sample() takes { messages, maxTokens }, and messages is a list";
  const alone = { type: "tool_result", toolUseId: "1", content: [] };
  for (
    const [params, message] of [
      [undefined, `Cannot sample with undefined: ${TAKES}`],
      ["Hi", `Cannot sample with "Hi": ${TAKES}`],
      [[], `Cannot sample with a list: ${TAKES}`],
      [{}, `Cannot sample with messages that are undefined: ${TAKES}`],
      [{ messages: "Hi" }, `Cannot sample with messages that are "Hi": ${TAKES}`],
      [
        { messages: [{ role: "user", content: alone }], maxTokens: 1 },
        "Cannot sample: messages[0] is wrong: it must answer each tool use of the message before, " +
        "and no other",
      ],
    ] as const
  ) {
    const error = await assertRejects(() => sample(params as never), TypeError);
    assertEquals(error.message, message);
  }
  assertEquals(asked, []);
});

Deno.test("an answer is checked by rules that wait, too", async () => {
  const schema = z.object({
    name: z.string().refine((name) => Promise.resolve(name === "Ada"), "must be Ada"),
  });
  const answered = (name: string) =>
    elicitThrough(() => Promise.resolve({ action: "accept", content: { name } }), false)({
      message: "?",
      schema,
    });
  assertEquals(await answered("Ada"), { action: "accept", content: { name: "Ada" } });
  const { message } = await assertRejects(() => answered("Bob"), ToolError);
  assertEquals(message.endsWith("must be Ada"), true, message);
});

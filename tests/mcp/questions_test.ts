/** What a handler is told of a question that is none. */
import { assertEquals } from "@std/assert";
import * as z from "zod";
import { createApp, defineTool, type ToolContext } from "../../lib/mod.ts";
import { testClient } from "../../lib/testing.ts";

// deno-lint-ignore no-explicit-any -- stands for JavaScript, which has no types
type Untyped = (ctx: any) => Promise<unknown>;

const FORM = z.object({ n: z.number() });
const WRONG: readonly (readonly [ask: Untyped, says: string])[] = [
  [
    (ctx) => ctx.elicit(),
    "Cannot ask the user: ctx.elicit() takes an object of options, not undefined",
  ],
  [
    (ctx) => ctx.elicit({ message: "x" }),
    'Cannot ask the user: the question needs a "schema" for a form, or a "url" of a page',
  ],
  [
    (ctx) => ctx.elicit({ message: "x", schema: FORM, url: "https://a" }),
    "Cannot ask the user: the question has schema and url; ask one question for each",
  ],
  [
    (ctx) => ctx.elicit({ message: "x", form: FORM }),
    'Cannot ask the user: ctx.elicit() has no option "form"; there are key, message, schema, ' +
    "requestedSchema, url",
  ],
  [
    (ctx) => ctx.elicit({ schema: FORM }),
    "Cannot ask the user: the message must be a string",
  ],
  [
    (ctx) => ctx.elicit({ message: "x", schema: { n: z.number() } }),
    "Cannot ask by a form: its schema is a raw shape, not a zod 4 schema; wrap it in z.object()",
  ],
  [
    (ctx) => ctx.sample(),
    "Cannot sample with undefined: ctx.sample() takes { messages, maxTokens }, and messages is a list",
  ],
  [
    (ctx) => ctx.sample({ messages: "hello", maxTokens: 5 }),
    'Cannot sample with messages that are "hello": ctx.sample() takes { messages, maxTokens }, and ' +
    "messages is a list",
  ],
];

for (const [ask, says] of WRONG) {
  Deno.test(`a handler is told: ${says}`, async () => {
    const tool = defineTool({
      name: "ask",
      description: "Asks",
      run: async (_input, ctx: ToolContext) => JSON.stringify(await ask(ctx)),
    });
    for (const era of ["2026-07-28", "2025-11-25"] as const) {
      const answers = {
        elicit: () => ({ action: "accept", content: { n: 1 } }) as const,
        sample: () =>
          ({ role: "assistant", content: { type: "text", text: "" }, model: "m" }) as const,
      };
      await using client = await testClient(createApp({ tools: [tool] }), { era, ...answers });
      const { content } = await client.call("ask");
      assertEquals(content, [{ type: "text", text: says }]);
    }
  });
}

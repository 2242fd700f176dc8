/** The arguments of prompts, which clients send as text. */
import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { createApp, definePrompt, RegistrationError } from "../../lib/mod.ts";
import { testClient } from "../../lib/testing.ts";

for (
  const [field, kind, schema] of [
    [z.number(), "number", "z.coerce.number()"],
    [z.number().optional(), "number", "z.coerce.number()"],
    [z.int().default(1), "number", "z.coerce.number()"],
    [z.boolean(), "boolean", "z.stringbool()"],
    [z.date(), "date", "z.coerce.date()"],
    [z.array(z.string()), "array", "z.string()"],
    [z.object({}), "object", "z.string()"],
  ] as const
) {
  Deno.test(`a prompt's argument that is a ${kind} is refused: clients send text; ${schema}`, () => {
    const { message } = assertThrows(
      () => definePrompt({ name: "p", arguments: z.object({ a: field }), run: () => "" }),
      RegistrationError,
    );
    assertEquals(
      message,
      `Cannot serve prompt "p": its argument "a" is a ${kind}, but clients send text; use ${schema}`,
    );
  });
}

Deno.test("a prompt reads numbers, dates and choices from the text that clients send", async () => {
  const prompt = definePrompt({
    name: "p",
    arguments: z.object({
      count: z.coerce.number(),
      day: z.coerce.date().optional(),
      loud: z.stringbool().default(false),
      list: z.string().transform((text) => text.split(",")),
      size: z.enum(["s", "m"]),
    }),
    run: (args) => JSON.stringify(args),
  });
  await using client = await testClient(createApp({ prompts: [prompt] }));
  const { messages } = await client.prompt("p", { count: "5", list: "a,b", size: "s" });
  assertEquals(messages[0]?.content, {
    type: "text",
    text: '{"count":5,"loud":false,"list":["a","b"],"size":"s"}',
  });
});

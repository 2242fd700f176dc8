/**
 * An app for the tests of the test client, and the ways to connect to it.
 *
 * @module
 */
import * as z from "zod";
import {
  type App,
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "../../lib/mod.ts";
import type { TestClientOptions } from "../../lib/testing.ts";
import { PROTOCOL_VERSIONS } from "../../lib/wire/protocol_versions.ts";

export const greet = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});
const work = defineTool({
  name: "work",
  description: "Works for a while",
  run: async (_input, { progress, log }) => {
    progress(1, 2, "half");
    log.debug({ step: 1 }, "worker");
    await Promise.resolve();
    progress(2, 2);
    return "done";
  },
});
const book = defineTool({
  name: "book",
  description: "Books a table",
  run: async (_input, { elicit, roots, sample }) => {
    const guests = await elicit({ message: "Guests?", schema: z.object({ guests: z.int() }) });
    const [folder] = await roots();
    const { content } = await sample({
      messages: [{ role: "user", content: { type: "text", text: "A name?" } }],
      maxTokens: 10,
    });
    return JSON.stringify([guests, folder?.uri, content]);
  },
});
/** An app with a feature of each kind, and tools that report and ask. */
export function offer(): App {
  return createApp({
    tools: [
      greet,
      work,
      book,
      defineTool({
        name: "mirrored",
        description: "Has a parameter that clients send as a header, too",
        input: z.object({ region: z.string().meta({ "x-mcp-header": "Region" }) }),
        run: (input) => input.region,
      }),
    ],
    resources: [
      defineResource({ uri: "lifeline://motto", name: "motto", read: () => "Still here" }),
    ],
    resourceTemplates: [defineResourceTemplate({
      uriTemplate: "users://{id}",
      name: "user",
      read: ({ id }) => id,
    })],
    prompts: [definePrompt({
      name: "review",
      arguments: z.object({ code: z.string() }),
      run: ({ code }) => `Review ${code}`,
    })],
  });
}

/** Each way to connect, under its name. */
export const WAYS: readonly (readonly [string, TestClientOptions])[] = [
  ...PROTOCOL_VERSIONS.map((era) => [era, { era }] as const),
  ["plain", { dialect: "plain" }],
  ["stdio, 2025-11-25", { dialect: "stdio", era: "2025-11-25" }],
  ["stdio, 2026-07-28", { dialect: "stdio" }],
];

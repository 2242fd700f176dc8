/**
 * An app that offers one of everything the requirements speak of.
 *
 * @module
 */
import * as z from "zod";
import type { AppOptions } from "../../../lib/http/app.ts";
import type { ToolContext } from "../../../lib/registry/context.ts";
import { definePrompt } from "../../../lib/registry/prompt.ts";
import { defineResource, defineResourceTemplate } from "../../../lib/registry/resource.ts";
import { defineTool, type Tool } from "../../../lib/registry/tool.ts";
import { BUILT_IN_TOOLS } from "../../../lib/tools/mod.ts";
import { soon } from "./patience.ts";
import { type TestApp, testApp } from "../../helpers/app.ts";

/** Bytes that are no text in UTF-8. */
export const BYTES: Uint8Array = Uint8Array.of(0x89, 0x50, 0xff, 0x00, 0x0a);
export const BASE64 = BYTES.toBase64();
/** Enough suggestions to be too many. */
export const CITIES: readonly string[] = Array.from({ length: 130 }, (_, index) => `city-${index}`);

/** Holds calls of the tool `wait` back until a test opens it. */
export interface Gate {
  /** Contexts of the calls so far. */
  readonly contexts: readonly ToolContext[];
  /** The context of the call of that number, 0 being the first, come or to come. */
  entered(number?: number): Promise<ToolContext>;
  open(): void;
}

export type SpecApp = TestApp & { readonly gate: Gate };

/** Makes the app; options replace the defaults. */
export function specApp(options: AppOptions = {}): SpecApp {
  const gate = createGate();
  const app = testApp({
    tools: [...BUILT_IN_TOOLS, ...ASKING_TOOLS, ...REPORTING_TOOLS, gate.tool],
    resources: RESOURCES,
    resourceTemplates: TEMPLATES,
    prompts: PROMPTS,
    ...options,
  });
  return { ...app, gate };
}

function createGate(): Gate & { readonly tool: Tool } {
  const entries = new Map<number, PromiseWithResolvers<ToolContext>>();
  const entry = (number: number) => {
    const known = entries.get(number) ?? Promise.withResolvers<ToolContext>();
    entries.set(number, known);
    return known;
  };
  const opened = Promise.withResolvers<void>();
  const contexts: ToolContext[] = [];
  const tool = defineTool({
    name: "wait",
    description: "Waits until the test lets it go on",
    run: async (_input, ctx) => {
      entry(contexts.push(ctx) - 1).resolve(ctx);
      await opened.promise;
      return "done";
    },
  });
  return {
    tool,
    contexts,
    entered: (number = 0) => soon(entry(number).promise, () => `call ${number} of "wait"`),
    open: () => opened.resolve(),
  };
}

const QUESTION = { message: "Your name?", schema: z.object({ name: z.string() }) };

/** Tools that ask their client, each in one way. */
export const ASKING_TOOLS: readonly Tool[] = [
  defineTool({
    name: "ask",
    description: "Asks by a form",
    run: async (_input, { elicit }) => JSON.stringify(await elicit(QUESTION)),
  }),
  defineTool({
    name: "ask_url",
    description: "Asks by a URL",
    input: z.object({ url: z.string().default("https://example.com/key") }),
    run: async ({ url }, { elicit }) =>
      JSON.stringify(await elicit({ message: "Your key, please", url })),
  }),
  defineTool({
    name: "ask_twice",
    description: "Asks two questions one after the other",
    run: async (_input, { elicit }) => {
      const first = await elicit(QUESTION);
      const second = await elicit({ ...QUESTION, message: "Really?" });
      return JSON.stringify([first, second]);
    },
  }),
  defineTool({
    name: "ask_all",
    description: "Asks everything at once",
    run: async (_input, { elicit, sample, roots }) =>
      JSON.stringify(await Promise.all([elicit(QUESTION), sample(conversation("Hello")), roots()])),
  }),
  defineTool({
    name: "sample",
    description: "Asks the client's model",
    input: z.object({ secret: z.string().default("Hello") }),
    run: async ({ secret }, { sample }) => JSON.stringify(await sample(conversation(secret))),
  }),
  defineTool({
    name: "roots",
    description: "Asks for the client's folders",
    run: async (_input, { roots }) => JSON.stringify(await roots()),
  }),
];

function conversation(text: string) {
  return {
    messages: [{ role: "user" as const, content: { type: "text" as const, text } }],
    maxTokens: 10,
  };
}

/** Tools that have something to say while they run, and such as fail. */
export const REPORTING_TOOLS: readonly Tool[] = [
  defineTool({
    name: "report",
    description: "Reports the given progress, with a log message beside each",
    input: z.object({ steps: z.array(z.number()).default([1, 2, 3]) }),
    run: ({ steps }, { progress, log }) => {
      for (const step of steps) {
        progress(step, 10, `step ${step}`);
        log.info({ step }, "report");
      }
      return "reported";
    },
  }),
  defineTool({
    name: "log_all",
    description: "Logs at every level",
    run: (_input, { log }) => {
      for (const [level, write] of Object.entries(log)) write(`at ${level}`);
      return "logged";
    },
  }),
  defineTool({
    name: "fail",
    description: "Throws",
    run: () => {
      throw new Error("Disk is full");
    },
  }),
  defineTool({
    name: "measure",
    description: "Gives a structured result, right or wrong",
    input: z.object({ celsius: z.unknown() }),
    output: z.object({ celsius: z.number() }),
    run: ({ celsius }) => ({ celsius }) as { celsius: number },
  }),
  defineTool({
    name: "who",
    description: "Tells who calls",
    run: (_input, { caller: { address, principal, name } }) =>
      JSON.stringify({ address, principal, name }),
  }),
];

const RESOURCES = [
  defineResource({
    uri: "test://text",
    name: "text",
    mimeType: "text/plain",
    read: () => "Grüße\nzwei",
  }),
  defineResource({
    uri: "test://bytes",
    name: "bytes",
    mimeType: "application/octet-stream",
    read: () => BYTES,
  }),
];

const TEMPLATES = [
  defineResourceTemplate({
    uriTemplate: "file:///docs/{name}",
    name: "documents",
    complete: { name: (typed) => CITIES.filter((city) => city.startsWith(typed)) },
    read: ({ name }) => `Document ${name}`,
  }),
];

const PROMPTS = [
  definePrompt({
    name: "travel",
    description: "Plans a journey",
    arguments: z.object({ city: z.string(), secret: z.string().optional() }),
    complete: { city: (typed) => CITIES.filter((city) => city.startsWith(typed)) },
    run: ({ city }) => `To ${city}`,
  }),
  definePrompt({
    name: "media",
    run: () => [
      message({ type: "image", data: BASE64, mimeType: "image/png" }),
      message({ type: "audio", data: BASE64, mimeType: "audio/wav" }),
      message({
        type: "resource",
        resource: { uri: "test://text", mimeType: "text/plain", text: "words" },
      }),
      message({
        type: "resource",
        resource: { uri: "test://bytes", mimeType: "application/octet-stream", blob: BASE64 },
      }),
    ],
  }),
];

function message<C>(content: C): { role: "user"; content: C } {
  return { role: "user", content };
}

/**
 * A server with one of everything that the test page can show. Its first line tells where.
 *
 * @module
 */
import * as z from "zod";
import {
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  ProtocolError,
} from "../../lib/mod.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";

const greet = defineTool({
  name: "greet",
  title: "Greeter",
  description: "Asks who you are, then greets you",
  run: async (_, { elicit }) => {
    const answer = await elicit({
      message: "Who are you?",
      schema: z.object({
        name: z.string().min(2).describe("As you want to be called"),
        mood: z.enum(["fine", "tired"]),
      }),
    });
    if (answer.action !== "accept") return `No greeting: ${answer.action}`;
    return `Hello ${answer.content.name}, you are ${answer.content.mood}`;
  },
});

const draw = defineTool({
  name: "draw",
  description: "Says what it would draw",
  input: z.object({
    shape: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number().int() }),
    ]),
    style: z.object({
      color: z.enum(["red", "green"]),
      border: z.object({ width: z.number() }).optional(),
    }),
    points: z.array(z.object({ x: z.number() })).optional(),
  }),
  run: (input) => JSON.stringify(input),
});

const speak = defineTool({
  name: "speak",
  description: "Logs at several levels",
  run: (_, { log }) => {
    log.info("all is fine");
    log.warning("it gets warm");
    log.error("it burns");
    return "said";
  },
});

const manyTools = Array.from({ length: 60 }, (_, i) =>
  defineTool({
    name: `report_${i + 1}`,
    description: i === 41 ? "Counts the whales" : "A report",
    run: () => `report ${i + 1}`,
  }));

/** If it is set, requests without it are refused. */
const token = Deno.env.get("MCP_TEST_TOKEN");

function authenticate({ request }: { readonly request: Request }): undefined {
  if (request.headers.get("authorization") === `Bearer ${token}`) return undefined;
  throw new ProtocolError("unauthorized", "Send the token of this test", {
    headers: { "www-authenticate": "Bearer" },
  });
}

const app = createApp({
  ...(token !== undefined && { authenticate }),
  info: { name: "full", title: "Full house", version: "3.2.1" },
  instructions: "Ask before you draw.",
  tools: [...BUILT_IN_TOOLS, greet, draw, speak, ...manyTools],
  resources: [
    defineResource({
      uri: "notes://motto",
      name: "motto",
      description: "What we live by",
      mimeType: "text/plain",
      read: () => "Still <b>here</b>",
    }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "notes://{day}",
      name: "diary",
      read: ({ day }) => `Diary of ${day}`,
    }),
  ],
  prompts: [
    definePrompt({
      name: "haiku",
      description: "Asks for a haiku",
      arguments: z.object({ topic: z.string().describe("What it is about") }),
      run: ({ topic }) => `Write a haiku about ${topic}`,
    }),
  ],
  settings: {
    MCP_PING_INTERVAL_MS: 500,
    MCP_DRAIN_MS: 0,
    MCP_ADMIN_TOKEN: Deno.env.get("MCP_ADMIN_TOKEN"),
  },
});

const encoder = new TextEncoder();
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 0),
  onListen: ({ port }) => {
    Deno.stderr.writeSync(encoder.encode(`Test page  http://localhost:${port}/sse-test.html\n`));
  },
}, (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }));

Deno.addSignalListener("SIGTERM", async () => {
  await app.drain(0);
  app.stop();
  await server.shutdown();
  Deno.exit(0);
});

/**
 * An app for the tests of middleware.
 *
 * @module
 */
import * as z from "zod";
import {
  type AppOptions,
  definePrompt,
  defineResource,
  defineTool,
  type Middleware,
} from "../../lib/mod.ts";
import { rpc, type TestApp, testApp } from "../helpers/app.ts";

export const GREET = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});

export const OFFER: AppOptions = {
  tools: [GREET],
  resources: [defineResource({ uri: "test://motto", name: "motto", read: () => "Still here" })],
  prompts: [definePrompt({
    name: "review",
    arguments: z.object({ code: z.string() }),
    run: ({ code }) => `Review ${code}`,
  })],
};

/** The app with middleware around all its requests. */
export function appWith(...use: Middleware[]): TestApp {
  return testApp({ ...OFFER, use });
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
type Answer = any;

/** The answer to a request. */
export async function ask(
  app: TestApp,
  method: string,
  params: Record<string, unknown>,
): Promise<Answer> {
  return await (await app.post("/mcp", rpc(method, params))).json();
}

/** Text of the first block of a tool's result. */
export async function greeted(app: TestApp, name = "Ada"): Promise<string> {
  const { result } = await ask(app, "tools/call", { name: "greet", arguments: { name } });
  return `${result.isError === true ? "error: " : ""}${result.content[0].text}`;
}

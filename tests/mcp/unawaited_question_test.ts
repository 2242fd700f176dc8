/** Questions of 2026-07-28 that their handler does not wait for. */
import { assertEquals } from "@std/assert";
import * as z from "zod";
import { definePrompt, defineResource, defineTool } from "../../lib/mod.ts";
import type { ToolContext } from "../../lib/registry/context.ts";
import { testApp } from "../helpers/app.ts";
import { modernRequest } from "../spec/support/modern.ts";

const QUESTION = { message: "Name?", schema: z.object({ name: z.string() }), key: "name" };
const REQUESTS: Readonly<Record<string, Record<string, unknown>>> = {
  "tools/call": { name: "one" },
  "prompts/get": { name: "one" },
  "resources/read": { uri: "x://one" },
};

type Handler = (ctx: ToolContext) => Promise<string>;

/** The outcome of each request, by a handler of any kind of feature. */
async function outcomes(run: Handler): Promise<string[]> {
  using app = testApp({
    tools: [defineTool({ name: "one", description: "One", run: (_input, ctx) => run(ctx) })],
    prompts: [definePrompt({ name: "one", run: (_args, ctx) => run(ctx) })],
    resources: [defineResource({ uri: "x://one", name: "one", read: (_uri, ctx) => run(ctx) })],
  });
  const found: string[] = [];
  for (const [method, params] of Object.entries(REQUESTS)) {
    const capabilities = { elicitation: { form: {} } };
    const { result, error } = await modernRequest(app, method, params, { capabilities });
    found.push(error !== undefined || result.isError ? "error" : result.resultType);
  }
  return found;
}

const SETTLE: Readonly<Record<string, () => string>> = {
  returns: () => "done",
  throws: () => {
    throw new Error("broken");
  },
};

for (const [how, settle] of Object.entries(SETTLE)) {
  Deno.test(`a question goes to the client though its handler ${how} without waiting for it`, async () => {
    const asked = await outcomes(({ elicit }) => {
      elicit(QUESTION).catch(() => {});
      return Promise.resolve().then(settle);
    });
    assertEquals(asked, ["input_required", "input_required", "input_required"]);
  });

  Deno.test(`a question comes too late once its handler ${how}`, async () => {
    const late: Promise<unknown>[] = [];
    const done = await outcomes(({ elicit }) => {
      late.push(
        new Promise((resolve) => setTimeout(resolve)).then(() => elicit(QUESTION)).catch(() => {}),
      );
      return Promise.resolve().then(settle);
    });
    const outcome = how === "returns" ? "complete" : "error";
    assertEquals(done, [outcome, outcome, outcome]);
    await Promise.all(late);
  });
}

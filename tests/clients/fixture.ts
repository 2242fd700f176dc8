/**
 * The server that the official clients talk to: one set of tools, resources and prompts for every
 * dialect. Some tools control others, so that a test never waits for time to pass.
 *
 * @module
 */
import * as z from "zod";
import {
  type App,
  type AppOptions,
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  ProtocolError,
} from "../../lib/mod.ts";
import { add } from "../../lib/tools/add.ts";

/** Makes an app with the fixture. */
export function createFixture(options: AppOptions = {}): App {
  const state = new FixtureState();
  const app: App = createApp({
    ...options,
    tools: [add, ...longTools(state), ...askingTools(), ...changingTools(() => app.catalog, state)],
    resources: [
      defineResource({
        uri: "lifeline://counter",
        name: "counter",
        mimeType: "text/plain",
        read: () => `touched ${state.touched} times`,
      }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "lifeline://greetings/{name}",
        name: "greeting",
        complete: { name: (typed) => NAMES.filter((name) => name.startsWith(typed)) },
        read: ({ name }) => `Hello ${name}`,
      }),
    ],
    prompts: [
      definePrompt({
        name: "review",
        arguments: z.object({ code: z.string() }),
        run: ({ code }) => `Review this: ${code}`,
      }),
    ],
  });
  return app;
}

const NAMES = ["ada", "adele", "grace"];
const KEYED = z.object({ key: z.string() });

class FixtureState {
  touched = 0;
  readonly #released = new Map<string, PromiseWithResolvers<void>>();
  readonly #outcomes = new Map<string, PromiseWithResolvers<string>>();

  released(key: string): PromiseWithResolvers<void> {
    return slot(this.#released, key);
  }

  outcome(key: string): PromiseWithResolvers<string> {
    return slot(this.#outcomes, key);
  }
}

function slot<T>(slots: Map<string, PromiseWithResolvers<T>>, key: string) {
  const slot = slots.get(key) ?? Promise.withResolvers<T>();
  slots.set(key, slot);
  return slot;
}

function longTools(state: FixtureState) {
  return [
    defineTool({
      name: "steps",
      description: "Reports progress three times, then waits to be released",
      input: KEYED,
      run: async ({ key }, { progress, signal, log }) => {
        for (let step = 1; step <= 3; step++) progress(step, 3, `step ${step}`);
        log.warning({ key });
        const aborted = Promise.withResolvers<never>();
        signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
        try {
          await Promise.race([state.released(key).promise, aborted.promise]);
        } catch (error) {
          state.outcome(key).resolve(`aborted: ${signal.reason.reason}`);
          throw error;
        }
        state.outcome(key).resolve("finished");
        return `released ${key}`;
      },
    }),
    defineTool({
      name: "narrate",
      description: "Says 1, 2, 3, waits to be released, and goes on",
      input: KEYED,
      run: async ({ key }, { log }) => {
        for (let number = 1; number <= 3; number++) log.info(number);
        await state.released(key).promise;
        for (let number = 4; number <= 6; number++) log.info(number);
        return "told";
      },
    }),
    defineTool({
      name: "refuse",
      description: "Ends in an error of the protocol, but not at once",
      run: () => Promise.reject(new ProtocolError("invalid_params", "refused")),
    }),
    defineTool({
      name: "release",
      description: "Lets a call of steps end",
      input: KEYED,
      run: ({ key }) => {
        state.released(key).resolve();
        return "ok";
      },
    }),
    defineTool({
      name: "outcome",
      description: "Tells what became of a call of steps",
      input: KEYED,
      run: ({ key }) => state.outcome(key).promise,
    }),
    defineTool({
      name: "fail",
      description: "Fails",
      run: () => {
        throw new Error("as it should");
      },
    }),
  ];
}

function askingTools() {
  return [
    defineTool({
      name: "form",
      description: "Asks the user two questions, one after the other",
      run: async (_input, ctx) => {
        const first = await ctx.elicit({
          message: "Who are you?",
          schema: z.object({ name: z.string(), age: z.number().int() }),
        });
        if (first.action !== "accept") return `no name: ${first.action}`;
        const second = await ctx.elicit({
          message: `Are you sure, ${first.content.name}?`,
          schema: z.object({ sure: z.boolean() }),
        });
        return `${first.content.name}, ${first.content.age}, ${second.content?.sure}`;
      },
    }),
    defineTool({
      name: "visit",
      description: "Sends the user to a page",
      run: async (_input, ctx) =>
        (await ctx.elicit({ message: "Sign in", url: "https://example.com/sign-in" })).action,
    }),
    defineTool({
      name: "ask_model",
      description: "Has the client's model say something",
      input: z.object({ about: z.string() }),
      run: async ({ about }, ctx) => {
        const { model, content } = await ctx.sample({
          messages: [{ role: "user", content: { type: "text", text: about } }],
          maxTokens: 10,
        });
        return `${model}: ${"text" in content ? content.text : "?"}`;
      },
    }),
    defineTool({
      name: "folders",
      description: "Lists the client's roots",
      run: async (_input, ctx) => (await ctx.roots()).map(({ uri }) => uri).join(" "),
    }),
  ];
}

function changingTools(catalog: () => App["catalog"], state: FixtureState) {
  return [
    defineTool({
      name: "touch",
      description: "Changes the counter",
      run: () => {
        state.touched++;
        catalog().resourceUpdated("lifeline://counter");
        return "ok";
      },
    }),
    defineTool({
      name: "grow",
      description: "Adds a tool",
      input: z.object({ name: z.string() }),
      run: ({ name }) => {
        catalog().tools.add(defineTool({ name, description: "Grown", run: () => "grown" }));
        return "ok";
      },
    }),
  ];
}

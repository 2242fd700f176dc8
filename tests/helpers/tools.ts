/**
 * Tools that a test holds in its hand.
 *
 * @module
 */
import * as z from "zod";
import { defineTool, type Tool, type ToolContext } from "../../lib/mod.ts";

/** One call of a held tool. */
export interface HeldCall {
  readonly input: Record<string, unknown>;
  readonly ctx: ToolContext;
  /** Ends the call with a text. */
  finish(text: string): void;
  /** Ends it by throwing. */
  fail(error: unknown): void;
}

/** A tool whose calls run until the test ends them. */
export class HeldTool {
  readonly tool: Tool;
  readonly calls: HeldCall[] = [];
  readonly #waiting: ((call: HeldCall) => void)[] = [];
  #given = 0;

  constructor(name = "held") {
    this.tool = defineTool({
      name,
      description: "Runs until it is told to end",
      input: z.looseObject({}),
      run: (input, ctx) => this.#run(input, ctx),
    });
  }

  /** The next call; settles when it begins. */
  next(): Promise<HeldCall> {
    const call = this.calls[this.#given++];
    if (call !== undefined) return Promise.resolve(call);
    const { promise, resolve } = Promise.withResolvers<HeldCall>();
    this.#waiting.push(resolve);
    return promise;
  }

  #run(input: Record<string, unknown>, ctx: ToolContext): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const call = { input, ctx, finish: resolve, fail: reject };
    this.calls.push(call);
    this.#waiting.shift()?.(call);
    return promise;
  }
}

/** A tool without arguments that runs a function of the test. */
export function toolThat(
  run: (ctx: ToolContext) => unknown,
  name = "subject",
): Tool {
  return defineTool({
    name,
    description: "Does what the test says",
    // Authors who write JavaScript may return anything.
    run: (_input, ctx) => run(ctx) as string,
  });
}

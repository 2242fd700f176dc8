/**
 * A tool whose running calls follow the orders of a test.
 *
 * @module
 */
import * as z from "zod";
import { defineTool, type Tool, type ToolContext } from "../../lib/mod.ts";
import { toolCall } from "./messages.ts";
import type { TestSession } from "./session.ts";
import { EventReader, type ReadEvent } from "./sse.ts";

/** A call that runs. */
export interface PuppetCall {
  readonly ctx: ToolContext;
  /** Ends it with a text. */
  finish(text: string): void;
  /** Ends it with an error that goes on the wire as a JSON-RPC error. */
  fail(error: Error): void;
}

export class Puppet {
  /** `puppet`, whose argument names the call. */
  readonly tool: Tool;
  readonly #calls = new Map<string, PromiseWithResolvers<PuppetCall>>();

  constructor() {
    this.tool = defineTool({
      name: "puppet",
      description: "Does what a test tells it",
      input: z.object({ call: z.string() }),
      run: ({ call }, ctx) => {
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        this.#slot(call).resolve({ ctx, finish: resolve, fail: reject });
        return promise;
      },
    });
  }

  /** Calls it in a session. The client has read the first event of the call, `primed`. */
  async callIn(
    session: TestSession,
    name = "1",
  ): Promise<
    PuppetCall & { readonly reader: EventReader; readonly primed: ReadEvent | undefined }
  > {
    const reader = new EventReader(await session.post(toolCall("puppet", { call: name }, name)));
    const call = await this.call(name);
    const primed = await reader.next();
    return { reader, primed, ...call };
  }

  /** The call with that name; settles when it runs. */
  call(name: string): Promise<PuppetCall> {
    return this.#slot(name).promise;
  }

  #slot(name: string): PromiseWithResolvers<PuppetCall> {
    const slot = this.#calls.get(name) ?? Promise.withResolvers<PuppetCall>();
    this.#calls.set(name, slot);
    return slot;
  }
}

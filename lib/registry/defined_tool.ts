import type * as z from "zod";
import { ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { CallToolResult, ToolListing } from "../wire/mcp_types.ts";
import type { Guarded } from "./access.ts";
import { CallQueue } from "./call_queue.ts";
import type { ToolContext } from "./context.ts";
import { failureResult } from "./failure.ts";
import { type HeaderParam, headerParams } from "./header_params.ts";
import { withJsonData } from "./json_fit.ts";
import type { Serving } from "./serving.ts";
import { errorResult, ToolResults } from "./tool_results.ts";
import type { Tool, ToolDefinition } from "./tool_types.ts";
import { validate, type Validation } from "./validation.ts";

const log = logFor("tools");

/** A tool that was made by `defineTool()`: checks, runs, and turns errors into results. */
export class DefinedTool<I extends z.ZodType, O extends z.ZodType, App> implements Tool<App> {
  readonly name: string;
  readonly listing: ToolListing;
  readonly headerParams: readonly HeaderParam[];
  readonly scopes: readonly string[];
  readonly isListedForAll: boolean;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly timeoutMs: number | undefined;
  readonly #definition: ToolDefinition<I, O, App>;
  readonly #results: ToolResults<O>;
  readonly #queue: CallQueue | undefined;

  constructor(
    definition: ToolDefinition<I, O, App>,
    listing: ToolListing,
    access: Guarded & Serving,
  ) {
    this.name = definition.name;
    this.listing = listing;
    this.headerParams = headerParams({ ...listing.inputSchema }, `tool "${listing.name}"`);
    this.scopes = access.scopes ?? [];
    this.isListedForAll = access.isListedForAll ?? false;
    this.tags = access.tags ?? [];
    this.enabled = access.enabled ?? true;
    this.timeoutMs = definition.timeoutMs;
    const { concurrency } = definition;
    this.#queue = concurrency === undefined ? undefined : new CallQueue(concurrency);
    this.#definition = definition;
    this.#results = new ToolResults(listing, definition.output);
  }

  /** The same tool under another name. */
  renamed(name: string): Tool<App> {
    const definition = { ...this.#definition, name };
    return new DefinedTool(definition, { ...this.listing, name }, this);
  }

  call(
    args: unknown,
    ctx: ToolContext<App>,
    masksErrors = false,
  ): MaybePromise<CallToolResult> {
    const { input } = this.#definition;
    if (input === undefined) return this.#runInTurn({} as z.output<I>, ctx, masksErrors);
    const validation = validate(input, args ?? {}, masksErrors);
    return isPromise(validation)
      ? validation.then((settled) => this.#runValid(settled, ctx, masksErrors))
      : this.#runValid(validation, ctx, masksErrors);
  }

  #runValid(
    validation: Validation<z.output<I>>,
    ctx: ToolContext<App>,
    masksErrors: boolean,
  ): MaybePromise<CallToolResult> {
    return validation.ok ? this.#runInTurn(validation.value, ctx, masksErrors) : errorResult(
      `Invalid arguments for tool ${this.name}: ${validation.errors.join("; ")}`,
    );
  }

  #runInTurn(
    input: z.output<I>,
    ctx: ToolContext<App>,
    masksErrors: boolean,
  ): MaybePromise<CallToolResult> {
    return this.#queue === undefined
      ? this.#run(input, ctx, masksErrors)
      : this.#runQueued(this.#queue, input, ctx, masksErrors);
  }

  async #runQueued(
    queue: CallQueue,
    input: z.output<I>,
    ctx: ToolContext<App>,
    masksErrors: boolean,
  ): Promise<CallToolResult> {
    await queue.enter(ctx);
    try {
      return await this.#run(input, ctx, masksErrors);
    } finally {
      queue.leave();
    }
  }

  #run(
    input: z.output<I>,
    ctx: ToolContext<App>,
    masksErrors: boolean,
  ): MaybePromise<CallToolResult> {
    try {
      const returned = this.#definition.run(input, ctx);
      return isPromise(returned)
        ? returned.then((value) => this.#results.read(value, masksErrors))
          .catch((error) => this.#failed(error, masksErrors))
        : this.#results.read(returned, masksErrors);
    } catch (error) {
      return this.#failed(error, masksErrors);
    }
  }

  #failed(error: unknown, isMasked: boolean): CallToolResult {
    const { name: tool } = this;
    if (error instanceof ProtocolError) throw withJsonData(error, `tool "${tool}"`);
    const owner = `Tool ${tool}`;
    return failureResult(error, { log, event: "Tool failed", owner, tool, isMasked });
  }
}

/**
 * Typed tools: zod schemas in, a tool ready to be listed and called out.
 *
 * @module
 */
import type * as z from "zod";
import {
  CallAborted,
  messageOf,
  ProtocolError,
  RegistrationError,
  stackOf,
} from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type {
  CallToolResult,
  ContentBlock,
  Icon,
  ToolAnnotations,
  ToolListing,
} from "../wire/mcp_types.ts";
import { type AccessDefinition, accessOf, type Guarded } from "./access.ts";
import { CallQueue } from "./call_queue.ts";
import type { ToolContext } from "./context.ts";
import { type HeaderParam, headerParams } from "./header_params.ts";
import { requireJson, withJsonData } from "./json_fit.ts";
import { toJsonSchema, toObjectSchema } from "./schema.ts";
import { type Serving, type ServingDefinition, servingOf } from "./serving.ts";
import { errorResult, ToolResults } from "./tool_results.ts";
import { validate, type Validation } from "./validation.ts";

/** Full MCP content, for a tool that returns more than text. */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: JsonObject;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** The result of `run`: full MCP content, a value of the `output` schema, or text without one. */
export type ToolReturn<O extends z.ZodType> =
  | ToolResult
  | ([O] extends [never] ? string : z.input<O>);

/** A tool as its author writes it. */
export interface ToolDefinition<I extends z.ZodType, O extends z.ZodType, App = unknown>
  extends AccessDefinition, ServingDefinition {
  /** 1 to 128 letters, digits, `_`, `-` and `.` (2025-11-25, server/tools, Tool Names). */
  readonly name: string;
  /** For a person to read. */
  readonly title?: string;
  /** For the model to read. */
  readonly description: string;
  /** A `z.object()` of the arguments; none for a tool without arguments. */
  readonly input?: I;
  /** Schema of the structured result. */
  readonly output?: O;
  readonly annotations?: ToolAnnotations;
  readonly icons?: Icon[];
  readonly _meta?: JsonObject;
  /** Time for one call (ms), in place of `MCP_REQUEST_TIMEOUT_MS`; longer or shorter. */
  readonly timeoutMs?: number;
  /** Most calls that run at a time, of all clients; others wait for their turn. */
  readonly concurrency?: number;
  run(input: z.output<I>, ctx: ToolContext<App>): MaybePromise<ToolReturn<O>>;
}

/** A tool that can be listed and called. */
// deno-lint-ignore no-explicit-any -- where a tool is only served, its needs do not matter
export interface Tool<App = any> extends Guarded, Serving {
  readonly name: string;
  /** Its entry in `tools/list`. Lists are kept until one is added or removed: never alter it in place. */
  readonly listing: ToolListing;
  /** Parameters that clients mirror into headers. */
  readonly headerParams: readonly HeaderParam[];
  /** Time for one call (ms), where the tool has its own. */
  readonly timeoutMs?: number | undefined;
  /**
   * Checks the arguments, runs the tool and checks what it returned.
   *
   * @returns a result also for wrong arguments and for a tool that throws (`isError`)
   * @throws {ProtocolError} only what the tool itself threw as one
   */
  readonly call: (args: unknown, ctx: ToolContext<App>) => MaybePromise<CallToolResult>;
}

const NAME_REGEXP = /^[A-Za-z0-9_.-]{1,128}$/;
const log = logFor("tools");

/**
 * Defines a tool. The types of `run`'s arguments and result follow from the schemas.
 *
 * @throws {RegistrationError} for a name outside the protocol's characters, or a schema that JSON
 * Schema cannot express
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as z from "zod";
 * import { defineTool } from "./tool.ts";
 *
 * const greet = defineTool({
 *   name: "greet",
 *   description: "Greets somebody",
 *   input: z.object({ name: z.string() }),
 *   run: ({ name }) => `Hello ${name}`,
 * });
 *
 * assertEquals(greet.listing.inputSchema.required, ["name"]);
 * ```
 */
export function defineTool<
  I extends z.ZodType = z.ZodObject,
  O extends z.ZodType = never,
  App = unknown,
>(
  definition: ToolDefinition<I, O, App>,
): Tool<App> {
  const { name } = definition;
  requireName(name);
  const owner = `tool "${name}"`;
  if (typeof definition.run !== "function") {
    throw new RegistrationError(
      `Cannot serve ${owner}: it has no run function`,
    );
  }
  requireWhole(definition.timeoutMs, "timeoutMs", owner);
  requireWhole(definition.concurrency, "concurrency", owner);
  const inputSchema = definition.input === undefined
    ? { type: "object", additionalProperties: false }
    : toObjectSchema(definition.input, "input", owner);
  const outputSchema = definition.output === undefined
    ? undefined
    : toJsonSchema(definition.output, "output", owner);
  const listing = requireJson(listingOf(definition, inputSchema, outputSchema), owner);
  return new DefinedTool(definition, listing, {
    ...accessOf(definition, owner),
    ...servingOf(definition, owner),
  });
}

/**
 * The same tool under another name, which its errors tell as well.
 *
 * @throws {RegistrationError} for a name outside the protocol's characters
 */
export function renameTool<App>(tool: Tool<App>, name: string): Tool<App> {
  requireName(name);
  // A tool that was made by hand has no errors of its own that would tell its name.
  return tool instanceof DefinedTool ? tool.renamed(name) : {
    ...tool,
    name,
    listing: { ...tool.listing, name },
    call: (args, ctx) => tool.call(args, ctx),
  };
}

function requireName(name: unknown): void {
  if (typeof name === "string" && NAME_REGEXP.test(name)) return;
  throw new RegistrationError(
    `Cannot serve tool ${
      JSON.stringify(name)
    }: a name is 1 to 128 letters, digits, "_", "-" and "."`,
  );
}

/** The longest time that a timer can wait (ms). */
const MAX_WHOLE = 2 ** 31 - 1;

function requireWhole(value: number | undefined, member: string, owner: string): void {
  if (value === undefined || (Number.isInteger(value) && value > 0 && value <= MAX_WHOLE)) return;
  throw new RegistrationError(
    `Cannot serve ${owner}: its ${member} must be a whole number from 1 to ${MAX_WHOLE}`,
  );
}

class DefinedTool<I extends z.ZodType, O extends z.ZodType, App> implements Tool<App> {
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

  renamed(name: string): Tool<App> {
    const definition = { ...this.#definition, name };
    return new DefinedTool(definition, { ...this.listing, name }, this);
  }

  call(args: unknown, ctx: ToolContext<App>): MaybePromise<CallToolResult> {
    const { input } = this.#definition;
    if (input === undefined) return this.#runInTurn({} as z.output<I>, ctx);
    const validation = validate(input, args ?? {});
    return isPromise(validation)
      ? validation.then((settled) => this.#runValid(settled, ctx))
      : this.#runValid(validation, ctx);
  }

  #runValid(
    validation: Validation<z.output<I>>,
    ctx: ToolContext<App>,
  ): MaybePromise<CallToolResult> {
    return validation.ok ? this.#runInTurn(validation.value, ctx) : errorResult(
      `Invalid arguments for tool ${this.name}: ${validation.errors.join("; ")}`,
    );
  }

  #runInTurn(input: z.output<I>, ctx: ToolContext<App>): MaybePromise<CallToolResult> {
    return this.#queue === undefined
      ? this.#run(input, ctx)
      : this.#runQueued(this.#queue, input, ctx);
  }

  async #runQueued(
    queue: CallQueue,
    input: z.output<I>,
    ctx: ToolContext<App>,
  ): Promise<CallToolResult> {
    await queue.enter(ctx);
    try {
      return await this.#run(input, ctx);
    } finally {
      queue.leave();
    }
  }

  #run(input: z.output<I>, ctx: ToolContext<App>): MaybePromise<CallToolResult> {
    try {
      const returned = this.#definition.run(input, ctx);
      return isPromise(returned)
        ? returned.then((value) => this.#results.read(value)).catch((error) => this.#failed(error))
        : this.#results.read(returned);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): CallToolResult {
    if (error instanceof CallAborted) throw error;
    if (error instanceof ProtocolError) throw withJsonData(error, `tool "${this.name}"`);
    const message = messageOf(error);
    log.warning("Tool failed", { tool: this.name, error: message, stack: stackOf(error) });
    return errorResult(message || `Tool ${this.name} failed`);
  }
}

function listingOf<I extends z.ZodType, O extends z.ZodType>(
  { name, title, description, annotations, icons, _meta }: Omit<ToolDefinition<I, O>, "run">,
  inputSchema: JsonObject,
  outputSchema: JsonObject | undefined,
): ToolListing {
  return {
    name,
    ...(title !== undefined && { title }),
    description,
    ...(icons !== undefined && { icons }),
    inputSchema: inputSchema as ToolListing["inputSchema"],
    ...(outputSchema !== undefined && { outputSchema }),
    ...(annotations !== undefined && { annotations }),
    ...(_meta !== undefined && { _meta }),
  } as ToolListing;
}

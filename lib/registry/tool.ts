/**
 * Typed tools: zod schemas in, a tool ready to be listed and called out.
 *
 * @module
 */
import type * as z from "zod";
import { CallAborted, messageOf, ProtocolError, RegistrationError } from "../base/errors.ts";
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
import { contentFault, firstFault } from "./content.ts";
import type { ToolContext } from "./context.ts";
import { type HeaderParam, headerParams } from "./header_params.ts";
import { hasProperty, toJsonSchema, toObjectSchema, validate, type Validation } from "./schema.ts";

/** Full MCP content, for a tool that returns more than text. */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: JsonObject;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** What `run` may return: full MCP content, or a value of the `output` schema, or else text. */
export type ToolReturn<O extends z.ZodType> =
  | ToolResult
  | ([O] extends [never] ? string : z.input<O>);

/** A tool as its author writes it. */
export interface ToolDefinition<I extends z.ZodType, O extends z.ZodType> {
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
  run(input: z.output<I>, ctx: ToolContext): MaybePromise<ToolReturn<O>>;
}

/** A tool that can be listed and called. */
export interface Tool {
  readonly name: string;
  /** Its entry in `tools/list`. Lists are kept until one is added or removed: never alter it in place. */
  readonly listing: ToolListing;
  /** Parameters that clients mirror into headers. */
  readonly headerParams: readonly HeaderParam[];
  /**
   * Checks the arguments, runs the tool and checks what it returned.
   *
   * @returns a result also for wrong arguments and for a tool that throws (`isError`)
   * @throws {ProtocolError} only what the tool itself threw as one
   */
  call(args: unknown, ctx: ToolContext): MaybePromise<CallToolResult>;
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
>(
  definition: ToolDefinition<I, O>,
): Tool {
  const { name } = definition;
  if (typeof name !== "string" || !NAME_REGEXP.test(name)) {
    throw new RegistrationError(
      `Cannot serve tool ${
        JSON.stringify(name)
      }: a name is 1 to 128 letters, digits, "_", "-" and "."`,
    );
  }
  const owner = `tool "${name}"`;
  if (typeof definition.run !== "function") {
    throw new RegistrationError(
      `Cannot serve ${owner}: it has no run function`,
    );
  }
  const inputSchema = definition.input === undefined
    ? { type: "object", additionalProperties: false }
    : toObjectSchema(definition.input, "input", owner);
  const outputSchema = definition.output &&
    toJsonSchema(definition.output, "output", owner);
  return new DefinedTool(
    definition,
    listingOf(definition, inputSchema, outputSchema),
  );
}

class DefinedTool<I extends z.ZodType, O extends z.ZodType> implements Tool {
  readonly name: string;
  readonly listing: ToolListing;
  readonly headerParams: readonly HeaderParam[];
  readonly #definition: ToolDefinition<I, O>;
  /** A structured value may itself have a `content`; then it is never taken for MCP content. */
  readonly #mayReturnContent: boolean;

  constructor(definition: ToolDefinition<I, O>, listing: ToolListing) {
    this.name = definition.name;
    this.listing = listing;
    this.headerParams = headerParams({ ...listing.inputSchema }, `tool "${listing.name}"`);
    this.#definition = definition;
    this.#mayReturnContent = !hasProperty(
      { ...listing.outputSchema },
      "content",
    );
  }

  call(args: unknown, ctx: ToolContext): MaybePromise<CallToolResult> {
    const { input } = this.#definition;
    if (input === undefined) return this.#run({} as z.output<I>, ctx);
    const checked = validate(input, args ?? {});
    return isPromise(checked)
      ? checked.then((settled) => this.#runChecked(settled, ctx))
      : this.#runChecked(checked, ctx);
  }

  #runChecked(
    checked: Validation<z.output<I>>,
    ctx: ToolContext,
  ): MaybePromise<CallToolResult> {
    return checked.ok ? this.#run(checked.value, ctx) : failure(
      `Invalid arguments for tool ${this.name}: ${checked.errors.join("; ")}`,
    );
  }

  #run(input: z.output<I>, ctx: ToolContext): MaybePromise<CallToolResult> {
    try {
      const returned = this.#definition.run(input, ctx);
      return isPromise(returned)
        ? returned.then((value) => this.#finish(value)).catch((error) => this.#failed(error))
        : this.#finish(returned);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): CallToolResult {
    if (error instanceof ProtocolError || error instanceof CallAborted) {
      throw error;
    }
    log.warning("Tool failed", { tool: this.name, error });
    return failure(messageOf(error) || `Tool ${this.name} failed`);
  }

  #finish(returned: unknown): MaybePromise<CallToolResult> {
    const { output } = this.#definition;
    if (this.#isContent(returned)) {
      const fault = firstFault(returned.content, contentFault);
      if (fault !== undefined) throw new TypeError(`Content of tool ${this.name} ${fault}`);
      if (output === undefined || returned.isError === true) return returned;
      return this.#structure(output, returned.structuredContent, returned);
    }
    if (output !== undefined) return this.#structure(output, returned);
    if (typeof returned === "string") {
      return { content: [{ type: "text", text: returned }] };
    }
    if (returned === undefined) return { content: [] };
    throw new TypeError(
      `Tool ${this.name} returned neither text nor MCP content, and it declares no output schema`,
    );
  }

  #isContent(returned: unknown): returned is CallToolResult {
    return this.#mayReturnContent && typeof returned === "object" &&
      returned !== null &&
      "content" in returned && Array.isArray(returned.content);
  }

  /** Puts a value that matches the output schema beside its text, or says where it does not. */
  #structure(
    output: O,
    value: unknown,
    full?: CallToolResult,
  ): MaybePromise<CallToolResult> {
    const checked = validate(output, value);
    const settle = (settled: Validation<z.output<O>>): CallToolResult =>
      settled.ok ? structured(settled.value, full) : this.#wrongOutput(settled.errors);
    return isPromise(checked) ? checked.then(settle) : settle(checked);
  }

  #wrongOutput(faults: readonly string[]): CallToolResult {
    const message = `Tool ${this.name} returned what does not match its output schema: ${
      faults.join("; ")
    }`;
    log.error("Tool output does not match its schema", {
      tool: this.name,
      faults,
    });
    return failure(message);
  }
}

function listingOf<I extends z.ZodType, O extends z.ZodType>(
  { name, title, description, annotations, icons, _meta }: ToolDefinition<I, O>,
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

function structured(value: unknown, full?: CallToolResult): CallToolResult {
  const content = full?.content ??
    [{ type: "text", text: JSON.stringify(value) }];
  return { ...full, content, structuredContent: value } as CallToolResult;
}

function failure(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}

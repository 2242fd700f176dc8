/**
 * Typed tools: zod schemas in, a tool ready to be listed and called out.
 *
 * @module
 */
import type * as z from "zod";
import { RegistrationError } from "../base/errors.ts";
import { CHECKED_ELSEWHERE } from "../base/members.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { ToolListing } from "../wire/mcp_types.ts";
import { accessOf } from "./access.ts";
import { DefinedTool } from "./defined_tool.ts";
import {
  type DefinitionForm,
  DESCRIBED,
  requireDefinition,
  TOOL_ANNOTATIONS,
} from "./definition.ts";
import { requireJson } from "./json_fit.ts";
import { toJsonSchema, toObjectSchema } from "./schema.ts";
import { servingOf } from "./serving.ts";
import type { Tool, ToolDefinition } from "./tool_types.ts";

export type { Tool, ToolDefinition, ToolResult, ToolReturn } from "./tool_types.ts";

const FORM: DefinitionForm<ToolDefinition<z.ZodType, z.ZodType>> = {
  kind: "tool",
  use: "defineTool({ name, description, run })",
  checks: {
    ...DESCRIBED,
    annotations: TOOL_ANNOTATIONS,
    input: CHECKED_ELSEWHERE,
    output: CHECKED_ELSEWHERE,
    timeoutMs: CHECKED_ELSEWHERE,
    concurrency: CHECKED_ELSEWHERE,
    run: CHECKED_ELSEWHERE,
  },
  aliases: {
    ...{ inputSchema: "input", parameters: "input", args: "input", schema: "input" },
    ...{ outputSchema: "output", timeout: "timeoutMs", meta: "_meta" },
    ...{ handler: "run", execute: "run", call: "run", callback: "run" },
  },
};
const NAME_REGEXP = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Defines a tool. The types of `run`'s arguments and result follow from the schemas.
 *
 * @throws {RegistrationError} for a name with characters that the protocol does not allow, a schema
 *   that JSON Schema cannot express, and a member that is unknown or of a wrong type
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
  requireDefinition(definition, FORM);
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
  // A tool made by hand has no error messages that contain its name.
  return tool instanceof DefinedTool ? tool.renamed(name) : {
    ...tool,
    name,
    listing: { ...tool.listing, name },
    call: (args, ctx, masksErrors) => tool.call(args, ctx, masksErrors),
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

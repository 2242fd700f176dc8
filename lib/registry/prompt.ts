/**
 * Prompts: conversations to start from, with arguments that a user fills in.
 *
 * @module
 */
import * as z from "zod";
import { ProtocolError, RegistrationError } from "../base/errors.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { GetPromptResult, Icon, PromptListing, PromptMessage } from "../wire/mcp_types.ts";
import type { Completers } from "./completion.ts";
import { firstFault, messageFault } from "./content.ts";
import type { ToolContext } from "./context.ts";
import { validate, type Validation } from "./schema.ts";

/** What `run` may return: the user's words, messages, or the result in full. */
export type PromptReturn = string | readonly PromptMessage[] | GetPromptResult;

/** A prompt as its author writes it. */
export interface PromptDefinition<A extends z.ZodObject> {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** A `z.object()` of fields that take text; `.describe()` on a field is shown to the user. */
  readonly arguments?: A;
  /** Proposes values for arguments. */
  readonly complete?: Completers<keyof A["shape"] & string>;
  readonly icons?: Icon[];
  readonly _meta?: JsonObject;
  run(args: z.output<A>, ctx: ToolContext): MaybePromise<PromptReturn>;
}

/** A prompt that can be listed and got. */
export interface Prompt {
  readonly name: string;
  readonly listing: PromptListing;
  readonly complete: Completers;
  /** @throws {ProtocolError} `invalid_params` naming each wrong argument */
  get(args: unknown, ctx: ToolContext): MaybePromise<GetPromptResult>;
}

/**
 * Defines a prompt. The type of `run`'s arguments follows from the schema.
 *
 * @throws {RegistrationError} for a prompt without a name
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as z from "zod";
 * import { definePrompt } from "./prompt.ts";
 *
 * const review = definePrompt({
 *   name: "review",
 *   arguments: z.object({ code: z.string().describe("Code to review") }),
 *   run: ({ code }) => `Review this code:\n${code}`,
 * });
 * assertEquals(review.listing.arguments?.[0]?.required, true);
 * ```
 */
export function definePrompt<A extends z.ZodObject = z.ZodObject>(
  definition: PromptDefinition<A>,
): Prompt {
  const { name, arguments: schema, complete = {}, run, ...described } = definition;
  if (typeof name !== "string" || name === "") {
    throw new RegistrationError("Cannot serve a prompt without a name");
  }
  const listing = {
    name,
    ...described,
    ...(schema !== undefined && { arguments: argumentList(schema) }),
  } as PromptListing;
  const runChecked = (checked: Validation<z.output<A>>, ctx: ToolContext) => {
    if (checked.ok) return toResult(run(checked.value, ctx), listing);
    throw new ProtocolError(
      "invalid_params",
      `Invalid arguments for prompt ${name}: ${checked.errors.join("; ")}`,
    );
  };
  return {
    name,
    listing,
    complete: complete as Completers,
    get: (args, ctx) => {
      const checked = validate(schema ?? NO_ARGUMENTS as unknown as A, args ?? {});
      return isPromise(checked)
        ? checked.then((settled) => runChecked(settled, ctx))
        : runChecked(checked, ctx);
    },
  };
}

const NO_ARGUMENTS = z.object({});

function argumentList(schema: z.ZodObject): NonNullable<PromptListing["arguments"]> {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description } = field as z.ZodType;
    return {
      name,
      ...(description !== undefined && { description }),
      required: !(field as z.ZodType).safeParse(undefined).success,
    };
  });
}

function toResult(
  returned: MaybePromise<PromptReturn>,
  listing: PromptListing,
): MaybePromise<GetPromptResult> {
  return isPromise(returned)
    ? returned.then((settled) => resultOf(settled, listing))
    : resultOf(returned, listing);
}

/** @throws {TypeError} for what is no result of a prompt */
function resultOf(returned: PromptReturn, { name, description }: PromptListing): GetPromptResult {
  const described = description !== undefined && { description };
  if (typeof returned === "string") {
    return {
      ...described,
      messages: [{ role: "user", content: { type: "text", text: returned } }],
    };
  }
  const result = Array.isArray(returned)
    ? { ...described, messages: [...returned] }
    : returned as GetPromptResult;
  if (!Array.isArray(result?.messages)) {
    throw new TypeError(`Prompt ${name} returned neither text nor messages`);
  }
  const fault = firstFault(result.messages, messageFault);
  if (fault !== undefined) throw new TypeError(`Message of prompt ${name} ${fault}`);
  return result;
}

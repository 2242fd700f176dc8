/**
 * Prompts: conversations to start from, with arguments that a user fills in.
 *
 * @module
 */
import * as z from "zod";
import { ProtocolError, RegistrationError } from "../base/errors.ts";
import { CHECKED_ELSEWHERE, OBJECT } from "../base/members.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { GetPromptResult, Icon, PromptListing, PromptMessage } from "../wire/mcp_types.ts";
import { METHODS } from "../wire/methods.ts";
import { type AccessDefinition, accessOf, type Guarded } from "./access.ts";
import type { AnswerCompletion, Completers } from "./completion.ts";
import { besideListError, firstError, messageError } from "./content.ts";
import {
  type DefinitionForm,
  DESCRIBED,
  requireCompleters,
  requireDefinition,
} from "./definition.ts";
import type { ToolContext } from "./context.ts";
import { requireJson, requireJsonValue } from "./json_fit.ts";
import { schemaError } from "./schema.ts";
import { type Serving, type ServingDefinition, servingOf } from "./serving.ts";
import { validate, type Validation } from "./validation.ts";

/** The result of `run`: the user's words, messages, or the result in full. */
export type PromptReturn = string | readonly PromptMessage[] | GetPromptResult;

/** A prompt as its author writes it. */
export interface PromptDefinition<A extends z.ZodObject, App = unknown>
  extends AccessDefinition, ServingDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /**
   * A `z.object()` of fields that take text. Users see a field's `.describe()`, and its
   * `.meta({ title })`.
   */
  readonly arguments?: A;
  /** Proposes values for arguments. */
  readonly complete?: Completers<keyof A["shape"] & string>;
  readonly icons?: Icon[];
  readonly _meta?: JsonObject;
  run(args: z.output<A>, ctx: ToolContext<App>): MaybePromise<PromptReturn>;
}

/** A prompt that can be listed and got. */
// deno-lint-ignore no-explicit-any -- where a prompt is only served, its needs do not matter
export interface Prompt<App = any> extends Guarded, Serving {
  readonly name: string;
  /** Its entry in `prompts/list`; never alter it in place. */
  readonly listing: PromptListing;
  readonly complete: Completers;
  /** Answers completions of its arguments in place of the completers. */
  readonly answerCompletion?: AnswerCompletion;
  /**
   * Validates the arguments, runs the prompt and checks its result.
   *
   * @throws {ProtocolError} `invalid_params` naming each wrong argument, `internal_error` naming
   *   the error in the messages
   */
  readonly get: (
    args: unknown,
    ctx: ToolContext<App>,
    masksErrors?: boolean,
  ) => MaybePromise<GetPromptResult>;
}

/**
 * Defines a prompt. The type of `run`'s arguments follows from the schema.
 *
 * @throws {RegistrationError} for a prompt without a name or a `run` function, for arguments that
 *   are not a `z.object()` of fields that take text, and for a member that is unknown or of a wrong
 *   type
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
export function definePrompt<A extends z.ZodObject = z.ZodObject, App = unknown>(
  definition: PromptDefinition<A, App>,
): Prompt<App> {
  requireDefinition(definition, FORM);
  const { name, arguments: schema, complete = {}, run, scopes, listedFor, tags, enabled, ...rest } =
    definition;
  if (typeof name !== "string" || name === "") {
    throw new RegistrationError("Cannot serve a prompt without a name");
  }
  const owner = `prompt ${JSON.stringify(name)}`;
  if (typeof run !== "function") {
    throw new RegistrationError(`Cannot serve ${owner}: it has no run function`);
  }
  const listing = requireJson({
    name,
    ...rest,
    ...(schema !== undefined && { arguments: argumentList(schema, owner) }),
  }, owner) as PromptListing;
  requireCompleters(complete, Object.keys(schema?.shape ?? {}), owner);
  const runValid = (validation: Validation<z.output<A>>, ctx: ToolContext<App>) => {
    if (validation.ok) return toResult(run(validation.value, ctx), listing);
    throw new ProtocolError(
      "invalid_params",
      `Invalid arguments for prompt ${name}: ${validation.errors.join("; ")}`,
    );
  };
  return {
    name,
    listing,
    ...accessOf({ scopes, listedFor }, owner),
    ...servingOf({ tags, enabled }, owner),
    complete: complete as Completers,
    get: (args, ctx, masksErrors) => {
      const validation = validate((schema ?? NO_ARGUMENTS) as A, args ?? {}, masksErrors);
      return isPromise(validation)
        ? validation.then((settled) => runValid(settled, ctx))
        : runValid(validation, ctx);
    },
  };
}

const FORM: DefinitionForm<PromptDefinition<z.ZodObject>> = {
  kind: "prompt",
  use: "definePrompt({ name, run })",
  checks: {
    ...DESCRIBED,
    arguments: CHECKED_ELSEWHERE,
    complete: OBJECT,
    run: CHECKED_ELSEWHERE,
  },
  aliases: {
    ...{ input: "arguments", args: "arguments", argsSchema: "arguments", meta: "_meta" },
    ...{ handler: "run", execute: "run", get: "run", callback: "run" },
  },
};
const NO_ARGUMENTS = z.object({});
/** Schemas that read text (2025-11-25, server/prompts: values of arguments are strings). */
const TEXT_SCHEMAS: Readonly<Record<string, string | undefined>> = {
  number: "z.coerce.number()",
  bigint: "z.coerce.bigint()",
  boolean: "z.stringbool()",
  date: "z.coerce.date()",
};
/** Schemas that no text matches, besides those above. */
const UNLIKE_TEXT: readonly string[] = ["array", "object", "record", "tuple", "map", "set"];

/** The kind of a schema that no text matches; undefined for any other. */
function unlikeText(schema: z.ZodType): string | undefined {
  const { type, innerType, coerce } = schema.def as {
    readonly type: string;
    readonly innerType?: z.ZodType;
    readonly coerce?: boolean;
  };
  if (innerType !== undefined) return unlikeText(innerType);
  const isUnlike = coerce !== true && (type in TEXT_SCHEMAS || UNLIKE_TEXT.includes(type));
  return isUnlike ? type : undefined;
}

function argumentList(
  schema: z.ZodObject,
  owner: string,
): NonNullable<PromptListing["arguments"]> {
  const error = schemaError(schema) ?? ("shape" in schema ? undefined : "must be a z.object()");
  if (error !== undefined) {
    throw new RegistrationError(`Cannot serve ${owner}: its arguments schema ${error}`);
  }
  return Object.entries(schema.shape).map(([name, field]) => {
    const wrong = unlikeText(field as z.ZodType);
    if (wrong !== undefined) {
      throw new RegistrationError(
        `Cannot serve ${owner}: its argument "${name}" is a ${wrong}, but clients send text; use ` +
          `${TEXT_SCHEMAS[wrong] ?? "z.string()"}`,
      );
    }
    const { description } = field as z.ZodType;
    const title = z.globalRegistry.get(field as z.ZodType)?.title;
    return {
      name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      required: !isOptional(field as z.ZodType),
    };
  });
}

/** Whether a field may be left out. One with asynchronous checks says so in its type alone. */
function isOptional(field: z.ZodType): boolean {
  try {
    return field.safeParse(undefined).success;
  } catch {
    return field._zod.optin === "optional";
  }
}

function toResult(
  returned: MaybePromise<PromptReturn>,
  listing: PromptListing,
): MaybePromise<GetPromptResult> {
  return isPromise(returned)
    ? returned.then((settled) => resultOf(settled, listing))
    : resultOf(returned, listing);
}

/**
 * @throws {TypeError} if the value is not the result of a prompt
 * @throws {ProtocolError} if JSON cannot hold it
 */
function resultOf(returned: PromptReturn, { name, description }: PromptListing): GetPromptResult {
  const described = description !== undefined && { description };
  if (typeof returned === "string") {
    const text = returned.toWellFormed();
    return { ...described, messages: [{ role: "user", content: { type: "text", text } }] };
  }
  const result = Array.isArray(returned)
    ? { ...described, messages: [...returned] }
    : returned as GetPromptResult;
  if (!Array.isArray(result?.messages)) {
    throw new TypeError(`Prompt ${name} returned neither text nor messages`);
  }
  const error = firstError(result.messages, messageError);
  if (error !== undefined) throw new TypeError(`Message of prompt ${name} ${error}`);
  const beside = besideListError(METHODS.getPrompt, result);
  if (beside !== undefined) throw new TypeError(`Result of prompt ${name}: ${beside}`);
  return requireJsonValue(result, "", `Prompt ${name}`);
}

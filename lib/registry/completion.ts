/**
 * Completers, which propose values for the arguments of prompts and templates.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { CompleteResult } from "../wire/mcp_types.ts";
import { requireJsonValue, wrongReturn } from "./json_fit.ts";

/** Most values one completion may hold (2025-11-25, server/utilities/completion). */
const MAX_COMPLETIONS = 100;

/** The context of a completion, beside the text typed so far. */
export interface CompletionContext {
  /** Arguments that are already filled in. */
  readonly arguments: Readonly<Record<string, string>>;
}

/** Proposes values for an argument, best first. */
export type Completer = (
  typed: string,
  context: CompletionContext,
) => MaybePromise<readonly string[]>;

/** Completers by argument name. */
export type Completers<Name extends string = string> = Readonly<Partial<Record<Name, Completer>>>;

/**
 * Answers a whole `completion/complete`, in place of completers.
 *
 * @param params of the request, without its reference
 * @param signal aborts when the answer is not wanted any more
 */
export type AnswerCompletion = (
  params: JsonObject,
  signal: AbortSignal,
) => MaybePromise<CompleteResult>;

/**
 * The result of `completion/complete`: the first 100 values, and the number of all.
 *
 * @param values the completer's return value
 * @param owner names prompt or template, and argument, in the error
 * @throws {ProtocolError} `internal_error` if the value is not a list of strings
 */
export function completionResult(values: readonly string[], owner: string): CompleteResult {
  if (!Array.isArray(values)) {
    throw wrongReturn(`Completer of ${owner} did not return a list of strings`);
  }
  const wrong = values.findIndex((value) => typeof value !== "string");
  if (wrong >= 0) {
    throw wrongReturn(`Completer of ${owner} returned values[${wrong}], which is not a string`);
  }
  const first = values.slice(0, MAX_COMPLETIONS);
  return {
    completion: {
      values: requireJsonValue(first, "values", `Completer of ${owner}`),
      total: values.length,
      hasMore: values.length > MAX_COMPLETIONS,
    },
  };
}

import type { MaybePromise } from "../base/promises.ts";

/** What a completion may look at beside the text typed so far. */
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

import type { Settings } from "../base/settings.ts";
import type { Signer } from "../base/signer.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Middleware } from "../registry/middleware.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import type { RequestScope } from "./scope.ts";

/** For the model: how to use the server; a function where that may change. */
export type Instructions = string | (() => string | undefined);

/** The member `instructions` of a result; nothing where there are none. */
export function instructionsOf(
  { instructions }: Pick<ServerContext, "instructions">,
): { readonly instructions?: string } {
  const text = typeof instructions === "function" ? instructions() : instructions;
  return text === undefined ? {} : { instructions: text };
}

/** The part of the server that methods and handlers may use. */
export interface ServerContext {
  readonly info: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: Instructions;
  readonly catalog: Catalog;
  /** Protects what clients carry for the server. */
  readonly signer: Signer;
  /** Around every request but `ping`; the first is the outermost. */
  readonly use: readonly Middleware[];
  /** Holds the result of the app's `onStart`. */
  readonly lifespan: { readonly value: unknown };
  /** Whether messages of errors that were not meant for the client are hidden from it. */
  readonly masksErrors: (scope: RequestScope) => boolean;
  readonly settings: Pick<Settings, "MCP_PAGE_SIZE">;
}

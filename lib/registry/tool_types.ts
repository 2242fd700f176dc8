/**
 * The definition of a tool, and the tool made from it.
 *
 * @module
 */
import type * as z from "zod";
import type { MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type {
  CallToolResult,
  ContentBlock,
  Icon,
  ToolAnnotations,
  ToolListing,
} from "../wire/mcp_types.ts";
import type { AccessDefinition, Guarded } from "./access.ts";
import type { ToolContext } from "./context.ts";
import type { HeaderParam } from "./header_params.ts";
import type { Serving, ServingDefinition } from "./serving.ts";

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

/** The definition of a tool. */
export interface ToolDefinition<I extends z.ZodType, O extends z.ZodType, App = unknown>
  extends AccessDefinition, ServingDefinition {
  /** 1 to 128 letters, digits, `_`, `-` and `.` (2025-11-25, server/tools, Tool Names). */
  readonly name: string;
  /** For a person to read. */
  readonly title?: string;
  /** For the model to read. */
  readonly description: string;
  /** A `z.object()` of the arguments; absent for a tool without arguments. */
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
   * Checks the arguments, runs the tool and checks its result.
   *
   * @param masksErrors whether to hide the messages of errors other than `ToolError`; default: no
   * @returns a result, with `isError` for wrong arguments and for a tool that throws
   * @throws {ProtocolError} only if the tool itself threw it
   */
  readonly call: (
    args: unknown,
    ctx: ToolContext<App>,
    masksErrors?: boolean,
  ) => MaybePromise<CallToolResult>;
}

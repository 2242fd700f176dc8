import { ProtocolError } from "../base/errors.ts";
import { CHECKED_ELSEWHERE, requireOptions } from "../base/members.ts";
import type { Middleware } from "../registry/middleware.ts";
import { errorResult } from "../registry/tool_results.ts";
import { METHODS } from "../wire/methods.ts";
import { refuse, requirePositive } from "./options.ts";

/** How large a result may be. */
export interface OutputLimitOptions {
  /** Most bytes of a result as JSON. */
  readonly maxBytes: number;
}

const ENCODER = new TextEncoder();
/** What a model reads. Without lists and greetings a client could use nothing at all. */
const LIMITED: ReadonlySet<string> = new Set([
  METHODS.callTool,
  METHODS.readResource,
  METHODS.getPrompt,
]);

/**
 * Middleware that refuses results that are too large for a model. A tool's is replaced by one with
 * `isError` that says what would fit; for a resource or prompt the client gets an error. Lists pass:
 * `MCP_PAGE_SIZE` limits their entries.
 *
 * @throws {ConfigError} for a size that is not a positive number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp, limitOutput } from "../mod.ts";
 *
 * const app = createApp({ use: [limitOutput({ maxBytes: 100_000 })] });
 * assertEquals(app.catalog.tools.size, 0);
 * app.stop();
 * ```
 */
export function limitOutput(options: OutputLimitOptions): Middleware {
  const checks = { maxBytes: CHECKED_ELSEWHERE };
  requireOptions(options, { owner: "limitOutput()", checks, refuse });
  const { maxBytes } = options;
  requirePositive({ maxBytes });
  return async function limitOutput({ method, name }, next) {
    const result = await next();
    if (!LIMITED.has(method)) return result;
    const { length } = ENCODER.encode(JSON.stringify(result));
    if (length <= maxBytes) return result;
    const message = `Result of ${name} is too large: ${length} bytes, and ${maxBytes} are allowed`;
    if (method !== METHODS.callTool) throw new ProtocolError("internal_error", message);
    return errorResult(`${message}; ask for less`);
  };
}

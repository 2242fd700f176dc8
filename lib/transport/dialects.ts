import type { Dialect } from "./dialect.ts";
import { HTTP_SSE } from "./http_sse/mod.ts";
import { MODERN } from "./modern/mod.ts";
import { PLAIN } from "./plain/mod.ts";
import { STATELESS } from "./stateless/mod.ts";
import { STREAMABLE } from "./streamable/mod.ts";

/**
 * The dialects of the endpoint. The first that takes a request answers it, so the order decides
 * where a request fits several.
 */
export const DIALECTS: readonly Dialect[] = [HTTP_SSE, PLAIN, MODERN, STREAMABLE, STATELESS];

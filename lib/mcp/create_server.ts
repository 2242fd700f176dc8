/**
 * A server that is traced if anybody collects. OpenTelemetry's API is loaded only then: it is 71
 * files.
 *
 * @module
 */
import { McpServer, type McpServerOptions } from "./server.ts";

/** Where OpenTelemetry's API, in all its 1.x versions, keeps what was registered with it. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/**
 * Whether somebody collects, as Lifeline is loaded. Deno registers its own providers before that
 * when `OTEL_DENO` is on, and so must an SDK, as for all that it instruments; looking at them takes
 * no permission to read the environment.
 */
export const IS_TELEMETRY_ON: boolean = isTracing(Reflect.get(globalThis, REGISTERED));

const traced = IS_TELEMETRY_ON ? await import("./traced_server.ts") : undefined;

/** Makes a server. */
export function createServer(options: McpServerOptions): McpServer {
  return traced === undefined ? new McpServer(options) : new traced.TracedServer(options);
}

function isTracing(registered: unknown): boolean {
  return typeof registered === "object" && registered !== null && "trace" in registered;
}

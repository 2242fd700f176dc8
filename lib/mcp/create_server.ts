/**
 * A server that is traced if anybody collects. OpenTelemetry's API is loaded only then: it is 71
 * files.
 *
 * @module
 */
import { logFor } from "../base/log.ts";
import { McpServer, type McpServerOptions } from "./server.ts";

/** Where OpenTelemetry's API, in all its 1.x versions, keeps what was registered with it. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/**
 * Whether somebody collects, as Lifeline is loaded. Deno registers its own providers before that
 * when `OTEL_DENO` is on, and so must an SDK, as for all that it instruments; looking at them takes
 * no permission to read the environment.
 */
export const IS_TELEMETRY_ON: boolean = isTracing();

const traced = IS_TELEMETRY_ON ? await import("./traced_server.ts") : undefined;

const log = logFor("telemetry");

/** Makes a server. */
export function createServer(options: McpServerOptions): McpServer {
  if (traced !== undefined) return new traced.TracedServer(options);
  if (isTracing()) {
    log.warning(
      "Nothing is traced: OpenTelemetry was registered after Lifeline was imported; import what " +
        "registers it first",
    );
  }
  return new McpServer(options);
}

function isTracing(): boolean {
  const registered: unknown = Reflect.get(globalThis, REGISTERED);
  return typeof registered === "object" && registered !== null && "trace" in registered;
}

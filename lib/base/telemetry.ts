/**
 * OpenTelemetry's API, where telemetry is collected.
 *
 * @module
 */
import type * as api from "@opentelemetry/api";

/** OpenTelemetry's API. */
export type OpenTelemetry = typeof api;

/** Where OpenTelemetry's API, in all its 1.x versions, keeps the providers registered with it. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/**
 * The API; undefined where no provider was registered when Lifeline was loaded. Perf: the many files
 * of the API are not loaded then. Deno registers its providers earlier when `OTEL_DENO` is on; an SDK
 * must do so too, as for everything that it instruments.
 */
export const openTelemetry: OpenTelemetry | undefined = isRegistered()
  ? await import("@opentelemetry/api")
  : undefined;

/** Whether a provider of traces is registered. This needs no permission to read the environment. */
export function isRegistered(): boolean {
  const registered: unknown = Reflect.get(globalThis, REGISTRY);
  return typeof registered === "object" && registered !== null && "trace" in registered;
}

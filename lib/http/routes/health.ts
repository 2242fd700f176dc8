import { noStoreJson } from "../../transport/respond.ts";
import type { Route } from "../route.ts";

/** `/healthz`: answers as long as the process does. */
export const HEALTH_ROUTE: Route = { GET: () => noStoreJson({ status: "ok" }) };

/**
 * `/readyz`: whether the server takes new work.
 *
 * @param streams tell whether the server drains
 */
export function readinessRoute(streams: { readonly draining: boolean }): Route {
  return {
    GET: () =>
      streams.draining
        ? noStoreJson({ status: "draining" }, 503)
        : noStoreJson({ status: "ready" }),
  };
}

import type { ServersBehind } from "../../base/server_report.ts";
import { noStoreJson } from "../../transport/respond.ts";
import type { Route } from "../route.ts";

/** `/healthz`: answers 200 while the process can answer. */
export const HEALTH_ROUTE: Route = { GET: () => noStoreJson({ status: "ok" }) };

/**
 * `/readyz`: whether the server takes new work.
 *
 * A server behind it that is down is named, but does not make this server unready: the others serve.
 *
 * @param streams tell whether the server drains
 * @param fleet tells whether the store that instances share carries anything
 * @param servers those behind it, where it is a gateway
 */
export function readinessRoute(
  streams: { readonly draining: boolean },
  servers?: ServersBehind,
  fleet?: { readonly isReady: boolean },
): Route {
  const states = () =>
    servers === undefined ? {} : {
      servers: Object.fromEntries(
        servers.reports().map(({ name, isUp }) => [name, isUp ? "up" : "down"]),
      ),
    };
  return {
    GET: () =>
      streams.draining
        ? noStoreJson({ status: "draining" }, 503)
        : fleet?.isReady === false
        ? noStoreJson({ status: "store_away" }, 503)
        : noStoreJson({ status: "ready", ...states() }),
  };
}

/**
 * The open connections as the operator sees and ends them, here and at the other instances.
 *
 * @module
 */
import { logFor } from "../../base/log.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { MemoryFigures } from "../../stream/admit/memory_gauge.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { SessionTable } from "../../transport/streamable/session_table.ts";
import type { RequestContext } from "../../transport/request_head.ts";
import { noStoreJson } from "../../transport/respond.ts";
import { AllInstances, type OwnView } from "./all_instances.ts";
import { type LedgerSources, ledgerView, readPageQuery } from "./connections_report.ts";
import { findStream } from "./find_stream.ts";
import { act } from "./operator_actions.ts";

/** The parts of an app that hold or know connections. */
export interface ConnectionsParts extends Omit<LedgerSources, "streams" | "heapUsedBytes"> {
  readonly streams: StreamRegistry;
  readonly sessions: Pick<SessionTable, "endOf">;
  readonly heap: (() => MemoryFigures) | undefined;
  /** The instances that share a store, if there are several. */
  readonly fleet?: Fleet | undefined;
}

/** Answers the requests for `/mcp/connections`. */
export interface Connections {
  show(request: RequestContext): Promise<Response>;
  /** @param operator named in the log */
  end(request: RequestContext, operator: string): Promise<Response>;
  /** Answers other instances that share the store, if there are any. */
  serveOthers(): void;
}

const audit = logFor("audit");

/** Makes the view of one instance, or of all if they share a store. */
export function openConnections(deps: ConnectionsParts): Connections {
  const { fleet, servers } = deps;
  const own = ownView(deps);
  const all = fleet && new AllInstances(fleet, own);
  const connections = all ?? own;
  return {
    show: async ({ query }) =>
      noStoreJson(await connections.view(readPageQuery(new URLSearchParams(query)))),
    end: async ({ query, client }, operator) => {
      const { response, ...what } = await act(
        { connections, servers },
        new URLSearchParams(query),
      );
      audit.info("Audit", { operator, client_ip: client.address, ...what });
      return response;
    },
    serveOthers: () => all?.serve(),
  };
}

/** The connections of this instance. */
function ownView(deps: ConnectionsParts): OwnView {
  const { streams, sessions, heap } = deps;
  return {
    view: (wanted) => ledgerView({ ...deps, heapUsedBytes: heap?.().used ?? 0 }, wanted),
    disconnect: (id) => findStream(streams, id).close("disconnected"),
    endPrincipal: (principal, reason = "disconnected") => ({
      streams: streams.credentials.end(principal, reason),
      sessions: sessions.endOf(principal),
    }),
  };
}

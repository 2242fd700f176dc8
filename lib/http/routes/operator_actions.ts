import { ProtocolError } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { ServersBehind } from "../../base/server_report.ts";
import { noStoreJson } from "../../transport/respond.ts";
import type { AllInstances, OwnView } from "./all_instances.ts";

/** Longest text of a request that is logged, in characters. */
const MAX_LOGGED = 512;

/** The parts of an app that an operator can act on. */
export interface OperatorTargets {
  readonly connections: Pick<AllInstances, "disconnect" | "endPrincipal"> | OwnView;
  /** The servers behind this one, where it is a gateway. */
  readonly servers: ServersBehind | undefined;
}

/** An action of an operator, for the log, and the answer to it. */
export interface OperatorAction extends Readonly<Record<string, unknown>> {
  readonly response: Response;
  readonly action: "disconnect" | "end_caller" | "restart";
}

/**
 * Ends a connection (`?id=`) or all of a caller (`?principal=`), or restarts a child (`?child=`).
 *
 * @throws {ProtocolError} `invalid_params` if the query names nothing, `connection_not_found`
 */
export async function act(
  { connections, servers }: OperatorTargets,
  query: URLSearchParams,
): Promise<OperatorAction> {
  const [id, principal, child] = ["id", "principal", "child"].map((name) => query.get(name) ?? "");
  if (principal) {
    const ended = await connections.endPrincipal(principal);
    const who = principal.slice(0, MAX_LOGGED);
    return { response: noStoreJson(ended), action: "end_caller", principal: who, ...ended };
  }
  if (child) return restart(servers, child);
  if (!id) {
    throw new ProtocolError(
      "invalid_params",
      'Name the connection to close with "?id=", the caller whose connections and sessions to ' +
        'end with "?principal=", or the child of a server to start anew with "?child="',
    );
  }
  await connections.disconnect(id);
  const response = new Response(null, { status: 204 });
  return { response, action: "disconnect", connection_id: shortId(id) };
}

function restart(servers: ServersBehind | undefined, child: string): OperatorAction {
  const restarted = servers?.restart(child);
  if (restarted === undefined) {
    throw new ProtocolError("connection_not_found", "No server has a child with this id");
  }
  const { server, pid } = restarted;
  const told = { server, child, ...(pid !== undefined && { pid }) };
  return { response: noStoreJson(told), action: "restart", ...told };
}

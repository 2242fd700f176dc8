/**
 * A client without a transport, for tests that speak to a server directly.
 *
 * @module
 */
import { InFlight } from "../../lib/mcp/in_flight.ts";
import { NOT_WATCHING, type RequestScope } from "../../lib/mcp/scope.ts";

/** The scope of a client that hears nothing and can do nothing, unless told otherwise. */
export function testScope(members: Partial<RequestScope> = {}): RequestScope {
  return {
    caller: { address: "127.0.0.1" },
    connectionId: undefined,
    inFlight: new InFlight(),
    logLevel: undefined,
    capabilities: {},
    send: () => {},
    endProgress: () => {},
    onClientGone: () => NOT_WATCHING,
    releaseStream: () => {},
    describe: () => ({ transport: "http", session: undefined, protocolVersion: undefined }),
    ...members,
  };
}

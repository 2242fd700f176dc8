/**
 * A client without a transport, for tests that speak to a server directly.
 *
 * @module
 */
import { Signer } from "../../lib/base/signer.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { InFlight } from "../../lib/mcp/in_flight.ts";
import { NOT_WATCHING, type RequestScope } from "../../lib/mcp/scope.ts";
import { McpServer, type McpServerOptions } from "../../lib/mcp/server.ts";
import { Catalog } from "../../lib/registry/catalog.ts";

/** A server that offers nothing, unless told otherwise. */
export function testServer(options: Partial<McpServerOptions> = {}): McpServer {
  return new McpServer({
    info: { name: "test", version: "1" },
    catalog: new Catalog(),
    signer: new Signer(),
    wheel: new TimerWheel(),
    settings: {
      MCP_PAGE_SIZE: 10,
      MCP_REQUEST_TIMEOUT_MS: 1_000,
      MCP_MAX_REQUESTS_PER_CONNECTION: 10,
      MCP_MAX_CONNECTIONS: 10_000,
      MCP_MAX_CONNECTIONS_PER_CLIENT: 1_000,
    },
    ...options,
  });
}

/** The scope of a client that hears nothing and can do nothing, unless told otherwise. */
export function testScope(members: Partial<RequestScope> = {}): RequestScope {
  return {
    caller: { address: "127.0.0.1" },
    page: undefined,
    connectionId: undefined,
    session: undefined,
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

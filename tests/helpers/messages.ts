/**
 * The JSON-RPC requests that tests send.
 *
 * @module
 */

/** A JSON-RPC request. */
export function rpc(
  method: string,
  params?: Record<string, unknown>,
  id: string | number = 1,
): Record<string, unknown> {
  return { jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) };
}

/** A `tools/call` request. */
export function toolCall(
  name: string,
  args?: Record<string, unknown>,
  id: string | number = 1,
): Record<string, unknown> {
  return rpc("tools/call", { name, ...(args !== undefined && { arguments: args }) }, id);
}

/** The parts of an `initialize` request that a test may choose. */
export interface InitializeOptions {
  readonly id?: string | number;
  readonly capabilities?: Readonly<Record<string, unknown>> | undefined;
  readonly clientInfo?: { readonly name: string; readonly version: string };
}

/** An `initialize` request of a revision: the newest that has one, unless told otherwise. */
export function initializeRequest(
  protocolVersion = "2025-11-25",
  {
    id = "initialize",
    capabilities = {},
    clientInfo = { name: "test", version: "1" },
  }: InitializeOptions = {},
): Record<string, unknown> {
  return rpc("initialize", { protocolVersion, capabilities, clientInfo }, id);
}

import type { InFlight } from "../../mcp/in_flight.ts";
import type { LegacyScope, ScopeDescription } from "../../mcp/scope.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { Caller } from "../../registry/context.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";

/**
 * The scope of a message on a stream that another token opened: the message's own token decides its
 * rights.
 */
export class MessageScope implements LegacyScope {
  readonly caller: Caller;
  readonly #scope: LegacyScope;

  constructor(scope: LegacyScope, caller: Caller) {
    this.#scope = scope;
    this.caller = caller;
  }

  get session(): ClientState {
    return this.#scope.session;
  }

  get page(): string | undefined {
    return this.#scope.page;
  }

  get connectionId(): string | undefined {
    return this.#scope.connectionId;
  }

  get inFlight(): InFlight {
    return this.#scope.inFlight;
  }

  get logLevel(): LoggingLevel | undefined {
    return this.#scope.logLevel;
  }

  get capabilities(): ClientCapabilities {
    return this.#scope.capabilities;
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    this.#scope.send(message);
  }

  endProgress(token: string | number): void {
    this.#scope.endProgress(token);
  }

  onClientGone(listener: () => void): () => void {
    return this.#scope.onClientGone(listener);
  }

  releaseStream(retryMs: number): void {
    this.#scope.releaseStream(retryMs);
  }

  describe(): ScopeDescription {
    return this.#scope.describe();
  }
}

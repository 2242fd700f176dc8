import type { InFlight } from "../../mcp/in_flight.ts";
import { type LegacyScope, NOT_WATCHING, type ScopeDescription } from "../../mcp/scope.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { Caller } from "../../registry/context.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";

/**
 * The scope of `initialize`, which comes before there is a session: it is answered at once, and
 * nothing is sent besides the answer.
 */
export class InitializeScope implements LegacyScope {
  readonly connectionId = undefined;
  readonly session: ClientState;

  readonly #key: string;

  /** @param key under which servers are to know the session */
  constructor(key: string, session: ClientState) {
    this.#key = key;
    this.session = session;
  }

  /** No state is bound to a page before a session exists. */
  get page(): undefined {
    return undefined;
  }

  get caller(): Caller {
    return this.session.caller;
  }

  get inFlight(): InFlight {
    return this.session.inFlight;
  }

  get logLevel(): LoggingLevel {
    return this.session.logLevel;
  }

  get capabilities(): ClientCapabilities {
    return this.session.capabilities;
  }

  send(): void {}

  endProgress(): void {}

  onClientGone(): () => void {
    return NOT_WATCHING;
  }

  releaseStream(): void {}

  describe(): ScopeDescription {
    return {
      transport: "http",
      session: this.#key,
      protocolVersion: this.session.agreedVersion,
    };
  }
}

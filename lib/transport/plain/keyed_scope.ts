import { shortId } from "../../base/ids.ts";
import { InFlight } from "../../mcp/in_flight.ts";
import { type LegacyScope, NOT_WATCHING, type ScopeDescription } from "../../mcp/scope.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { Caller } from "../../registry/context.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import type { StreamSession } from "../stream_session/session.ts";

/** The scope of a call that continues when its stream ends, and moves to the next stream. */
export class KeyedScope implements LegacyScope {
  /** Separate from the stream's, because the end of a stream aborts the stream's own calls. */
  readonly inFlight = new InFlight();
  readonly caller: Caller;
  readonly session: ClientState;
  #stream: StreamSession;

  constructor(stream: StreamSession) {
    this.#stream = stream;
    this.caller = stream.caller;
    this.session = stream.session;
  }

  /** Sends the call's further messages to another stream. */
  moveTo(stream: StreamSession): void {
    this.#stream = stream;
  }

  get page(): string | undefined {
    return this.#stream.page;
  }

  get connectionId(): string {
    return this.#stream.id;
  }

  get logLevel(): LoggingLevel {
    return this.session.logLevel;
  }

  get capabilities(): ClientCapabilities {
    return this.session.capabilities;
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    this.#stream.send(message);
  }

  endProgress(token: string | number): void {
    this.#stream.endProgress(token);
  }

  /** The client is expected back. */
  onClientGone(): () => void {
    return NOT_WATCHING;
  }

  releaseStream(): void {}

  describe(): ScopeDescription {
    return { transport: "http", session: shortId(this.connectionId), protocolVersion: undefined };
  }
}

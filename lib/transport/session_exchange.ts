import type { Exchange } from "../mcp/exchange.ts";
import type { InFlight } from "../mcp/in_flight.ts";
import type { LegacySession } from "../mcp/legacy_session.ts";
import type { Caller } from "../registry/context.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../wire/mcp_types.ts";
import type { ResumableStream } from "./resumable_stream.ts";
import type { StreamableSession } from "./streamable_session.ts";

/** The requests of one POST, as the methods see them. */
export class SessionExchange implements Exchange {
  readonly connectionId = undefined;
  readonly #session: StreamableSession;
  /** Null where the client takes no stream: what is to be sent goes on the session's own. */
  readonly #requestId: string | number | undefined | null;
  #stream: ResumableStream | undefined;

  constructor(session: StreamableSession, requestId: string | number | undefined | null = null) {
    this.#session = session;
    this.#requestId = requestId;
  }

  get sessionKey(): string {
    return this.#session.key;
  }

  get session(): LegacySession {
    return this.#session.state;
  }

  get caller(): Caller {
    return this.#session.state.caller;
  }

  get inFlight(): InFlight {
    return this.#session.state.inFlight;
  }

  get logLevel(): LoggingLevel {
    return this.#session.state.logLevel;
  }

  get capabilities(): ClientCapabilities {
    return this.#session.state.capabilities;
  }

  /** The response stream, if anything has been said on it. */
  get opened(): ResumableStream | undefined {
    return this.#stream;
  }

  stream(): ResumableStream {
    return this.#stream ??= this.#session.openStream(this.#requestId ?? undefined);
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    (this.#requestId === null ? this.#session.standalone : this.stream()).write(message);
  }

  releaseStream(retryMs: number): void {
    this.#stream?.release("disconnected", retryMs);
  }
}

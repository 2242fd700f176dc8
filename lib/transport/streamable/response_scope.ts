import { type LegacyScope, NOT_WATCHING, type ScopeDescription } from "../../mcp/scope.ts";
import type { InFlight } from "../../mcp/in_flight.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import { isRepeatable } from "../../mcp/unknown_outcome.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { Caller } from "../../registry/context.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { JsonRpcId, JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import { callerOf } from "../caller.ts";
import type { RequestOrigin } from "../peer.ts";
import { type ResumableStream, RETRY_MS } from "./resumable_stream.ts";
import type { StreamableSession } from "./session.ts";

/** The origin of a POST's messages, and the destination of their answers. */
export interface ScopeOrigin {
  readonly origin: RequestOrigin;
  /**
   * The request to answer; undefined for several. Null where the client takes no stream: messages
   * then go on the session's own stream.
   */
  readonly requestId: JsonRpcId | undefined | null;
  /** The requests of the POST. */
  readonly requests: readonly JsonRpcRequest[];
  /** The features of the endpoint. */
  readonly catalog: Catalog;
}

/** The scope of the requests in one POST. */
export class ResponseScope implements LegacyScope {
  readonly connectionId = undefined;
  readonly #session: StreamableSession;
  readonly #origin: ScopeOrigin;
  #stream: ResumableStream | undefined;
  #isAttached = false;
  #releaseMs: number | undefined;

  constructor(session: StreamableSession, origin: ScopeOrigin) {
    this.#session = session;
    this.#origin = origin;
  }

  get session(): ClientState {
    return this.#session.state;
  }

  /** The sender of this POST; the session does not prove it. */
  get caller(): Caller {
    return { ...this.#session.state.caller, ...callerOf(this.#origin.origin.client) };
  }

  get page(): string | undefined {
    return this.#origin.origin.page;
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
    return this.#stream ??= this.#openStream();
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    if (this.#origin.requestId === null) this.#session.sendAside(message);
    else this.stream().write(message);
  }

  endProgress(token: string | number): void {
    const isOnStandalone = this.#origin.requestId === null;
    (isOnStandalone ? this.#session.standalone : this.#stream)?.endProgress(token);
  }

  /** The session's calls continue without its client. */
  onClientGone(): () => void {
    return NOT_WATCHING;
  }

  describe(): ScopeDescription {
    return {
      transport: "http",
      session: this.#session.key,
      protocolVersion: this.session.agreedVersion,
    };
  }

  /**
   * Makes the POST's response carry the stream, beginning with the messages that the handler sent
   * before it first waited.
   *
   * @param onGap called if some of these events are gone already, with the number of the last event
   *   before them
   */
  attach(sseStream: EventStream, onGap: (since: number) => void): void {
    this.#isAttached = true;
    const missed = this.stream().undelivered();
    this.stream().attach(sseStream, missed, (frames) => {
      if (frames === undefined) onGap(missed.since);
    });
    if (this.#releaseMs !== undefined) this.stream().release("disconnected", this.#releaseMs);
  }

  releaseStream(retryMs: number): void {
    if (!this.#session.supportsPriming) return;
    // A handler may release the stream before it first waits, when there is no response yet.
    if (this.#isAttached) this.#stream?.release("disconnected", retryMs);
    else this.#releaseMs = retryMs;
  }

  #openStream(): ResumableStream {
    const { requests, catalog } = this.#origin;
    const isSafe = requests.every((request) => isRepeatable(request, catalog));
    const stream = this.#session.openStream(requests.map(({ id }) => id), isSafe);
    // The first event gives the client an id to come back with.
    if (this.#session.supportsPriming) stream.prime(RETRY_MS);
    return stream;
  }
}

/**
 * A stream that is its client's whole session: the 2024-11-05 dialect and the plain one. What the
 * client says comes in POSTs that name the stream; all answers go out on it.
 *
 * @module
 */
import { type CallAborted, ProtocolError } from "../base/errors.ts";
import { isPromise } from "../base/promises.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { ChangeBus, ChangeListener } from "../mcp/changes/change_bus.ts";
import type { RequestScope } from "../mcp/scope.ts";
import type { InFlight } from "../mcp/in_flight.ts";
import { LEGACY_METHODS } from "../mcp/methods/legacy.ts";
import { ClientState } from "../mcp/session/client_state.ts";
import type { McpServer } from "../mcp/server.ts";
import type { CatalogChange } from "../registry/catalog.ts";
import type { Caller } from "../registry/context.ts";
import type { StreamRegistry } from "../stream/stream_registry.ts";
import type { EventStream } from "../stream/event_stream.ts";
import type { PongState } from "../stream/heartbeat.ts";
import type { SseDialect, StreamWork } from "../stream/stream_types.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../wire/mcp_types.ts";
import { encodeJsonEvent } from "../wire/sse.ts";
import { type Peer, streamClient } from "./peer.ts";
import { writeOrError } from "./respond.ts";

/** What session streams work with. */
export interface SessionStreamDeps {
  readonly server: McpServer;
  readonly connections: StreamRegistry;
  readonly changes: ChangeBus;
  readonly wheel: TimerWheel;
  readonly requestTimeoutMs: number;
}

/** How one dialect differs from the other. */
export interface SessionDialect {
  readonly sse: SseDialect;
  /** Whether its clients begin with `initialize`, hear of nothing before, and answer pings. */
  readonly beginsWithInitialize: boolean;
  /** Name of the event that carries a response. */
  responseEvent(response: JsonRpcResponse): string;
}

export class StreamSession implements RequestScope, StreamWork, ChangeListener {
  readonly session: ClientState;
  readonly connection: EventStream;
  readonly dialect: SessionDialect;
  /** Requests answered so far. */
  answeredCount = 0;
  /** Belongs to the change bus. */
  place = -1;
  #unanswered = 0;
  readonly #deps: SessionStreamDeps;

  /** @throws {ProtocolError} when a limit is reached or the server drains */
  constructor(
    deps: SessionStreamDeps,
    dialect: SessionDialect,
    from: { request: Request; peer: Peer; pingIntervalMs?: number | undefined },
  ) {
    this.#deps = deps;
    this.dialect = dialect;
    // The stream keeps its peer anyway.
    this.session = new ClientState(deps, from.peer);
    const client = streamClient(from.request, from.peer);
    const { pingIntervalMs } = from;
    this.connection = deps.connections.open({
      dialect: dialect.sse,
      client,
      work: this,
      pingIntervalMs,
    });
    deps.changes.add(this);
  }

  get caller(): Caller {
    return this.session.caller;
  }

  get connectionId(): string {
    return this.connection.id;
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

  /** A call counts until its answer is on the stream, so that no planned end comes between. */
  get unanswered(): number {
    return this.#unanswered;
  }

  onEnded(reason: () => CallAborted): void {
    this.#deps.changes.remove(this);
    this.session.inFlight.abortAll(reason);
  }

  pingClient(): PongState {
    if (!this.dialect.beginsWithInitialize || !this.session.isInitialized) return "unknown";
    const { pings } = this.session;
    const { answer } = pings;
    this.send(pings.next());
    return answer;
  }

  wantsChange(change: CatalogChange): boolean {
    if (this.dialect.beginsWithInitialize && !this.session.isInitialized) return false;
    return change.kind !== "resource" || this.session.subscriptions.has(change.uri);
  }

  sendChange(message: JsonRpcNotification): void {
    this.send(message);
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    this.connection.sendMessage(message);
  }

  endProgress(token: string | number): void {
    this.connection.outbox.endProgress(token);
  }

  /** Takes one message; its response, if any, comes on the stream. */
  take(message: JsonRpcMessage): void {
    if (this.connection.state !== "open") return;
    const { server } = this.#deps;
    if (isResponse(message)) return this.session.settle(message);
    if (!isRequest(message)) return server.notify(message, this, LEGACY_METHODS);
    // A client may be gone before its stream is open; nothing runs for nobody. A ping runs nothing.
    if (message.method !== "ping" && !this.connection.checkAborted()) return;
    this.#unanswered++;
    const response = server.dispatch(message, this, LEGACY_METHODS);
    if (!isPromise(response)) return this.#answer(response);
    this.connection.listenForAbort();
    void response.then((settled) => this.#answer(settled));
  }

  #answer(response: JsonRpcResponse | undefined): void {
    this.#unanswered--;
    this.answeredCount++;
    if (response !== undefined) {
      this.connection.sendResponse(
        writeOrError(response, (one) => encodeJsonEvent(one, this.dialect.responseEvent(one))),
      );
    }
    this.#deps.connections.closeIfIdle(this.connection);
  }
}

/** Who names an open stream, and which. */
export interface StreamReference {
  readonly id: string;
  readonly dialect: SessionDialect;
  readonly peer: Peer;
}

/**
 * The open stream of an id; undefined where there is none of that dialect.
 *
 * @throws {ProtocolError} `forbidden` for somebody else's
 */
export function findStream(
  { connections }: SessionStreamDeps,
  { id, dialect, peer }: StreamReference,
): StreamSession | undefined {
  const work = connections.get(id)?.work;
  if (!(work instanceof StreamSession) || work.dialect !== dialect) return undefined;
  if (work.session.caller.principal === peer.principal) return work;
  throw new ProtocolError("forbidden", "This stream belongs to another caller");
}

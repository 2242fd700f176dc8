/**
 * A stream that is a whole session, as in 2024-11-05 and the plain dialect. The client's messages
 * come in POSTs that name the stream; all answers go out on it.
 *
 * @module
 */
import type { Settings } from "../../base/settings.ts";
import type { CallAborted } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { isPromise } from "../../base/promises.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { ChangeBus, ChangeListener } from "../../mcp/changes/change_bus.ts";
import { type LegacyScope, NOT_WATCHING, type ScopeDescription } from "../../mcp/scope.ts";
import type { InFlight } from "../../mcp/in_flight.ts";
import { ClientState } from "../../mcp/session/client_state.ts";
import type { McpServer } from "../../mcp/server.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import type { Caller } from "../../registry/context.ts";
import type { Visibility } from "../../registry/visibility.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { PongState } from "../../stream/heartbeat.ts";
import type { StreamSnapshot } from "../../stream/snapshot.ts";
import { type FrameSink, QUIET_DRIVER, type StreamDriver } from "../../stream/stream_driver.ts";
import type { StreamOrigin, StreamRegistry } from "../../stream/stream_registry.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import type { Client } from "../../stream/client.ts";
import { callerOf } from "../caller.ts";
import { MessageScope } from "./message_scope.ts";
import type { Owner, RequestOrigin } from "../peer.ts";
import type { Answers } from "../answers.ts";

/** Dependencies of session streams. */
export interface SessionStreamDeps {
  readonly server: McpServer;
  readonly answers: Answers;
  readonly streams: StreamRegistry;
  readonly changes: ChangeBus;
  readonly wheel: TimerWheel;
  readonly settings: Pick<Settings, "MCP_REQUEST_TIMEOUT_MS">;
  readonly fleet?: Fleet | undefined;
  /** Path of the endpoint whose streams these are. */
  readonly path: string;
}

/** How one dialect differs from the other. */
export interface SessionDialect extends Pick<StreamDriver, "name" | "ping" | "closingFrame"> {
  /** Whether its clients begin with `initialize`, hear of nothing before, and answer pings. */
  readonly beginsWithInitialize: boolean;
  /** Name of the event that carries a response. */
  responseEvent(response: JsonRpcResponse): string;
}

/** The request that opens a session stream. */
export interface SessionStreamRequest {
  readonly origin: StreamOrigin & Pick<RequestOrigin, "page">;
  /** Writes the first event of the stream. */
  readonly first: (stream: StreamSnapshot) => string;
  /** Time between two pings that the client asks for. */
  readonly pingIntervalMs?: number | undefined;
}

/** Parts that all sessions of one dialect share. */
export interface SessionParts extends SessionStreamDeps {
  readonly dialect: SessionDialect;
  /** Writes a response as an event. */
  readonly encode: (response: JsonRpcResponse) => string;
  /** Told of each session that has ended. */
  readonly remove: (session: StreamSession) => void;
}

/** A pause between two calls that is long enough for a planned end (ms). */
const PAUSE_MS = 200;

/** A session that is one stream, as in HTTP+SSE and in the plain dialect. */
export class StreamSession implements LegacyScope, StreamDriver, ChangeListener, Owner {
  readonly page: string | undefined;
  readonly session: ClientState;
  readonly stream: EventStream;
  /** Requests answered so far. */
  answeredCount = 0;
  #unanswered = 0;
  /** Requests answered when a planned end was last asked about, and when that number was new. */
  #seenCount = 0;
  #seenAt = -PAUSE_MS;
  readonly #parts: SessionParts;
  readonly #listening: Disposable | undefined;

  constructor(parts: SessionParts, { origin, first, pingIntervalMs }: SessionStreamRequest) {
    this.#parts = parts;
    this.page = origin.page;
    this.session = new ClientState(parts, origin.client);
    this.stream = parts.streams.open(origin, { driver: this, first, pingIntervalMs });
    // Perf: a bound function takes half the memory of a closure and its context.
    this.session.sendNotification = this.sendChange.bind(this);
    this.#listening = this.stream.state === "open" ? parts.changes.add(this) : undefined;
  }

  get id(): string {
    return this.stream.id;
  }

  get principal(): string | undefined {
    return this.stream.client.principal;
  }

  /** The features that the session sees. */
  get visibility(): Visibility {
    return this.session.visibilityOrDefault;
  }

  get name(): string {
    return this.#parts.dialect.name;
  }

  /** Always true, because the stream is the session. */
  get isLongLived(): boolean {
    return true;
  }

  get caller(): Caller {
    return this.session.caller;
  }

  get connectionId(): string {
    return this.stream.id;
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

  /** A client that sends one call after another has the next one on its way. */
  isBusy(): boolean {
    // Whole ms, because V8 keeps other numbers as objects.
    const now = Math.floor(this.#parts.wheel.now());
    if (this.answeredCount !== this.#seenCount) {
      this.#seenCount = this.answeredCount;
      this.#seenAt = now;
    }
    return this.#unanswered > 0 || now - this.#seenAt < PAUSE_MS;
  }

  /** A call counts until its answer is on the stream, so that no planned end comes between. */
  get unanswered(): number {
    return this.#unanswered;
  }

  ping(stream: StreamSnapshot, pingCount: number): string {
    return this.#parts.dialect.ping(stream, pingCount);
  }

  closingFrame(reason: CloseReason, stream: StreamSnapshot): string | undefined {
    return this.#parts.dialect.closingFrame(reason, stream);
  }

  onEnded(reason: () => CallAborted): void {
    // A stream that ends while it is opened is not registered yet.
    if (this.stream === undefined) return;
    this.#parts.remove(this);
    this.#listening?.[Symbol.dispose]();
    this.session.inFlight.abortAll(reason);
    this.session.end();
  }

  sendDeferred(text: string, stream: FrameSink): void {
    QUIET_DRIVER.sendDeferred(text, stream);
  }

  pingClient(): PongState {
    if (!this.#parts.dialect.beginsWithInitialize || !this.session.isInitialized) return "unknown";
    const { pings } = this.session;
    const { answer } = pings;
    this.send(pings.next());
    return answer;
  }

  wantsChange(change: CatalogChange): boolean {
    if (this.#parts.dialect.beginsWithInitialize && !this.session.isInitialized) return false;
    return this.session.wantsChange(change);
  }

  get subscribed(): UriSet | undefined {
    return this.session.subscribed;
  }

  get granted(): readonly string[] | undefined {
    return this.session.granted;
  }

  get listScopes(): readonly string[] | undefined {
    return this.session.listScopes;
  }

  sendChange(message: JsonRpcNotification): void {
    this.send(message);
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    this.stream.sendMessage(message);
  }

  endProgress(token: string | number): void {
    this.stream.endProgress(token);
  }

  /** The stream shows when its client goes, and then aborts what runs. */
  onClientGone(): () => void {
    return NOT_WATCHING;
  }

  /** The stream cannot be resumed, so it stays. */
  releaseStream(): void {}

  describe(): ScopeDescription {
    return {
      transport: "http",
      session: shortId(this.connectionId),
      protocolVersion: this.session.agreedVersion,
    };
  }

  /**
   * Takes one message; its response, if any, comes on the stream.
   *
   * @param client who sent it: its token need not be that of the stream, nor allow as much
   */
  take(message: JsonRpcMessage, client: Client): void {
    if (this.stream.state !== "open") return;
    const scope = client.identity === this.stream.client.identity
      ? this
      : new MessageScope(this, { ...this.caller, ...callerOf(client) });
    const { server } = this.#parts;
    if (isResponse(message)) return this.session.settle(message);
    if (!isRequest(message)) return server.notify(message, scope, server.legacy);
    // A client may leave before its stream is open; then no call runs. A ping runs nothing.
    if (message.method !== "ping" && !this.stream.checkAborted()) return;
    this.#unanswered++;
    const response = server.dispatch(message, scope, server.legacy);
    if (!isPromise(response)) return this.#answer(response);
    this.stream.listenForAbort();
    void response.then((settled) => this.#answer(settled));
  }

  /** Sends a response that is there already. */
  answer(text: string): void {
    this.#unanswered++;
    this.#sendAnswer(text);
  }

  /** Sends the response to a call that does not belong to this stream alone, when it is there. */
  answerLater(text: Promise<string | undefined>): void {
    this.#unanswered++;
    void text.then((settled) => this.#sendAnswer(settled));
  }

  #answer(response: JsonRpcResponse | undefined): void {
    this.#sendAnswer(response && this.#parts.encode(response));
  }

  #sendAnswer(text: string | undefined): void {
    this.#unanswered--;
    this.answeredCount++;
    if (text !== undefined) this.stream.sendResponse(text);
    this.#parts.streams.closeIfIdle(this.stream);
  }
}

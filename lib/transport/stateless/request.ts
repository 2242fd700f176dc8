/**
 * Calls without a session: one request, one answer. A quick call is answered as JSON. A call that
 * sends messages, or still runs after a second, gets an event stream where its client takes one, so
 * that keepalives flow and no proxy cuts it.
 *
 * @module
 */
import type { CallAborted } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import { Alarm, type TimerWheel } from "../../base/timer_wheel.ts";
import type { RequestScope, ScopeDescription } from "../../mcp/scope.ts";
import { InFlight } from "../../mcp/in_flight.ts";
import type { MethodTable } from "../../mcp/methods/table.ts";
import type { McpServer } from "../../mcp/server.ts";
import { cutByDrain } from "../../mcp/unknown_outcome.ts";
import type { Caller } from "../../registry/context.ts";
import type { CallLease } from "../../stream/admit/admission.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import type { PongState } from "../../stream/heartbeat.ts";
import { type FrameSink, QUIET_DRIVER, type StreamDriver } from "../../stream/stream_driver.ts";
import { toErrorResponse } from "../../wire/error_table.ts";
import type { JsonRpcNotification, JsonRpcRequest, JsonRpcResponse } from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import { formatJson, KEEPALIVE } from "../../wire/sse.ts";
import { callerOf } from "../caller.ts";
import type { ModernClient } from "../modern/client.ts";
import { OWN_PAGE } from "../peer.ts";
import type { RequestContext } from "../request_head.ts";
import type { Answers } from "../answers.ts";
import { eventStream } from "../respond.ts";

/** Dependencies of calls without a session. */
export interface StatelessDeps {
  readonly server: McpServer;
  readonly answers: Answers;
  readonly streams: StreamRegistry;
  readonly wheel: TimerWheel;
}

/** One call as the edge has read it. */
export interface StatelessCall {
  readonly c: RequestContext;
  readonly message: JsonRpcRequest;
  readonly methods: MethodTable;
  /** The client information in the request. */
  readonly client: ModernClient;
  /** HTTP status of an answer that is JSON. */
  readonly statusOf: (response: JsonRpcResponse) => number;
}

/** When a call that is still running gets its stream (ms). */
const STREAM_AFTER_MS = 1_000;
/** Status for a call if its client is gone. Nobody reads it; it is for logs of proxies. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * Answers a request of a client without a session.
 *
 * @throws {ProtocolError} when its client has too many running already
 */
export function handleStateless(deps: StatelessDeps, call: StatelessCall): MaybePromise<Response> {
  const lease = deps.streams.admission.enter(call.c, "call");
  const scope = new StatelessRequest(deps, call, lease);
  const response = deps.server.dispatch(call.message, scope, call.methods);
  if (isPromise(response)) return scope.wait(response);
  return scope.hasStream ? scope.wait(Promise.resolve(response)) : answerOf(deps, call, response);
}

/** A client that is here for one call. */
class StatelessRequest implements RequestScope, StreamDriver {
  readonly session = undefined;
  readonly inFlight = new InFlight();
  readonly capabilities: ClientCapabilities;
  readonly logLevel: LoggingLevel | undefined;

  readonly #deps: StatelessDeps;
  readonly #call: StatelessCall;
  #stream: EventStream | undefined;
  #answer: PromiseWithResolvers<Response> | undefined;
  /** Opens the stream of a call that takes long. */
  #alarm: Alarm | undefined;
  readonly #lease: CallLease;

  constructor(deps: StatelessDeps, call: StatelessCall, lease: CallLease) {
    this.#deps = deps;
    this.#call = call;
    this.#lease = lease;
    this.capabilities = call.client.capabilities;
    this.logLevel = call.client.logLevel;
  }

  get caller(): Caller {
    return callerOf(this.#call.c.client, this.#call.client.info);
  }

  get page(): string {
    return this.#call.c.page ?? OWN_PAGE;
  }

  get connectionId(): string | undefined {
    return this.#stream?.id;
  }

  get hasStream(): boolean {
    return this.#stream !== undefined;
  }

  get name(): "stateless" {
    return "stateless";
  }

  get isLongLived(): boolean {
    return false;
  }

  get unanswered(): number {
    return this.inFlight.size;
  }

  isBusy(): boolean {
    return this.unanswered > 0;
  }

  get answeredCount(): number {
    return 0;
  }

  ping(): string {
    return KEEPALIVE;
  }

  /** The answer to a call that a drain cuts. */
  closingFrame(reason: CloseReason): string | undefined {
    if (reason !== "drain") return undefined;
    const { message } = this.#call;
    const error = cutByDrain(message, this.#deps.server.context.catalog);
    return formatJson(toErrorResponse(error, message.id));
  }

  /** The stream has ended before the call: that is how a client cancels it. */
  onEnded(reason: () => CallAborted): void {
    this.inFlight.abortAll(reason);
  }

  sendDeferred(text: string, stream: FrameSink): void {
    QUIET_DRIVER.sendDeferred(text, stream);
  }

  pingClient(): PongState {
    return "unknown";
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    this.#openStream();
    this.#stream?.sendMessage(message);
  }

  endProgress(token: string | number): void {
    this.#stream?.endProgress(token);
  }

  onClientGone(listener: () => void): () => void {
    const { signal } = this.#call.c.request;
    if (signal.aborted) listener();
    else signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
  }

  /** Nobody can resume it, so it stays. */
  releaseStream(): void {}

  describe(): ScopeDescription {
    const id = this.connectionId;
    const session = id === undefined ? undefined : shortId(id);
    return { transport: "http", session, protocolVersion: undefined };
  }

  /** The answer to a call that does not end at once. */
  wait(response: Promise<JsonRpcResponse | undefined>): Promise<Response> {
    const { promise, resolve } = this.#answer = Promise.withResolvers<Response>();
    this.#lease.hold();
    if (this.#stream !== undefined) resolve(eventStream(this.#stream));
    else if (this.#call.c.accepted.json) this.#openStreamLater();
    else this.#openStream();
    void response.then((settled) => this.#finish(settled));
    return promise;
  }

  #openStreamLater(): void {
    this.#alarm = new Alarm(() => this.#openStream());
    this.#deps.wheel.schedule(this.#alarm, STREAM_AFTER_MS);
  }

  #openStream(): void {
    const { c } = this.#call;
    const isStream = this.#stream !== undefined;
    if (isStream || !c.accepted.prefersStream || this.#deps.streams.draining) return;
    try {
      this.#stream = this.#deps.streams.open(c, { driver: this, first: () => KEEPALIVE });
    } catch {
      // A limit refuses the stream: the answer comes as JSON, without the messages before it.
      return;
    }
    this.#answer?.resolve(eventStream(this.#stream));
  }

  #finish(response: JsonRpcResponse | undefined): void {
    if (this.#alarm !== undefined) this.#deps.wheel.cancel(this.#alarm);
    this.#lease[Symbol.dispose]();
    if (this.#stream === undefined) {
      return this.#answer?.resolve(answerOf(this.#deps, this.#call, response));
    }
    if (response !== undefined) {
      this.#stream.sendFinalResponse(formatJson(this.#deps.answers.sendable(response)));
    }
    this.#stream.close("completed");
  }
}

function answerOf(
  { answers }: StatelessDeps,
  { c: { accepted }, statusOf }: StatelessCall,
  response: JsonRpcResponse | undefined,
): Response {
  if (response === undefined) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
  return accepted.json ? answers.json(response, statusOf(response)) : answers.event(response);
}

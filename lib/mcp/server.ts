/**
 * Messages in, messages out: finds a method in the table of its revision, runs it, and answers
 * exactly once, whatever the method does.
 *
 * @module
 */
import type { Settings } from "../base/settings.ts";
import { CallAborted, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { type Emit, emitNothing, type Outcome } from "../base/observer.ts";
import { isPromise } from "../base/promises.ts";
import { Alarm, type TimerWheel } from "../base/timer_wheel.ts";
import { ThrottledWarning } from "../base/throttled_warning.ts";
import type { Middleware } from "../registry/middleware.ts";
import { toErrorResponse } from "../wire/error_table.ts";
import {
  isObject,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  resultResponse,
} from "../wire/json_rpc.ts";
import { type Around, composeAround, type DispatchResult } from "./around.ts";
import { METHODS } from "../wire/methods.ts";
import { SEES_ALL } from "../registry/visibility.ts";
import { Call } from "./call.ts";
import { failureOf } from "./failure_response.ts";
import { RunningCalls, type RunningLimits } from "./running_calls.ts";
import type { LegacyScope, RequestScope } from "./scope.ts";
import { legacyMethods } from "./methods/legacy.ts";
import { modernMethods } from "./methods/modern.ts";
import type { ServerContext } from "./server_context.ts";
import { cutByDrain } from "./unknown_outcome.ts";
import type { MethodTable, ModernMethods, SessionMethods } from "./methods/table.ts";

/** The settings that the server reads. */
export type ServerSettings =
  & RunningLimits
  & Pick<Settings, "MCP_PAGE_SIZE" | "MCP_REQUEST_TIMEOUT_MS">;

/** Dependencies of an {@linkcode McpServer}. */
export interface McpServerOptions extends Omit<ServerContext, "use" | "lifespan" | "masksErrors"> {
  readonly settings: ServerSettings;
  /** Holds the result of the app's `onStart`. */
  readonly lifespan?: ServerContext["lifespan"];
  /** Around every request but `ping`; the first is the outermost. */
  readonly use?: readonly Middleware[];
  /** Whether to hide unexpected errors from the client of a request; default: no. */
  readonly masksErrors?: ServerContext["masksErrors"];
  readonly wheel: TimerWheel;
  /** Told of every request that ended. */
  readonly emit?: Emit;
  /** Wraps every request; the first is the outermost. */
  readonly around?: readonly Around[];
  /**
   * Called for a request that does not end at once; the returned function is called when the
   * request ends.
   */
  readonly holdBody?: () => (() => void) | undefined;
  /** Makes the methods of sessions of those that all share; default: they are the same. */
  readonly sessionMethods?: SessionMethods | undefined;
  /** Makes the methods of 2026-07-28 of those that all share; default: they are the same. */
  readonly modernMethods?: ModernMethods | undefined;
}

const log = logFor("mcp");
const NO_PARAMS: JsonObject = {};
const NO_LIFESPAN = { value: undefined };
const MASKS_NOTHING = () => false;

/** Runs the requests of all clients by the methods of their revision. */
export class McpServer {
  readonly context: ServerContext;
  /** Methods for messages that belong to a legacy session. */
  readonly legacy: MethodTable<LegacyScope>;
  /** Methods for calls of legacy revisions without a session. */
  readonly sessionless: MethodTable;
  /** Methods of 2026-07-28 and later. */
  readonly modern: MethodTable;
  readonly #wheel: TimerWheel;
  readonly #settings: ServerSettings;
  readonly #emit: Emit;
  readonly #around: Around | undefined;
  readonly #refusals = new ThrottledWarning(log);
  readonly #running: RunningCalls;
  #refused = 0;
  #abandoned = 0;
  readonly #holdBody: McpServerOptions["holdBody"];

  constructor(
    {
      wheel,
      emit = emitNothing,
      around = [],
      use = [],
      masksErrors = MASKS_NOTHING,
      holdBody,
      sessionMethods = (shared) => shared,
      modernMethods: adaptModern = (shared) => shared,
      ...options
    }: McpServerOptions,
  ) {
    this.#holdBody = holdBody;
    const context = this.context = { lifespan: NO_LIFESPAN, ...options, use, masksErrors };
    const { legacy, sessionless } = legacyMethods(context);
    this.legacy = sessionMethods(legacy, context);
    this.sessionless = sessionless;
    this.modern = adaptModern(modernMethods(context), context);
    this.#wheel = wheel;
    this.#settings = options.settings;
    this.#running = new RunningCalls(options.settings, () => this.#noteRefused());
    this.#emit = emit;
    this.#around = composeAround(around);
  }

  /** Requests that were refused because too many of their client ran. */
  get refused(): number {
    return this.#refused;
  }

  #noteRefused(): void {
    this.#refused++;
    this.#emit("refused", "max_requests");
    this.#refusals.warn("max_requests", this.#wheel.now());
  }

  /** Requests that run now, of all clients. */
  get running(): number {
    return this.#running.size;
  }

  /** Handlers that go on although their requests were stopped: nobody waits for them. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** Ends all requests that run, because the server stops: each is answered with an error. */
  cutRunning(): void {
    const reason = new CallAborted("drain", "Server is shutting down");
    for (const call of [...this.#running]) call.abort(reason);
  }

  /**
   * Answers a request, synchronously if its method allows. Never throws or rejects.
   *
   * @param methods the methods of the negotiated revision; others are refused
   * @returns the response, or undefined if the client has cancelled the request or left
   */
  dispatch<S extends RequestScope>(
    request: JsonRpcRequest,
    scope: S,
    methods: MethodTable<S>,
  ): DispatchResult {
    if (this.#around === undefined) return this.#dispatch(request, scope, methods);
    const isKnown = methods.requests.has(request.method);
    const dispatch = { request, scope, isKnown };
    return this.#around(dispatch, () => this.#dispatch(request, scope, methods));
  }

  #dispatch<S extends RequestScope>(
    request: JsonRpcRequest,
    scope: S,
    methods: MethodTable<S>,
  ): DispatchResult {
    const call = new Call(request, scope, this.context);
    call.startedAt = this.#wheel.now();
    try {
      this.#running.admit(request, scope);
      const method = methods.requests.get(request.method);
      if (method === undefined) throw methods.refuse(request.method);
      // Before it runs, because a message that it sends may already end the stream.
      scope.inFlight.add(call);
      const result = method(request.params ?? NO_PARAMS, call);
      if (isPromise(result)) return this.#settle(call, result);
      this.#end(call, outcomeOf(result));
      return resultResponse(request.id, result);
    } catch (error) {
      this.#end(call, call.aborted ? outcomeOfAbort(call.aborted) : outcomeOfError(error));
      return this.#answerToFailure(call, error);
    }
  }

  #end(call: Call, outcome: Outcome): void {
    call.finish();
    call.scope.inFlight.remove(call);
    this.#emit("requestFinished", call, outcome);
  }

  /** Handles a notification; an unknown or malformed one is ignored, as JSON-RPC asks. */
  notify(
    message: JsonRpcNotification,
    scope: RequestScope,
    { notifications }: Pick<MethodTable, "notifications">,
  ): void {
    try {
      notifications.get(message.method)?.(message, scope);
    } catch (error) {
      log.warning("Notification failed", { method: message.method, error });
    }
  }

  /** Waits for the method, the request's timeout, or its cancellation, whichever comes first. */
  #settle(
    call: Call,
    result: Promise<unknown>,
  ): Promise<JsonRpcResponse | undefined> {
    const { request } = call;
    const endRunning = this.#running.add(call);
    const releaseBody = this.#holdBody?.();
    const timeout = new Alarm(() => call.abort(new CallAborted("timeout")));
    this.#wheel.schedule(timeout, this.timeoutOf(request).ms);
    const { promise, resolve } = Promise.withResolvers<
      JsonRpcResponse | undefined
    >();
    const finish = (response: () => JsonRpcResponse | undefined, outcome: Outcome): void => {
      // A result after the timeout or the cancellation is dropped.
      if (call.isDone) return;
      endRunning();
      releaseBody?.();
      this.#wheel.cancel(timeout);
      this.#end(call, outcome);
      resolve(response());
    };
    call.onAbort((reason) => {
      this.#countAbandoned(result);
      finish(() => this.#answerToAbort(request, reason), outcomeOfAbort(reason));
    });
    result.then(
      (value) => finish(() => resultResponse(request.id, value), outcomeOf(value)),
      (error) => finish(() => failureOf(call, error), outcomeOfError(error)),
    );
    return promise;
  }

  #countAbandoned(result: Promise<unknown>): void {
    this.#abandoned++;
    const onEnd = () => void this.#abandoned--;
    result.then(onEnd, onEnd);
  }

  /** A call that was stopped before it first waited fails because of that. */
  #answerToFailure(call: Call, error: unknown): JsonRpcResponse | undefined {
    const { request, aborted } = call;
    return aborted === undefined ? failureOf(call, error) : this.#answerToAbort(request, aborted);
  }

  #answerToAbort(
    request: JsonRpcRequest,
    { reason }: CallAborted,
  ): JsonRpcResponse | undefined {
    if (reason === "drain") {
      return toErrorResponse(cutByDrain(request, this.context.catalog), request.id);
    }
    if (reason !== "timeout") return undefined;
    const { ms, tool } = this.timeoutOf(request);
    log.warning("Request timed out", {
      method: request.method,
      timeout_ms: ms,
      ...(tool !== undefined && { tool }),
    });
    const origin = tool === undefined ? "MCP_REQUEST_TIMEOUT_MS" : `timeoutMs of tool ${tool}`;
    const message = `Request timed out after ${ms} ms (${origin})`;
    return toErrorResponse(new ProtocolError("internal_error", message), request.id);
  }

  /**
   * The time limit of a request that does not end at once, and the tool if it sets its own limit.
   */
  timeoutOf({ method, params }: JsonRpcRequest): { readonly ms: number; readonly tool?: string } {
    const name = method === METHODS.callTool ? params?.name : undefined;
    const ms = typeof name === "string"
      ? this.context.catalog.tools.find(name, SEES_ALL)?.timeoutMs
      : undefined;
    return ms === undefined
      ? { ms: this.#settings.MCP_REQUEST_TIMEOUT_MS }
      : { ms, tool: String(name) };
  }
}

function outcomeOf(result: unknown): Outcome {
  return isObject(result) && result.isError === true ? "tool_error" : "ok";
}

function outcomeOfError(error: unknown): Outcome {
  return error instanceof ProtocolError ? error.kind : "internal_error";
}

function outcomeOfAbort({ reason }: CallAborted): Outcome {
  return reason === "timeout" || reason === "cancelled" ? reason : "aborted";
}

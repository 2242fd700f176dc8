/**
 * The stdio transport: one JSON-RPC message per line, both eras on one pipe. A request that carries
 * its revision is modern; `initialize` opens the only legacy session of the pipe.
 *
 * @module
 */
import type { Settings } from "../../base/settings.ts";
import { CallAborted, messageOf, ProtocolError } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import { isPromise, type MaybePromise, settlesWithin } from "../../base/promises.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { ChangeBus } from "../../mcp/changes/change_bus.ts";
import { ClientState } from "../../mcp/session/client_state.ts";
import type { McpServer } from "../../mcp/server.ts";
import { Subscription } from "../../mcp/changes/subscription.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import type { Visibility } from "../../registry/visibility.ts";
import { toErrorResponse } from "../../wire/error_table.ts";
import {
  isObject,
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  parseJson,
  parseMessage,
} from "../../wire/json_rpc.ts";
import { META_KEYS, metaOf } from "../../wire/meta.ts";
import { isRated, METHODS, NOTIFICATIONS } from "../../wire/methods.ts";
import type { Implementation } from "../../wire/mcp_types.ts";
import type { Admission } from "../../stream/admit/admission.ts";
import type { Caller } from "../../stream/admit/call_rate.ts";
import { readBatch } from "../batch.ts";
import { readModernClient } from "../modern/client.ts";
import { isModern, requireModernVersion } from "../modern/dialect.ts";
import type { Answers } from "../answers.ts";
import { linesOf, type LineSource, TOO_LONG } from "../../wire/lines.ts";
import { StdioOutput } from "./output.ts";
import { pipeCaller, PipeScope, SessionPipeScope } from "./scopes.ts";
import { StdioSubscription } from "./subscription.ts";

/** Both ends of the pipe. */
export interface Pipe extends LineSource {
  /** Writes one line; rejects when the other end is closed. */
  write(line: string): Promise<void>;
}

/** Dependencies of stdio. */
export interface StdioDeps {
  readonly info: Implementation;
  readonly server: McpServer;
  readonly admission: Pick<Admission, "admitCalls">;
  readonly answers: Answers;
  readonly changes: ChangeBus;
  readonly wheel: TimerWheel;
  /** A line counts as a body, and the lines that wait count in characters. */
  readonly settings: Pick<
    Settings,
    "MCP_DRAIN_MS" | "MCP_MAX_BODY_BYTES" | "MCP_MAX_QUEUED_BYTES" | "MCP_REQUEST_TIMEOUT_MS"
  >;
}

const log = logFor("stdio");
/** The one client of the pipe, as limits count it. */
const PIPE: Caller = { clientKey: "stdio" };

/** Serves one client at the other end of a pipe, until either end closes. */
export async function serveStdio(deps: StdioDeps, pipe: Pipe): Promise<void> {
  const connection = new StdioConnection(deps, pipe);
  try {
    const { input, signal } = pipe;
    const ends = [connection.broken, ...(signal === undefined ? [] : [signal])];
    const source = { input, signal: AbortSignal.any(ends) };
    for await (const line of linesOf(source, deps.settings.MCP_MAX_BODY_BYTES)) {
      // Nothing may run for a reader that gets no answer.
      if (connection.isBroken) break;
      if (line === TOO_LONG) connection.refuseLongLine();
      else if (line.trim() !== "") connection.take(line);
      await connection.writable();
      if (connection.isBroken) break;
    }
  } catch (error) {
    log.warning("Input failed", { error: messageOf(error) });
  }
  await connection.end();
}

class StdioConnection {
  readonly #deps: StdioDeps;
  readonly #output: StdioOutput;
  readonly #session: ClientState;
  readonly #scope: SessionPipeScope;
  readonly #listening: Disposable;
  readonly #subscriptions = new Map<JsonRpcId, StdioSubscription>();
  /** Requests without a response yet. */
  #unanswered = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(deps: StdioDeps, pipe: Pipe) {
    this.#deps = deps;
    this.#output = new StdioOutput((line) => pipe.write(line), deps.settings.MCP_MAX_QUEUED_BYTES);
    this.#session = new ClientState(deps, pipeCaller());
    this.#scope = new SessionPipeScope(this.#session, this.#output);
    this.#session.sendNotification = (message) => this.sendChange(message);
    this.#listening = deps.changes.add(this);
  }

  /** Aborts when nothing more reaches the client. */
  get broken(): AbortSignal {
    return this.#output.broken;
  }

  get isBroken(): boolean {
    return this.#output.isBroken;
  }

  /** Takes one line of input. */
  take(line: string): void {
    let value: unknown;
    try {
      value = parseJson(line);
      if (Array.isArray(value)) this.#takeBatch(value);
      else this.#takeOne(parseMessage(value), (response) => this.#answer(response));
    } catch (error) {
      if (isNotificationLike(value)) log.info("Notification refused", { error: messageOf(error) });
      else this.#output.send(errorOf(error));
    }
  }

  /** Answers a line that is too long. Later lines are read as usual. */
  refuseLongLine(): void {
    this.#output.send(toErrorResponse(
      new ProtocolError(
        "body_too_large",
        `The line is longer than ${this.#deps.settings.MCP_MAX_BODY_BYTES} bytes (MCP_MAX_BODY_BYTES)`,
      ),
    ));
  }

  /** Resolves when the other end has read enough for more to be written. */
  writable(): Promise<void> {
    return this.#output.writable();
  }

  wantsChange(change: CatalogChange): boolean {
    return this.#session.wantsChange(change);
  }

  get subscribed(): UriSet | undefined {
    return this.#session.subscribed;
  }

  get granted(): readonly string[] | undefined {
    return this.#session.granted;
  }

  get listScopes(): readonly string[] | undefined {
    return this.#session.listScopes;
  }

  get visibility(): Visibility | undefined {
    return this.#session.visibility;
  }

  /** A client that only speaks the modern era asks for changes with `subscriptions/listen`. */
  sendChange(message: JsonRpcNotification): void {
    if (this.#session.isInitialized) this.#output.send(message);
  }

  /**
   * Waits for running calls, answers those that take longer with an error, and ends subscriptions.
   */
  async end(): Promise<void> {
    this.#listening[Symbol.dispose]();
    const { inFlight } = this.#session;
    if (this.isBroken) {
      const reason = "client_closed";
      inFlight.abortAll(() => new CallAborted(reason, `Connection closed: ${reason}`));
    } else if (!(await settlesWithin(this.#deps.settings.MCP_DRAIN_MS, this.#whenIdle()))) {
      inFlight.abortAll(() => new CallAborted("drain", "Server is shutting down"));
      await this.#whenIdle();
    }
    this.#output.flush();
    for (const subscription of this.#subscriptions.values()) this.#endListen(subscription);
    await this.#output.written();
    this.#session.end();
  }

  #takeBatch(values: readonly unknown[]): void {
    const messages = readBatch(values, this.#session.agreedVersion);
    const answers: JsonRpcResponse[] = [];
    let open = messages.filter(isRequest).length;
    const finish = (response: JsonRpcResponse | undefined): void => {
      if (response !== undefined) answers.push(response);
      if (--open === 0 && answers.length > 0) {
        this.#output.sendBatch(this.#deps.answers.batchText(answers));
      }
    };
    for (const message of messages) this.#takeOne(message, finish);
  }

  /** @param answer takes the response to a request; nothing for one that was cancelled */
  #takeOne(message: JsonRpcMessage, answer: (response?: JsonRpcResponse) => void): void {
    const { server } = this.#deps;
    if (isResponse(message)) return this.#session.settle(message);
    if (!isRequest(message)) return this.#takeNotification(message);
    const refusal = this.#refusalOf(message);
    if (refusal !== undefined) return answer(toErrorResponse(refusal, message.id));
    if (!isModern(message.params, null)) {
      return this.#finish(server.dispatch(message, this.#scope, server.legacy), answer);
    }
    requireModernVersion(String(metaOf(message.params)?.[META_KEYS.protocolVersion]), message.id);
    if (message.method === METHODS.listen) return this.#listen(message);
    const client = readModernClient(message);
    const scope = new PipeScope(client, this.#session.inFlight, this.#output);
    this.#finish(server.dispatch(message, scope, server.modern), answer);
  }

  /** A tool call or completion of a client that sends them too fast is answered with an error. */
  #refusalOf(message: JsonRpcRequest): ProtocolError | undefined {
    if (!isRated(message)) return undefined;
    try {
      this.#deps.admission.admitCalls(PIPE, 1);
      return undefined;
    } catch (error) {
      if (error instanceof ProtocolError) return error;
      throw error;
    }
  }

  #finish(
    response: MaybePromise<JsonRpcResponse | undefined>,
    answer: (response?: JsonRpcResponse) => void,
  ): void {
    if (!isPromise(response)) return answer(response);
    this.#unanswered++;
    void response.then((settled) => {
      answer(settled);
      if (--this.#unanswered === 0) this.#idle?.resolve();
    });
  }

  #takeNotification(message: JsonRpcNotification): void {
    const requestId = message.params?.requestId as JsonRpcId;
    const subscription = this.#subscriptions.get(requestId);
    if (message.method === NOTIFICATIONS.cancelled && subscription !== undefined) {
      subscription.stop();
      this.#subscriptions.delete(requestId);
      return;
    }
    this.#deps.server.notify(message, this.#scope, this.#deps.server.legacy);
  }

  #listen(message: JsonRpcRequest): void {
    readModernClient(message);
    if (this.#subscriptions.has(message.id)) {
      throw new ProtocolError("invalid_request", "Invalid request: this id is still listening", {
        id: message.id,
      });
    }
    const subscription = new StdioSubscription(
      new Subscription(message, this.#deps.info),
      this.#deps.changes,
      (sent) => this.#output.send(sent),
    );
    this.#subscriptions.set(message.id, subscription);
    this.#output.send(subscription.subscription.acknowledgement());
  }

  #endListen(subscription: StdioSubscription): void {
    subscription.stop();
    this.#output.send(subscription.subscription.end());
  }

  #answer(response: JsonRpcResponse | undefined): void {
    if (response !== undefined) this.#output.send(this.#deps.answers.sendable(response));
  }

  /** Resolves when every request has been answered. */
  #whenIdle(): Promise<void> {
    if (this.#unanswered === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    return this.#idle.promise;
  }
}

/** Whether an invalid message was meant as a notification, which gets no answer. */
function isNotificationLike(value: unknown): boolean {
  return isObject(value) && typeof value.method === "string" && !("id" in value);
}

function errorOf(error: unknown): JsonRpcResponse {
  if (error instanceof ProtocolError) return toErrorResponse(error);
  log.error("Request failed", { error: messageOf(error) });
  return toErrorResponse(new ProtocolError("internal_error", "Internal error"));
}

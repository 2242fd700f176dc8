import { CallAborted, messageOf, ToolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { wordsFor } from "../base/members.ts";
import { type JsonObject, type JsonRpcRequest, notification } from "../wire/json_rpc.ts";
import { toJsonValue } from "../wire/json_value.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { progressTokenOf } from "../wire/meta.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import type { Asker, Question } from "./ask/questions.ts";
import { LOG_SEVERITY } from "./log_levels.ts";
import type { RequestScope } from "./scope.ts";
import type { ServerContext } from "./server_context.ts";

const log = logFor("mcp");

/**
 * The server's half of one running request; its author's half is the tool context.
 *
 * Most calls end at once and need nothing of this, so costly members are made when first read.
 */
export class Call<S extends RequestScope = RequestScope> {
  readonly request: JsonRpcRequest;
  readonly scope: S;
  readonly server: ServerContext;

  /** When the request began, on the timer wheel's clock (ms). */
  startedAt = 0;

  #controller: AbortController | undefined;
  #lastProgress = -Infinity;
  #aborted: CallAborted | undefined;
  #onAbort: ((reason: CallAborted) => void) | undefined;
  #isDone = false;
  #asker: Asker | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(request: JsonRpcRequest, scope: S, server: ServerContext) {
    this.request = request;
    this.scope = scope;
    this.server = server;
  }

  /** Aborts when the answer is not wanted any more. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
      else if (!this.#isDone) this.#watchClient();
    }
    return this.#controller.signal;
  }

  /** Whether messages of errors that were not meant for the client are hidden from it. */
  get masksErrors(): boolean {
    return this.server.masksErrors(this.scope);
  }

  /** Whether its answer is settled. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Why the call was stopped, once it was. */
  get aborted(): CallAborted | undefined {
    return this.#aborted;
  }

  /** Sets how questions reach the client; without it they are refused. */
  setAsker(asker: Asker): void {
    this.#asker = asker;
  }

  /**
   * Asks the client.
   *
   * @returns its answer, not checked
   * @throws {Error} where there is no way to the client, or it cannot answer
   */
  ask(question: Question): Promise<unknown> {
    if (this.#asker !== undefined) return this.#asker.ask(question, this);
    return Promise.reject(
      new ToolError(
        `Client cannot be asked for ${question.method}: this connection has no way back`,
      ),
    );
  }

  /** Lets go of the response stream, which the client can resume after `retryMs`. */
  releaseStream(retryMs: number): void {
    if (!this.#isDone) this.scope.releaseStream(retryMs);
  }

  /** Whether the client asked for progress. */
  get wantsProgress(): boolean {
    return progressTokenOf(this.request.params) !== undefined;
  }

  /** Sends progress, where the client asked for it and while the call runs. */
  reportProgress(progress: number, total?: number, message?: string, meta?: JsonObject): void {
    const progressToken = progressTokenOf(this.request.params);
    if (progressToken === undefined || this.#isDone) return;
    const error = progressError(progress, total, message);
    if (error !== undefined) return this.#warnUnsent(NOTIFICATIONS.progress, error);
    // "The progress value MUST increase with each notification" (2025-11-25, utilities/progress).
    if (progress <= this.#lastProgress) return;
    this.#lastProgress = progress;
    const report = {
      progressToken,
      progress,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message: message.toWellFormed() }),
    };
    this.#send(NOTIFICATIONS.progress, () => ({ ...report, ...metaMember(meta) }));
  }

  /** Sends a log message, where the client wants its level and while the call runs. */
  sendLog(level: LoggingLevel, data: unknown, logger?: string, meta?: JsonObject): void {
    const wanted = this.scope.logLevel;
    if (this.#isDone || wanted === undefined) return;
    if (LOG_SEVERITY[level] < LOG_SEVERITY[wanted]) return;
    this.#send(NOTIFICATIONS.message, () => ({
      level,
      ...(logger !== undefined && { logger: String(logger) }),
      data: toJsonValue(data, "data"),
      ...metaMember(meta),
    }));
  }

  /** Stops the call. The first reason wins; a finished call stays unchanged. */
  abort(reason: CallAborted): void {
    if (this.#isDone || this.#aborted !== undefined) return;
    this.#aborted = reason;
    this.#onAbort?.(reason);
    this.#controller?.abort(reason);
  }

  /** Calls `listener` once, when the call is stopped before it is over, or at once if it was. */
  onAbort(listener: (reason: CallAborted) => void): void {
    if (this.#aborted !== undefined) listener(this.#aborted);
    else this.#onAbort = listener;
  }

  /** The answer is settled: from here on nothing more is sent for this call. */
  finish(): void {
    this.#isDone = true;
    if (this.#lastProgress > -Infinity) {
      this.scope.endProgress(progressTokenOf(this.request.params)!);
    }
    this.#onAbort = undefined;
    this.#stopWatching?.();
  }

  #watchClient(): void {
    this.#stopWatching = this.scope.onClientGone(() =>
      this.abort(new CallAborted("client_closed", "Connection closed: client_closed"))
    );
  }

  /**
   * A value that JSON cannot hold (a BigInt, a cycle) drops the message but does not fail the call.
   */
  #send(method: string, params: () => JsonObject): void {
    try {
      this.scope.send(notification(method, params()));
    } catch (error) {
      this.#warnUnsent(method, messageOf(error));
    }
  }

  #warnUnsent(method: string, error: string): void {
    const { name, uri } = this.request.params ?? {};
    const of = typeof name === "string" ? name : uri;
    log.warning("Message cannot be written", { method, request: this.request.method, of, error });
  }
}

function metaMember(meta: JsonObject | undefined): JsonObject {
  return meta === undefined ? {} : { _meta: toJsonValue(meta, "meta") };
}

/** The error in a progress report, because authors may write JavaScript. */
function progressError(progress: number, total?: number, message?: string): string | undefined {
  if (!Number.isFinite(progress)) return `progress is ${wordsFor(progress)}, not a finite number`;
  if (total !== undefined && !Number.isFinite(total)) {
    return `total is ${wordsFor(total)}, not a finite number`;
  }
  return message === undefined || typeof message === "string" ? undefined : "message is not text";
}

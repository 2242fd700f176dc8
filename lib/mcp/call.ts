import { CallAborted } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { TimerEntry } from "../base/timer_wheel.ts";
import type { Caller, ClientLog, ToolContext } from "../registry/context.ts";
import { type JsonObject, type JsonRpcRequest, notification } from "../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../wire/mcp_types.ts";
import { progressTokenOf } from "../wire/meta.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import type { RequestScope } from "./scope.ts";
import { LOG_SEVERITY } from "./log_levels.ts";
import {
  type Ask,
  type Asker,
  elicitThrough,
  rootsThrough,
  sampleThrough,
} from "./ask/questions.ts";

const log = logFor("mcp");

/** How soon a client comes back to a stream that was let go of (ms). */
const DEFAULT_RETRY_MS = 1_000;
/** How late it may be asked to come back (ms). */
const MAX_RETRY_MS = 3_600_000;

/**
 * One running request, and what a tool sees of it.
 *
 * Most calls end at once and look at nothing here, so whatever costs is made when first asked for.
 */
export class Call<S extends RequestScope = RequestScope> extends TimerEntry implements ToolContext {
  readonly request: JsonRpcRequest;
  readonly scope: S;

  /** On the wheel's clock (ms). */
  startedAt = 0;

  #controller: AbortController | undefined;
  #log: ClientLog | undefined;
  #progress: ToolContext["progress"] | undefined;
  #lastProgress = -Infinity;
  #aborted: CallAborted | undefined;
  #onAbort: ((reason: CallAborted) => void) | undefined;
  #isOver = false;
  #asker: Asker | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(request: JsonRpcRequest, scope: S) {
    super();
    this.request = request;
    this.scope = scope;
  }

  get connectionId(): string | undefined {
    return this.scope.connectionId;
  }

  get caller(): Caller {
    return this.scope.caller;
  }

  get capabilities(): ClientCapabilities {
    return this.scope.capabilities;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
      else if (!this.#isOver) this.#watchClient();
    }
    return this.#controller.signal;
  }

  get elicit(): ToolContext["elicit"] {
    return elicitThrough(this.#ask());
  }

  get sample(): ToolContext["sample"] {
    return sampleThrough(this.#ask());
  }

  get roots(): ToolContext["roots"] {
    return rootsThrough(this.#ask());
  }

  get releaseStream(): ToolContext["releaseStream"] {
    return (retryMs = DEFAULT_RETRY_MS) => {
      if (!this.#isOver) this.scope.releaseStream(wholeRetry(retryMs));
    };
  }

  /** Sets how questions reach the client; without it they are refused. */
  setAsker(asker: Asker): void {
    this.#asker = asker;
  }

  get log(): ClientLog {
    return this.#log ??= this.#createLog();
  }

  /** A function of its own, as authors write `run(input, { progress })`. */
  get progress(): ToolContext["progress"] {
    return this.#progress ??= (progress, total, message) => {
      const token = progressTokenOf(this.request.params);
      // "The progress value MUST increase with each notification" (2025-11-25, utilities/progress).
      if (token === undefined || this.#isOver || !(progress > this.#lastProgress)) return;
      this.#lastProgress = progress;
      this.#tell(NOTIFICATIONS.progress, {
        progressToken: token,
        progress,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      });
    };
  }

  /** Whether its answer is settled. */
  get isDone(): boolean {
    return this.#isOver;
  }

  /** Why the call was stopped, once it was. */
  get aborted(): CallAborted | undefined {
    return this.#aborted;
  }

  /** Stops the call; the first reason stands, and a call that is over is left alone. */
  abort(reason: CallAborted): void {
    if (this.#isOver || this.#aborted !== undefined) return;
    this.#aborted = reason;
    this.#onAbort?.(reason);
    this.#controller?.abort(reason);
  }

  /** Has `listener` told, once, when the call is stopped before it is over, or has been. */
  onAbort(listener: (reason: CallAborted) => void): void {
    if (this.#aborted !== undefined) listener(this.#aborted);
    else this.#onAbort = listener;
  }

  /** The answer is settled: from here on nothing more is sent for this call. */
  finish(): void {
    this.#isOver = true;
    if (this.#lastProgress > -Infinity) {
      this.scope.endProgress(progressTokenOf(this.request.params)!);
    }
    this.#onAbort = undefined;
    this.#stopWatching?.();
  }

  /** Called by the timer wheel. */
  onDue(): void {
    this.abort(new CallAborted("timeout"));
  }

  #ask(): Ask {
    return (question) => {
      if (this.#asker !== undefined) return this.#asker.ask(question, this);
      return Promise.reject(
        new Error(`Client cannot be asked for ${question.method}: this connection has no way back`),
      );
    };
  }

  #watchClient(): void {
    this.#stopWatching = this.scope.onClientGone(() =>
      this.abort(new CallAborted("client_closed", "Connection closed: client_closed"))
    );
  }

  /** What no JSON can hold (a bigint, a circle) costs the message, not the call. */
  #tell(method: string, params: JsonObject): void {
    try {
      this.scope.send(notification(method, params));
    } catch (error) {
      log.warning("Message cannot be written", { method, error });
    }
  }

  #createLog(): ClientLog {
    const at = (level: LoggingLevel) => (data: unknown, logger?: string): void => {
      const wanted = this.scope.logLevel;
      if (this.#isOver || wanted === undefined) return;
      if (LOG_SEVERITY[level] < LOG_SEVERITY[wanted]) return;
      this.#tell(NOTIFICATIONS.message, {
        level,
        ...(logger !== undefined && { logger }),
        data,
      });
    };
    const levels = Object.keys(LOG_SEVERITY) as LoggingLevel[];
    return Object.fromEntries(
      levels.map((level) => [level, at(level)]),
    ) as ClientLog;
  }
}

/** A handler's wish as the wire can carry it: a bad number must not cost the call. */
function wholeRetry(retryMs: number): number {
  if (Number.isNaN(retryMs)) return DEFAULT_RETRY_MS;
  return Math.round(Math.min(Math.max(retryMs, 0), MAX_RETRY_MS));
}

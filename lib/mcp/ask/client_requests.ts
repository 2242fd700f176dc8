/**
 * Requests from the server to a client of the legacy era. Each is settled exactly once: by its
 * response, by its timeout, or by the end of the call that asked.
 *
 * @module
 */
import { CallAborted, ToolError } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";
import {
  type JsonRpcErrorResponse,
  type JsonRpcId,
  type JsonRpcRequest,
  type JsonRpcResponse,
  notification,
} from "../../wire/json_rpc.ts";
import type { ClientCapabilities } from "../../wire/mcp_types.ts";
import { NOTIFICATIONS } from "../../wire/methods.ts";
import { type AskingCall, capabilityName, type Question, supports } from "./questions.ts";

/** Dependencies of {@linkcode ClientRequests}. */
export interface ClientRequestsOptions {
  readonly wheel: TimerWheel;
  /** Time limit for an answer (ms). People answer questions, so it is the time limit of a call. */
  readonly timeoutMs: number;
  /** The capabilities that the client declared, once it has. */
  readonly capabilities: () => ClientCapabilities;
  /** Name of this instance where several serve one client, for its answers to be routed. */
  readonly instance?: string | undefined;
}

/** Random digits in the ids of one client's requests. */
const PREFIX_DIGITS = 8;

/** The error that a client answered a request of the server with. */
export class ClientRefusal extends ToolError {
  readonly error: JsonRpcErrorResponse["error"];

  constructor(method: string, error: JsonRpcErrorResponse["error"]) {
    super(`Client refused ${method}: ${error.message} (${error.code})`);
    this.error = error;
  }
}

/** Requests that the server sends to its client, and their answers. */
export class ClientRequests {
  readonly #options: ClientRequestsOptions;
  readonly #pending = new Map<string, PendingRequest>();
  /** Differs after a restart, so that an old answer never settles a new request. */
  readonly #prefix: string;
  #count = 0;

  constructor(options: ClientRequestsOptions) {
    this.#options = options;
    const { instance } = options;
    const name = instance === undefined ? "" : `i${instance}-`;
    this.#prefix = `lifeline-${name}${randomId("").slice(0, PREFIX_DIGITS)}`;
  }

  /** Requests without an answer yet. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whether a request still awaits its answer. */
  awaits(id: JsonRpcId): boolean {
    return this.#pending.has(String(id));
  }

  /**
   * Asks the client on behalf of a call, on the stream of that call.
   *
   * @throws {Error} when the client did not declare the capability, refuses, or does not answer
   */
  async ask(question: Question, call: AskingCall): Promise<unknown> {
    if (!supports(this.#options.capabilities(), question.requires)) {
      throw new ToolError(
        `Client does not support ${question.method}: it declared no capability ` +
          capabilityName(question.requires),
      );
    }
    call.signal.throwIfAborted();
    const id = `${this.#prefix}-${++this.#count}`;
    const { method, params } = question;
    const request: JsonRpcRequest = { jsonrpc: "2.0", id, method, params };
    const pending = new PendingRequest(request, call, this.#options.timeoutMs);
    const onAbort = () => pending.fail(call.aborted ?? new CallAborted("cancelled"));
    this.#pending.set(id, pending);
    this.#options.wheel.schedule(pending, this.#options.timeoutMs);
    call.signal.addEventListener("abort", onAbort, { once: true });
    try {
      call.scope.send(request);
      return await pending.answer;
    } finally {
      call.signal.removeEventListener("abort", onAbort);
      this.#options.wheel.cancel(pending);
      this.#pending.delete(id);
    }
  }

  /**
   * Takes a response of the client; one without a pending request is ignored.
   *
   * @returns whether a request was pending
   */
  settle(response: JsonRpcResponse): boolean {
    const pending = this.#pending.get(String(response.id));
    pending?.settle(response);
    return pending !== undefined;
  }
}

class PendingRequest extends TimerEntry {
  readonly #request: JsonRpcRequest;
  readonly #call: AskingCall;
  readonly #timeoutMs: number;
  readonly #settled = Promise.withResolvers<unknown>();
  /** The first settlement wins; later ones in the same turn of the event loop are ignored. */
  #isSettled = false;

  constructor(request: JsonRpcRequest, call: AskingCall, timeoutMs: number) {
    super();
    this.#request = request;
    this.#call = call;
    this.#timeoutMs = timeoutMs;
  }

  get answer(): Promise<unknown> {
    return this.#settled.promise;
  }

  settle(response: JsonRpcResponse): void {
    this.#isSettled = true;
    if ("result" in response) return this.#settled.resolve(response.result);
    this.#settled.reject(new ClientRefusal(this.#request.method, response.error));
  }

  /** Withdraws the request, unless that is done or the client has answered. */
  fail(error: Error): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#call.scope.send(
      notification(NOTIFICATIONS.cancelled, {
        requestId: this.#request.id,
        reason: error.message,
      }),
    );
    this.#settled.reject(error);
  }

  onDue(): void {
    this.fail(
      new ToolError(`Client did not answer ${this.#request.method} within ${this.#timeoutMs} ms`),
    );
  }
}

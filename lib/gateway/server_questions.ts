/**
 * Requests of a server to its client, until they are answered or not wanted any more.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { ClientRefusal } from "../mcp/ask/client_requests.ts";
import {
  type JsonObject,
  type JsonRpcErrorResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  resultResponse,
} from "../wire/json_rpc.ts";

/**
 * Answers a question of a server.
 *
 * @param signal aborts when the server does not want the answer any more
 * @throws {ClientRefusal} the error of the client
 */
export type AnswerQuestion = (
  method: string,
  params: JsonObject,
  signal?: AbortSignal,
) => Promise<unknown>;

/** Most questions of one server that wait for answers: each is kept until then. */
const MAX_OPEN = 100;

/** The questions of one connection. */
export class ServerQuestions {
  readonly #send: (message: JsonRpcMessage) => void;
  readonly #answer: AnswerQuestion | undefined;
  readonly #open = new Map<JsonRpcId, AbortController>();

  /** @param answer without it all questions are refused */
  constructor(send: (message: JsonRpcMessage) => void, answer: AnswerQuestion | undefined) {
    this.#send = send;
    this.#answer = answer;
  }

  /** Answers a question. Never rejects. */
  async take({ id, method, params = {} }: JsonRpcRequest): Promise<void> {
    if (method === "ping") return this.#send(resultResponse(id, {}));
    if (this.#answer === undefined) return this.#refuse(id, method);
    if (this.#open.size >= MAX_OPEN) return this.#refuseSurplus(id);
    const controller = new AbortController();
    this.#open.set(id, controller);
    const response = await this.#answer(method, params, controller.signal).then(
      (result) => resultResponse(id, result),
      (error) => ({ jsonrpc: "2.0", id, error: errorOf(error) }) as const,
    );
    if (this.#open.get(id) === controller) this.#open.delete(id);
    // A cancelled request gets no answer.
    if (!controller.signal.aborted) this.#send(response);
  }

  /** The server does not want the answer any more. */
  cancel({ requestId, reason = "Cancelled by the server" }: JsonObject): void {
    this.#open.get(requestId as JsonRpcId)?.abort(new Error(String(reason)));
  }

  /** Cancels all, because the server is gone. */
  stop(why: string): void {
    for (const controller of this.#open.values()) controller.abort(new Error(why));
  }

  #refuseSurplus(id: JsonRpcId): void {
    const message = `${MAX_OPEN} questions of this server wait for an answer already`;
    this.#send({ jsonrpc: "2.0", id, error: { code: -32603, message } });
  }

  /** A question of a shared server does not name a client, so it is refused. */
  #refuse(id: JsonRpcId, method: string): void {
    const message = `Method not found: the clients of this gateway cannot be asked for ${method}`;
    this.#send({ jsonrpc: "2.0", id, error: { code: -32601, message } });
  }
}

/** The error of a client goes to the server unchanged. */
function errorOf(error: unknown): JsonRpcErrorResponse["error"] {
  return error instanceof ClientRefusal ? error.error : { code: -32603, message: messageOf(error) };
}

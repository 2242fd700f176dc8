/**
 * The rules of JSON-RPC batches, for HTTP and stdio: they are part of 2025-03-26 alone, and of its
 * sessions (2025-03-26, basic, Batching).
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { isRequest, type JsonRpcMessage, parseMessage } from "../wire/json_rpc.ts";

/** Most messages of one batch. */
const MAX_MESSAGES = 100;
/** Time after which the rest of a batch waits until other clients had their turn (ms). */
const PORTION_MS = 10;
/** Requests after which it waits, too, because they may go on within the same turn. */
const PORTION_UNSETTLED = 8;

/** The error for a batch in a revision without batches. */
export function noBatchError(): ProtocolError {
  return new ProtocolError(
    "invalid_request",
    "Invalid request: batches are part of protocol version 2025-03-26 only; send one message " +
      "per request",
  );
}

/**
 * Reads a batch.
 *
 * @param version the negotiated revision; undefined before `initialize`
 * @returns its messages, at least one
 * @throws {ProtocolError} `invalid_request` if the revision has no batches, for an empty batch, for
 *   a value that is not a message, and for an `initialize` in the batch
 */
export function readBatch(
  values: readonly unknown[],
  version: string | undefined,
): JsonRpcMessage[] {
  if (version !== "2025-03-26") throw noBatchError();
  if (values.length === 0) {
    throw new ProtocolError("invalid_request", "Invalid request: empty batch");
  }
  if (values.length > MAX_MESSAGES) {
    throw new ProtocolError(
      "invalid_request",
      `Invalid request: a batch may hold ${MAX_MESSAGES} messages, and this one holds ` +
        `${values.length}; send them in several`,
    );
  }
  const messages = values.map(parseMessage);
  if (messages.some((message) => isRequest(message) && message.method === "initialize")) {
    throw new ProtocolError(
      "invalid_request",
      "Invalid request: initialize must not be in a batch",
    );
  }
  return messages;
}

/**
 * Runs the requests of a batch in order. If they take long, the rest runs in later turns of the event
 * loop, so that other clients do not wait for the whole batch.
 *
 * @returns what `run` returns for each, in order, once all have begun; at once if they begin in one
 *   turn
 */
export function runInPortions<T, R>(
  items: readonly T[],
  run: (item: T) => MaybePromise<R>,
): MaybePromise<readonly MaybePromise<R>[]> {
  const results: MaybePromise<R>[] = [];
  const runPortion = (): void => {
    const portion = new Portion();
    while (results.length < items.length && !portion.isOver) {
      results.push(portion.add(run(items[results.length]!)));
    }
  };
  runPortion();
  return results.length === items.length ? results : new Promise((resolve, reject) => {
    const runNext = (): void => {
      try {
        runPortion();
      } catch (error) {
        return reject(error);
      }
      if (results.length === items.length) resolve(results);
      else setTimeout(runNext, 0);
    };
    setTimeout(runNext, 0);
  });
}

/** The requests of one turn of the event loop. */
class Portion {
  readonly #until = performance.now() + PORTION_MS;
  #unsettled = 0;

  get isOver(): boolean {
    return this.#unsettled >= PORTION_UNSETTLED || performance.now() >= this.#until;
  }

  add<R>(result: MaybePromise<R>): MaybePromise<R> {
    if (isPromise(result)) this.#unsettled++;
    return result;
  }
}

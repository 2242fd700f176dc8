/**
 * The rules of JSON-RPC batches, for HTTP and stdio: they are part of 2025-03-26 alone, and of its
 * sessions (2025-03-26, basic, Batching).
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { isRequest, type JsonRpcMessage, parseMessage } from "../wire/json_rpc.ts";

/** Most messages of one batch: all of them are answered in one turn of the event loop. */
const MAX_MESSAGES = 100;

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

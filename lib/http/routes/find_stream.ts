import { ProtocolError } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";

/** The open streams to look in. */
export interface StreamIndex<T> {
  get(id: string): T | undefined;
  values(): IteratorObject<T, undefined>;
}

/**
 * Finds an open stream by its id, or by the beginning of it that the ledger and the log show.
 *
 * @throws {ProtocolError} `connection_not_found`; `invalid_params` if several ids begin like this
 */
export function findStream<T extends { readonly id: string }>(
  streams: StreamIndex<T>,
  id: string,
): T {
  const known = streams.get(id);
  if (known !== undefined) return known;
  const [named, other] = streams.values().filter((stream) => shortId(stream.id) === id).take(2);
  if (named === undefined) throw notFound();
  if (other === undefined) return named;
  throw severalBeginSo();
}

/** The error for an id that no open connection has. */
export function notFound(): ProtocolError {
  return new ProtocolError("connection_not_found", "No open connection has this id");
}

/** The error for the beginning of an id that several connections share. */
export function severalBeginSo(): ProtocolError {
  return new ProtocolError(
    "invalid_params",
    "Several open connections have ids that begin like this; give the whole id of the one to close",
  );
}

import { ProtocolError } from "../base/errors.ts";

/** What a client is told whose message could not be brought to the instance that it belongs to. */
export function notRouted(): ProtocolError {
  return new ProtocolError(
    "not_routed",
    "The server that this message belongs to cannot be reached now, and nothing was run; send it " +
      "again in a second",
    { headers: { "retry-after": "1" }, data: { retry_after: 1 } },
  );
}

import { ProtocolError } from "../base/errors.ts";

/** The error for a client whose message could not be brought to its instance. */
export function notRouted(): ProtocolError {
  return new ProtocolError(
    "not_routed",
    "The server that this message belongs to cannot be reached now, and nothing was run; send it " +
      "again in a second",
    { headers: { "retry-after": "1" }, data: { retry_after: 1 } },
  );
}

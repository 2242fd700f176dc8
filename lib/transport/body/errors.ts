import { ProtocolError } from "../../base/errors.ts";
import type { Settings } from "../../base/settings.ts";
import { CONTENT_ENCODING } from "../../wire/headers.ts";
import { invalidJsonError } from "../../wire/parse_errors.ts";

/** The error for a body that could not be read. */
export function asProtocolError(error: unknown, headers: Headers): ProtocolError {
  const fault = error instanceof SyntaxError ? invalidJsonError(error) : error;
  if (!(fault instanceof ProtocolError)) {
    return new ProtocolError("parse_error", "The body could not be read to its end", {
      cause: error,
    });
  }
  // Reads the header only now, because a compressed body looks like invalid JSON.
  const encoding = fault.kind === "parse_error" ? headers.get(CONTENT_ENCODING) : null;
  return encoding === null ? fault : compressed(encoding);
}

function compressed(encoding: string): ProtocolError {
  return new ProtocolError(
    "unsupported_media_type",
    `Unsupported Content-Encoding ${JSON.stringify(encoding.slice(0, 40))}: send the body as it ` +
      "is, without Content-Encoding",
    { headers: { "accept-encoding": "identity" } },
  );
}

/** There are more bytes than `MCP_MAX_BODY_BYTES`. */
export function tooLarge(
  { MCP_MAX_BODY_BYTES }: Pick<Settings, "MCP_MAX_BODY_BYTES">,
): ProtocolError {
  return new ProtocolError(
    "body_too_large",
    `The body is larger than ${MCP_MAX_BODY_BYTES} bytes (MCP_MAX_BODY_BYTES)`,
    { headers: { connection: "close" } },
  );
}

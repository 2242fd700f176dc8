/**
 * Errors for requests with an unknown outcome: the instance has died, the server has stopped, or the
 * response is gone.
 *
 * @module
 */
import { ProtocolError, type ProtocolErrorKind } from "../base/errors.ts";
import type { Catalog } from "../registry/catalog.ts";
import { SEES_ALL } from "../registry/visibility.ts";
import type { JsonRpcRequest } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";

/**
 * Whether it does no harm to run a request twice: a call of a tool that is `readOnlyHint` or
 * `idempotentHint` (2025-03-26 and later, server/tools, annotations), and each request that calls
 * no tool, because it only reads.
 */
export function isRepeatable(
  { method, params }: JsonRpcRequest,
  { tools }: Pick<Catalog, "tools">,
): boolean {
  if (method !== METHODS.callTool) return true;
  const name = params?.name;
  const tool = typeof name === "string" ? tools.find(name, SEES_ALL) : undefined;
  const { readOnlyHint, idempotentHint } = tool?.listing.annotations ?? {};
  return readOnlyHint === true || idempotentHint === true;
}

/**
 * The error for a request with an unknown outcome. It asks the client to send the request again only if
 * running it twice does no harm.
 *
 * @param what the event, without a full stop
 */
export function unknownOutcome(
  kind: ProtocolErrorKind,
  what: string,
  isRepeatable: boolean,
): ProtocolError {
  const advice = isRepeatable
    ? "Running it twice does no harm: send it again"
    : "Find out whether it ran before you call it a second time: its tool is neither readOnlyHint " +
      "nor idempotentHint";
  return new ProtocolError(
    kind,
    `${what}. Its outcome is unknown: it may have run. ${advice}`,
    { data: { outcome: "unknown", is_repeatable: isRepeatable } },
  );
}

/** The error for a request that did not end before the server stopped. */
export function cutByDrain(
  request: JsonRpcRequest,
  catalog: Pick<Catalog, "tools">,
): ProtocolError {
  return unknownOutcome(
    "draining",
    "Server is shutting down and this request did not end in time",
    isRepeatable(request, catalog),
  );
}

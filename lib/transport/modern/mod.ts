import { ProtocolError } from "../../base/errors.ts";
import { METHOD, NAME, PROTOCOL_VERSION } from "../../wire/headers.ts";
import { isRequest } from "../../wire/json_rpc.ts";
import type { Dialect } from "../dialect.ts";
import type { RequestContext } from "../request_head.ts";
import { accepted } from "../respond.ts";
import { answerModern, isModern } from "./dialect.ts";

/** 2026-07-28 and later: requests that need no session. */
export const MODERN: Dialect = {
  name: "modern",
  streams: [{ name: "stateless", isSession: false }, { name: "listen", isSession: false }],
  headers: { request: [METHOD, NAME, PROTOCOL_VERSION], response: [PROTOCOL_VERSION] },
  endpoints: [{
    method: "POST",
    use: "2026-07-28: a request with its revision in _meta, answered as JSON or on a stream",
  }],
  create: (core) => ({
    post: (c, message) => {
      const { version } = c;
      if (!("method" in message) || !isModern(message.params, version)) return undefined;
      if (isRequest(message)) return answerModern(core, c, message);
      c.requireSupportedVersion();
      return accepted();
    },
    get: refuseGet,
    head: refuseGet,
  }),
};

function refuseGet({ version }: RequestContext): undefined {
  if (!isModern(undefined, version)) return;
  throw new ProtocolError(
    "method_not_allowed",
    `Protocol version ${version} has no GET; POST subscriptions/listen instead`,
    { headers: { allow: "POST" } },
  );
}

import { isNotification, isRequest } from "../../wire/json_rpc.ts";
import type { Dialect } from "../dialect.ts";
import { accepted } from "../respond.ts";
import { handleStateless } from "./request.ts";

const NO_CAPABILITIES = {};

/** A JSON-RPC call without a session, of no revision in particular. */
export const STATELESS: Dialect = {
  name: "stateless",
  streams: [{ name: "stateless", isSession: false }],
  headers: { request: [], response: [] },
  endpoints: [{ method: "POST", use: "a JSON-RPC call without a session" }],
  create: (core) => ({
    post: (c, message) => {
      c.requireSupportedVersion();
      if (isRequest(message)) {
        const { request, peer, accepted } = c;
        return handleStateless(core, {
          request,
          peer,
          accepted,
          message,
          methods: core.server.sessionless,
          caller: peer,
          capabilities: NO_CAPABILITIES,
          logLevel: undefined,
          statusOf: always200,
        });
      }
      return isNotification(message) ? accepted() : undefined;
    },
  }),
};

function always200(): number {
  return 200;
}

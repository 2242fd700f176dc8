import { isNotification, isRequest } from "../../wire/json_rpc.ts";
import type { Dialect } from "../dialect.ts";
import type { ModernClient } from "../modern/client.ts";
import { accepted } from "../respond.ts";
import { handleStateless } from "./request.ts";

/** The request says nothing of its client. */
const UNKNOWN_CLIENT: ModernClient = { capabilities: {}, logLevel: undefined, info: undefined };

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
        return handleStateless(core, {
          c,
          message,
          methods: core.server.sessionless,
          client: UNKNOWN_CLIENT,
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

import { CONNECTION_ID, IDEMPOTENCY_KEY, PING_INTERVAL } from "../../wire/headers.ts";
import type { JsonRpcMessage } from "../../wire/json_rpc.ts";
import type { Dialect } from "../dialect.ts";
import { isModern } from "../modern/dialect.ts";
import type { RequestContext } from "../request_head.ts";
import { createPlainStreams, deletePlain, openPlain, postToPlain } from "./dialect.ts";

/** The plain dialect, Lifeline's own. */
export const PLAIN: Dialect = {
  name: "plain",
  streams: [{ name: "plain", isSession: true }],
  headers: {
    request: [CONNECTION_ID, IDEMPOTENCY_KEY, PING_INTERVAL],
    response: [CONNECTION_ID, PING_INTERVAL],
  },
  endpoints: [
    {
      method: "POST",
      isPlainOnly: true,
      use: "Accept: text/event-stream alone: a plain stream (welcome, response, ping and close " +
        "events), which an empty body just opens; with Mcp-Connection-Id a further request for " +
        "an open one",
    },
    {
      method: "DELETE",
      isPlainOnly: true,
      use: "with Mcp-Connection-Id: closes that plain stream",
    },
  ],
  create: (core) => {
    const streams = createPlainStreams(core);
    const { sessions } = streams;
    return {
      post: (c, message, url) => {
        if (!url.isPlain) return undefined;
        const { connectionId: id } = c;
        if (id !== null) return postToPlain(sessions, { id, origin: c }, message);
        if (!isPlain(c, message)) return undefined;
        return openPlain(streams, c, message);
      },
      postEmpty: (c, url) => {
        if (!url.isPlain || !wantsStreamOnly(c) || c.connectionId !== null) return undefined;
        return openPlain(streams, c, undefined);
      },
      visibilityOf: (c, url) => {
        const id = url.isPlain ? c.connectionId : null;
        return id === null ? undefined : sessions.find(id, c)?.visibility;
      },
      delete: (c, url) => {
        const id = url.isPlain ? c.connectionId : null;
        return id === null ? undefined : deletePlain(sessions, { id, origin: c });
      },
    };
  },
};

/** Whether a client wants an event stream and nothing else. */
function wantsStreamOnly({ accepted }: RequestContext): boolean {
  return accepted.listsEventStream && !accepted.json;
}

/** Whether a message is of this dialect, and of no revision of MCP. */
function isPlain(c: RequestContext, message: JsonRpcMessage): boolean {
  if (!wantsStreamOnly(c) || c.version !== null || c.sessionId !== null) return false;
  return !("method" in message && isModern(message.params, null));
}

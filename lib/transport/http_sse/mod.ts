import type { Dialect } from "../dialect.ts";
import type { RequestContext } from "../request_head.ts";
import { streamHead } from "../respond.ts";
import { eraOf } from "../../wire/protocol_versions.ts";
import {
  CONNECTION_ID_PARAM,
  createHttpSseSessions,
  openHttpSse,
  postToHttpSse,
} from "./dialect.ts";

/** HTTP+SSE, the transport of 2024-11-05. */
export const HTTP_SSE: Dialect = {
  name: "http_sse",
  streams: [{ name: "http_sse", isSession: true }],
  headers: { request: [], response: [] },
  endpoints: [{
    method: "GET",
    use: "Accept: text/event-stream, without Mcp-Session-Id: a 2024-11-05 HTTP+SSE stream, whose " +
      "first event names the URL to POST to",
  }],
  create: (core) => {
    const sessions = createHttpSseSessions(core);
    return {
      post: (c, message) => {
        const id = c.queryParameter(CONNECTION_ID_PARAM);
        return id === undefined ? undefined : postToHttpSse(sessions, { id, origin: c }, message);
      },
      visibilityOf: (c) => {
        const id = c.queryParameter(CONNECTION_ID_PARAM);
        return id === undefined ? undefined : sessions.find(id, c)?.visibility;
      },
      get: (c) => isHttpSse(c) ? openHttpSse(sessions, c) : undefined,
      head: (c) => isHttpSse(c) ? streamHead() : undefined,
    };
  },
};

/** Whether a GET names neither a session nor a revision that has no GET. */
function isHttpSse({ sessionId, version }: RequestContext): boolean {
  return sessionId === null && (version === null || eraOf(version) === "legacy");
}

import type { Dialect } from "../dialect.ts";
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
      get: (c) => {
        const isModern = c.version !== null && eraOf(c.version) === "modern";
        return c.sessionId !== null || isModern ? undefined : openHttpSse(sessions, c);
      },
    };
  },
};

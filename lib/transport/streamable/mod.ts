import { LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID } from "../../wire/headers.ts";
import { isRequest } from "../../wire/json_rpc.ts";
import { readBatch } from "../batch.ts";
import type { Dialect } from "../dialect.ts";
import { streamHead } from "../respond.ts";
import { openSession, postBatchToSession, postToSession } from "./dialect.ts";
import { openSessionStream } from "./resumption.ts";

/** Streamable HTTP of 2025-03-26, 2025-06-18 and 2025-11-25. */
export const STREAMABLE: Dialect = {
  name: "streamable",
  streams: [{ name: "streamable", isSession: false }],
  headers: {
    request: [LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID],
    response: [PROTOCOL_VERSION, SESSION_ID],
  },
  endpoints: [
    {
      method: "POST",
      use: "2025 Streamable HTTP: initialize opens a session, Mcp-Session-Id names it afterwards",
    },
    { method: "GET", use: "with Mcp-Session-Id: the stream of that session" },
    { method: "DELETE", use: "with Mcp-Session-Id: ends that session" },
  ],
  create: (core) => ({
    post: (c, message) => {
      c.requireSupportedVersion();
      if (isRequest(message) && message.method === "initialize") {
        return openSession(core, message, c);
      }
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      return postToSession(core, core.sessions.find(sessionId, c), c, message);
    },
    postBatch: (c, values) => {
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      const session = core.sessions.find(sessionId, c);
      const messages = readBatch(values, session.state.version);
      if (messages.some(isRequest)) core.streams.admission.admitRequest();
      return postBatchToSession(core, session, c, messages);
    },
    get: (c) => {
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      return openSessionStream(core, core.sessions.find(sessionId, c), c);
    },
    head: (c) => {
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      core.sessions.check(sessionId, c);
      return streamHead();
    },
    delete: (c) => {
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      c.requireSupportedVersion();
      core.sessions.end(sessionId, c);
      return new Response(null, { status: 204 });
    },
  }),
};

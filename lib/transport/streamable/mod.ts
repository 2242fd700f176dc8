import { ProtocolError } from "../../base/errors.ts";
import { isPromise, lazy } from "../../base/promises.ts";
import { LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID } from "../../wire/headers.ts";
import { isRequest, type JsonRpcMessage } from "../../wire/json_rpc.ts";
import { readBatch } from "../batch.ts";
import type { Dialect } from "../dialect.ts";
import { streamHead } from "../respond.ts";
import { openSession, postBatchToSession, postToSession } from "./dialect.ts";
import type { StreamableSession } from "./session.ts";
import { openSessionStream } from "./resumption.ts";

/** Loaded only where instances share sessions. */
const loadShared = lazy(() => import("./shared_resumption.ts"));

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
      const session = core.sessions.find(sessionId, c);
      if (!isPromise(session)) return postToSession(core, session, c, message);
      return session.then((found) => postToSession(core, found, c, message))
        .catch((error) => refuse(error, message));
    },
    postBatch: (c, values) => {
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      const post = (session: StreamableSession) => {
        const messages = readBatch(values, session.state.version);
        if (messages.some(isRequest)) core.streams.admission.admitRequest();
        return postBatchToSession(core, session, c, messages);
      };
      const session = core.sessions.find(sessionId, c);
      return isPromise(session) ? session.then(post) : post(session);
    },
    visibilityOf: (c) =>
      c.sessionId === null ? undefined : core.sessions.visibilityOf(c.sessionId, c),
    get: (c) => {
      const { sessionId } = c;
      if (sessionId === null) return undefined;
      const session = core.sessions.find(sessionId, c);
      const { fleet } = core;
      if (fleet === undefined && !isPromise(session)) return openSessionStream(core, session, c);
      return Promise.all([session, loadShared()]).then(([found, { openSharedStream }]) =>
        fleet === undefined
          ? openSessionStream(core, found, c)
          : openSharedStream({ ...core, fleet }, found, c)
      );
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
      const ended = core.sessions.end(sessionId, c);
      return isPromise(ended) ? ended.then(noContent) : noContent();
    },
  }),
};

function noContent(): Response {
  return new Response(null, { status: 204 });
}

/** Adds the id of the refused request, like the endpoint for errors that are thrown at once. */
function refuse(error: unknown, message: JsonRpcMessage): never {
  throw error instanceof ProtocolError && isRequest(message) ? error.forRequest(message.id) : error;
}

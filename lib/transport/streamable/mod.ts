import { ProtocolError } from "../../base/errors.ts";
import { isOwnPromise, lazy, type MaybePromise } from "../../base/promises.ts";
import { LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID } from "../../wire/headers.ts";
import { isRequest, type JsonRpcMessage } from "../../wire/json_rpc.ts";
import { readBatch } from "../batch.ts";
import type { Dialect, TransportCore } from "../dialect.ts";
import type { RequestContext } from "../request_head.ts";
import { streamHead } from "../respond.ts";
import { openSession, postBatchToSession, postToSession } from "./dialect.ts";
import type { StreamableSession } from "./session.ts";
import { openSessionStream } from "./resumption.ts";
import type { SharedResumptionDeps } from "./shared_resumption.ts";

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
    post: (c, message) => post(core, c, message),
    postBatch: (c, values) =>
      withSession(core, c, (session) => {
        const messages = readBatch(values, session.state.version);
        if (messages.some(isRequest)) core.streams.admission.admitRequest();
        return postBatchToSession(core, session, c, messages);
      }),
    visibilityOf: (c) =>
      c.sessionId === null ? undefined : core.sessions.visibilityOf(c.sessionId, c),
    get: (c) =>
      core.fleet === undefined
        ? withSession(core, c, (session) => openSessionStream(core, session, c))
        : getShared({ ...core, fleet: core.fleet }, c),
    head: (c) => {
      if (c.sessionId === null) return undefined;
      core.sessions.check(c.sessionId, c);
      return streamHead();
    },
    delete: (c) => {
      if (c.sessionId === null) return undefined;
      c.requireSupportedVersion();
      const ended = core.sessions.end(c.sessionId, c);
      return isOwnPromise(ended) ? ended.then(noContent) : noContent();
    },
  }),
};

function post(
  core: TransportCore,
  c: RequestContext,
  message: JsonRpcMessage,
): MaybePromise<Response> | undefined {
  c.requireSupportedVersion();
  if (isRequest(message) && message.method === "initialize") return openSession(core, message, c);
  const response = withSession(core, c, (session) => postToSession(core, session, c, message));
  return isOwnPromise(response) ? response.catch((error) => refuse(error, message)) : response;
}

/** Passes the session that a request names, which another instance may have to look up. */
function withSession(
  { sessions }: TransportCore,
  c: RequestContext,
  use: (session: StreamableSession) => MaybePromise<Response>,
): MaybePromise<Response> | undefined {
  const { sessionId } = c;
  if (sessionId === null) return undefined;
  const session = sessions.find(sessionId, c);
  return isOwnPromise(session) ? session.then(use) : use(session);
}

/** GET where instances share sessions. */
function getShared(
  core: TransportCore & SharedResumptionDeps,
  c: RequestContext,
): MaybePromise<Response> | undefined {
  return withSession(
    core,
    c,
    async (session) => (await loadShared()).openSharedStream(core, session, c),
  );
}

function noContent(): Response {
  return new Response(null, { status: 204 });
}

/** Adds the id of the refused request, like the endpoint for errors that are thrown at once. */
function refuse(error: unknown, message: JsonRpcMessage): never {
  throw error instanceof ProtocolError && isRequest(message) ? error.forRequest(message.id) : error;
}

/**
 * From path and method to a handler, behind the guard, with every error answered.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { Observer } from "../base/observer.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { remembered } from "../base/remembered.ts";
import type { Peer } from "../transport/peer.ts";
import { errorResponse } from "../transport/respond.ts";
import type { Guard } from "./guard.ts";
import { ENDPOINTS } from "./server_info.ts";
import type { Unanswered } from "./unanswered.ts";

/** Answers one request; may throw. */
export type Handler = (request: Request, peer: Peer) => MaybePromise<Response>;

/** Handlers of one path, by method. */
export type Route = Readonly<Record<string, Handler>>;

/** All paths, and the guard before them. */
export interface Router {
  readonly routes: ReadonlyMap<string, Route>;
  /** Loads those that few ask for; asked when a path is none of `routes`. */
  readonly moreRoutes: () => Promise<ReadonlyMap<string, Route>>;
  readonly guard: Guard;
  /** Keeps count of what is being answered. */
  readonly unanswered: Unanswered;
  readonly observer: Observer;
}

/** Answers a request. Never throws and never rejects. */
export function answer(
  router: Router,
  request: Request,
  peer: Peer,
): MaybePromise<Response> {
  const { guard, observer, unanswered } = router;
  // Asking whether it is there has Deno copy the headers once, which it does anyway as it answers;
  // from then on each look-up is half as dear.
  const origin = request.headers.has("origin") ? request.headers.get("origin") : null;
  const refuse = (error: unknown) => refusal(error, { request, peer, observer });
  let response: MaybePromise<Response>;
  try {
    const { authority, path } = splitUrl(request.url);
    guard.check(authority, origin);
    response = request.method === "OPTIONS" && origin !== null
      ? guard.preflight(request)
      : handlerFor(router, path, request.method)(request, peer);
  } catch (error) {
    response = refuse(error);
    // A page at a refused origin must not read even the refusal.
    if (error instanceof ProtocolError && error.kind.endsWith("_refused")) {
      return response;
    }
  }
  if (isPromise(response)) {
    const settled = unanswered.track(response, refuse);
    return origin === null ? settled : settled.then((done) => guard.addCors(done, origin));
  }
  return origin === null ? response : guard.addCors(response, origin);
}

/** Whose request failed, and who is told. */
interface RefusalParts {
  readonly request: Request;
  readonly peer: Peer;
  readonly observer: Observer;
}

function refusal(error: unknown, { request, peer, observer }: RefusalParts): Response {
  const { kind, message } = error instanceof ProtocolError ? error : INTERNAL;
  const { path } = splitUrl(request.url);
  const { method } = request;
  const { address } = peer;
  observer.requestRejected(kind, { method, path, address, message });
  log.debug("Request refused", {
    method,
    path: path.slice(0, MAX_LOGGED),
    client_ip: address,
    kind,
    message: message.slice(0, MAX_LOGGED),
  });
  return errorResponse(error);
}

const log = logFor("http");
/** Clients choose most of these texts. */
const MAX_LOGGED = 512;

/** All that anybody outside the log is told of a fault of the server. */
const INTERNAL = { kind: "internal_error", message: "Internal error" } as const;

function handlerFor({ routes, moreRoutes }: Router, path: string, method: string): Handler {
  const route = routes.get(path);
  if (route !== undefined) return handlerOf(route, path, method);
  return async (request, peer) => {
    const further = (await moreRoutes()).get(path);
    if (further !== undefined) return await handlerOf(further, path, method)(request, peer);
    throw new ProtocolError("not_found", "Nothing is served at this path; see data.endpoints", {
      data: { endpoints: ENDPOINTS },
    });
  };
}

function handlerOf(route: Route, path: string, method: string): Handler {
  // Own members only: the method is the client's word, and objects have a `constructor`.
  const name = sameText(method);
  const handler = Object.hasOwn(route, name) ? route[name] : undefined;
  if (handler !== undefined) return handler;
  if (method === "HEAD" && route.GET !== undefined) return withoutBody(route.GET);
  const allowed = Object.keys(route)
    .flatMap((known) => known === "GET" ? ["GET", "HEAD"] : [known]).join(", ");
  throw new ProtocolError("method_not_allowed", `${path} takes ${allowed}, not ${method}`, {
    headers: { allow: allowed },
  });
}

/** Each request has a text of its own for its method, which V8 would look up to find a member. */
const sameText = remembered((text) => text);

function withoutBody(handler: Handler): Handler {
  return async (request, peer) => {
    const { status, headers, body } = await handler(request, peer);
    await body?.cancel();
    return new Response(null, { status, headers });
  };
}

/** Host and path of a URL, without the cost of parsing all of it. */
const splitUrl = remembered((url): { readonly authority: string; readonly path: string } => {
  const start = url.indexOf("//") + 2;
  const slash = url.indexOf("/", start);
  if (slash < 0) return { authority: url.slice(start), path: "/" };
  const query = url.indexOf("?", slash);
  const path = query < 0 ? url.slice(slash) : url.slice(slash, query);
  return { authority: url.slice(start, slash), path };
});

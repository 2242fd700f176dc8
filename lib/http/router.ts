/**
 * From path and method to a handler, behind the guard, with every error answered.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { Observer } from "../base/observer.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { memoize } from "../base/memoize.ts";
import { type BodyConsumer, type BodyLimits, readBody } from "../transport/body.ts";
import type { RequestContext } from "../transport/incoming.ts";
import type { Peer } from "../transport/peer.ts";
import { errorResponse } from "../transport/respond.ts";
import type { Guard } from "./steps/guard.ts";
import { ENDPOINTS } from "./routes/info.ts";
import type { PendingResponses } from "./pending_responses.ts";

/** Answers one request; may throw. A POST comes with the JSON value of its body. */
export type Handler = (from: RequestContext, body?: unknown) => MaybePromise<Response>;

/** Handlers of one path, by method. */
export type Route = Readonly<Record<string, Handler>>;

/** All paths, and the guard before them. */
export interface Router {
  readonly routes: ReadonlyMap<string, Route>;
  /** Loads those that few ask for; asked when a path is none of `routes`. */
  readonly lazyRoutes: () => Promise<ReadonlyMap<string, Route>>;
  readonly guard: Guard;
  /** How large and how slow the body of a POST may be. */
  readonly bodies: BodyLimits;
  /** Keeps count of what is being answered. */
  readonly unanswered: PendingResponses;
  readonly observer: Observer;
}

/** Answers a request. Never throws and never rejects. */
export function answer(router: Router, request: Request, peer: Peer): MaybePromise<Response> {
  return new RequestHandling(router, request, peer).answer();
}

/** One request on its way through the router, all that goes wrong with it included. */
class RequestHandling implements RequestContext, BodyConsumer {
  readonly request: Request;
  readonly headers: Headers;
  readonly peer: Peer;
  readonly path: string;
  readonly query: string;
  readonly #router: Router;
  readonly #authority: string;
  readonly #origin: string | null;
  #handler: Handler | undefined;

  constructor(router: Router, request: Request, peer: Peer) {
    const { headers } = request;
    const { authority, path, query } = splitUrl(request.url);
    this.request = request;
    this.headers = headers;
    this.peer = peer;
    this.path = path;
    this.query = query;
    this.#router = router;
    this.#authority = authority;
    // Asking whether it is there has Deno copy the headers once, which it does anyway as it
    // answers; from then on each look-up is half as dear.
    this.#origin = headers.has("origin") ? headers.get("origin") : null;
  }

  answer(): MaybePromise<Response> {
    const { guard, routes, bodies, unanswered } = this.#router;
    try {
      guard.check(this.#authority, this.#origin);
    } catch (error) {
      // A page at a refused origin must not read even the refusal.
      return this.#refusal(error);
    }
    unanswered.add();
    try {
      const method = sameText(this.request.method);
      if (method === "OPTIONS" && this.#origin !== null) {
        return this.#settle(guard.preflight(this.request));
      }
      const route = routes.get(this.path);
      this.#handler = route === undefined
        ? lazyHandler(this.#router, method)
        : handlerOf(route, this.path, method);
      const takesBody = route !== undefined && method === "POST";
      return takesBody ? readBody(this, bodies) : this.take(undefined);
    } catch (error) {
      return this.fail(error);
    }
  }

  /** The body is there, where one is read. */
  take(body: unknown): MaybePromise<Response> {
    let response: MaybePromise<Response>;
    try {
      response = this.#handler!(this, body);
    } catch (error) {
      return this.fail(error);
    }
    return isPromise(response)
      ? response.then((settled) => this.#settle(settled), (error) => this.fail(error))
      : this.#settle(response);
  }

  fail(error: unknown): Response {
    return this.#settle(this.#refusal(error));
  }

  #settle(response: Response): Response {
    const { guard, unanswered } = this.#router;
    unanswered.remove();
    return this.#origin === null ? response : guard.addCors(response, this.#origin);
  }

  #refusal(error: unknown): Response {
    const { kind, message } = error instanceof ProtocolError ? error : INTERNAL;
    const { path } = this;
    const { method } = this.request;
    const { address } = this.peer;
    this.#router.observer.requestRejected(kind, { method, path, address, message });
    log.debug("Request refused", {
      method,
      path: path.slice(0, MAX_LOGGED),
      client_ip: address,
      kind,
      message: message.slice(0, MAX_LOGGED),
    });
    return errorResponse(error);
  }
}

const log = logFor("http");
/** Clients choose most of these texts. */
const MAX_LOGGED = 512;

/** All that anybody outside the log is told of a fault of the server. */
const INTERNAL = { kind: "internal_error", message: "Internal error" } as const;

/** Answers where a path is none of those that most ask for. */
function lazyHandler({ lazyRoutes: moreRoutes }: Router, method: string): Handler {
  return async (from) => {
    const route = (await moreRoutes()).get(from.path);
    if (route !== undefined) return await handlerOf(route, from.path, method)(from);
    throw new ProtocolError("not_found", "Nothing is served at this path; see data.endpoints", {
      data: { endpoints: ENDPOINTS },
    });
  };
}

function handlerOf(route: Route, path: string, method: string): Handler {
  // Own members only: the method is the client's word, and objects have a `constructor`.
  const handler = Object.hasOwn(route, method) ? route[method] : undefined;
  if (handler !== undefined) return handler;
  if (method === "HEAD" && route.GET !== undefined) return withoutBody(route.GET);
  const allowed = Object.keys(route)
    .flatMap((known) => known === "GET" ? ["GET", "HEAD"] : [known]).join(", ");
  throw new ProtocolError("method_not_allowed", `${path} takes ${allowed}, not ${method}`, {
    headers: { allow: allowed },
  });
}

/** Each request has a text of its own for its method, which V8 would look up to find a member. */
const sameText = memoize((text) => text);

function withoutBody(handler: Handler): Handler {
  return async (from) => {
    const { status, headers, body } = await handler(from);
    await body?.cancel();
    return new Response(null, { status, headers });
  };
}

/** The parts of a URL that matter here. */
interface UrlParts {
  /** Host and port. */
  readonly authority: string;
  readonly path: string;
  /** From the `?` on. */
  readonly query: string;
}

/** Takes a URL apart, without the cost of parsing all of it. */
const splitUrl = memoize((url): UrlParts => {
  const start = url.indexOf("//") + 2;
  const slash = url.indexOf("/", start);
  if (slash < 0) return { authority: url.slice(start), path: "/", query: "" };
  const mark = url.indexOf("?", slash);
  const end = mark < 0 ? url.length : mark;
  return { authority: url.slice(start, slash), path: url.slice(slash, end), query: url.slice(end) };
});

/**
 * From a request to its response, in three steps: the guard, then who asks, then the handler of the
 * path. Every error on the way is answered.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { Identity } from "../base/identity.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { Client, NO_SOCKET, type Socket } from "../stream/client.ts";
import { type BodyConsumer, type BodyLimits, readBody } from "../transport/body.ts";
import { type RequestContext, RequestHead } from "../transport/request_head.ts";
import { identityOf, type Peer } from "../transport/peer.ts";
import { errorResponse } from "../transport/respond.ts";
import { USER_AGENT } from "../wire/headers.ts";
import type { PendingResponses } from "./pending_responses.ts";
import type { Refusals } from "./refusals.ts";
import type { EndpointInfo } from "./routes/info.ts";
import type { ArrivingRequest, Authenticate } from "./steps/authenticate.ts";
import type { Guard } from "./steps/guard.ts";

/** Answers one request; may throw. A POST comes with the JSON value of its body. */
export type Handler = (request: RequestContext, body?: unknown) => MaybePromise<Response>;

/** Handlers of one path, by method. */
export type Route = Readonly<Record<string, Handler>>;

/** Loads routes that few clients ask for. */
export type RouteLoader = () => Promise<ReadonlyMap<string, Route>>;

/** All paths, and the steps before them. */
export interface Router {
  readonly guard: Guard;
  /** Finds out who asks; undefined where everybody may. */
  readonly authenticate: Authenticate | undefined;
  readonly routes: ReadonlyMap<string, Route>;
  /** Paths of `routes` that need no authentication. */
  readonly openPaths: ReadonlySet<string>;
  /** Paths of `routes` that pages of any origin may read. */
  readonly publicPaths: ReadonlySet<string>;
  /** Asked for a path that `routes` does not have; everybody may use these. */
  readonly lazyRoutes: RouteLoader;
  /** What a 404 lists. */
  readonly endpoints: readonly EndpointInfo[];
  /** How large and how slow the body of a POST may be. */
  readonly bodies: BodyLimits;
  /** Counts what has no response yet. */
  readonly pending: PendingResponses;
  /** Told of what is refused. */
  readonly refusals: Refusals;
}

/** Answers a request. Never throws and never rejects. */
export function handleRequest(
  router: Router,
  request: Request,
  peer: Peer,
): MaybePromise<Response> {
  return new RequestHandling(router, request, peer).run();
}

/** One request on its way through the steps, with everything that goes wrong. */
class RequestHandling extends RequestHead implements ArrivingRequest, RequestContext, BodyConsumer {
  identity: Identity | undefined;
  readonly peer: Peer;
  #client: Client | undefined;
  readonly #router: Router;
  #handler: Handler | undefined;
  #takesBody = false;
  /** The page that asks, where not every page may. */
  readonly #page: string | null;

  constructor(router: Router, request: Request, peer: Peer) {
    super(request);
    this.peer = peer;
    this.identity = identityOf(peer);
    this.#router = router;
    const { origin } = this;
    this.#page = origin !== null && router.publicPaths.has(this.path) ? null : origin;
  }

  /** Not to be read before authentication is done. */
  get client(): Client {
    return this.#client ??= new Client({
      address: this.peer.address,
      userAgent: this.headers.get(USER_AGENT) ?? "",
      identity: this.identity,
    });
  }

  get socket(): Socket {
    return this.peer.socket ?? NO_SOCKET;
  }

  run(): MaybePromise<Response> {
    const { guard, pending } = this.#router;
    try {
      guard.check(this.authority, this.#page);
    } catch (error) {
      // A page at a refused origin must not read even the refusal.
      return this.#refusal(error);
    }
    pending.add();
    try {
      const { method } = this;
      if (method === "OPTIONS" && this.#page !== null) {
        return this.#settle(guard.preflight(this.request));
      }
      return this.#route(method);
    } catch (error) {
      return this.fail(error);
    }
  }

  #route(method: string): MaybePromise<Response> {
    const { routes, openPaths, authenticate } = this.#router;
    const route = routes.get(this.path);
    this.#handler = route === undefined
      ? lazyHandler(this.#router, method)
      : handlerOf(route, this.path, method);
    this.#takesBody = route !== undefined && method === "POST";
    const isOpen = authenticate === undefined || route === undefined || openPaths.has(this.path);
    return isOpen ? this.#handle() : this.#authenticate(authenticate);
  }

  #authenticate(authenticate: Authenticate): MaybePromise<Response> {
    const identity = authenticate(this);
    if (!isPromise(identity)) {
      this.identity = identity ?? this.identity;
      return this.#handle();
    }
    return identity.then((settled) => {
      this.identity = settled ?? this.identity;
      return this.#handle();
    }).catch((error) => this.fail(error));
  }

  #handle(): MaybePromise<Response> {
    return this.#takesBody ? readBody(this, this.#router.bodies) : this.take(undefined);
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
    const { guard, pending } = this.#router;
    pending.remove();
    return this.#page === null ? response : guard.addCors(response, this.#page);
  }

  #refusal(error: unknown): Response {
    const { path, method } = this;
    const { address } = this.peer;
    this.#router.refusals.report(error, { method, path, address });
    return errorResponse(error);
  }
}

/** Loads the routes that few ask for, and answers with one of them or with a 404. */
function lazyHandler({ lazyRoutes, endpoints }: Router, method: string): Handler {
  return async (request) => {
    const route = (await lazyRoutes()).get(request.path);
    if (route !== undefined) return await handlerOf(route, request.path, method)(request);
    throw new ProtocolError("not_found", "Nothing is served at this path; see data.endpoints", {
      data: { endpoints },
    });
  };
}

function handlerOf(route: Route, path: string, method: string): Handler {
  // Own members only: the client chose the method, and objects have a `constructor`.
  const handler = Object.hasOwn(route, method) ? route[method] : undefined;
  if (handler !== undefined) return handler;
  if (method === "HEAD" && route.GET !== undefined) return withoutBody(route.GET);
  const allowed = Object.keys(route)
    .flatMap((known) => known === "GET" ? ["GET", "HEAD"] : [known]).join(", ");
  throw new ProtocolError("method_not_allowed", `${path} takes ${allowed}, not ${method}`, {
    headers: { allow: allowed },
  });
}

function withoutBody(handler: Handler): Handler {
  return async (request) => {
    const { status, headers, body } = await handler(request);
    await body?.cancel();
    return new Response(null, { status, headers });
  };
}

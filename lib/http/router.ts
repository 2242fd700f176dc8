/**
 * From a request to its response in three steps: the guard, authentication, the handler of the path.
 * Every error on the way is answered.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { Identity } from "../base/identity.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { Client, clientKey, NO_SOCKET, type Socket } from "../stream/client.ts";
import type { Credentials } from "../stream/credentials.ts";
import { readBody } from "../transport/body/read_body.ts";
import type { BodyConsumer } from "../transport/body/deadlines.ts";
import type { BodyLimits } from "../transport/body/large_body.ts";
import { CONNECTION_ID_PARAM } from "../transport/http_sse/dialect.ts";
import { type RequestContext, RequestHead } from "../transport/request_head.ts";
import { identityOf, type Peer } from "../transport/peer.ts";
import { errorResponse } from "../transport/respond.ts";
import type { PendingResponses } from "./pending_responses.ts";
import type { Refusals } from "./refusals.ts";
import {
  type Handler,
  handlerOf,
  lazyHandler,
  type LazyRoutes,
  OTHER_PATH,
  type PathEntry,
} from "./route.ts";
import type { ArrivingRequest, Authenticate } from "./steps/authenticate.ts";
import type { Cors } from "./steps/cors.ts";
import type { Guard } from "./steps/guard.ts";

/** All paths, and the steps before them. Everybody may use the lazy routes. */
export interface Router extends LazyRoutes {
  readonly guard: Guard;
  readonly cors: Cors;
  /** Authenticates requests; undefined without authorization. */
  readonly authenticate: Authenticate | undefined;
  /**
   * Renewed by each authenticated request, because a caller's streams may last as long as its
   * newest credential.
   */
  readonly credentials: Pick<Credentials, "renew">;
  /** All paths but those of the lazy routes. */
  readonly paths: ReadonlyMap<string, PathEntry>;
  /** Names of headers that tools may read, in lower case. */
  readonly toolHeaders: readonly string[];
  /** How large and how slow the body of a POST may be. */
  readonly bodies: BodyLimits;
  /** Counts requests without a response. */
  readonly pending: PendingResponses;
  /** Reports refused requests. */
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
  readonly #entry: PathEntry;
  #handler: Handler | undefined;
  #takesBody = false;
  /** The page that asks, where not every page may. */
  readonly #page: string | null;

  constructor(router: Router, request: Request, peer: Peer) {
    super(request);
    this.peer = peer;
    this.identity = identityOf(peer);
    this.#router = router;
    this.#entry = router.paths.get(this.path) ?? OTHER_PATH;
    this.#page = this.#entry.access === "any_page" ? null : this.origin;
  }

  get page(): string | undefined {
    return this.origin === null ? undefined : this.#router.guard.pageOf(this);
  }

  /** Not to be read before authentication is done. */
  get client(): Client {
    return this.#client ??= new Client({
      address: this.peer.address,
      userAgent: this.known.userAgent ?? "",
      identity: this.identity,
      headers: this.#toolHeaders(),
    });
  }

  get clientKey(): string {
    return this.#client?.key ?? clientKey(this.peer.address, this.identity);
  }

  #toolHeaders(): Readonly<Record<string, string>> | undefined {
    const { toolHeaders } = this.#router;
    if (toolHeaders.length === 0) return undefined;
    const found: Record<string, string> = {};
    for (const name of toolHeaders) {
      const value = this.headers.get(name);
      if (value !== null) found[name] = value;
    }
    return Object.freeze(found);
  }

  get socket(): Socket {
    return this.peer.socket ?? NO_SOCKET;
  }

  run(): MaybePromise<Response> {
    const { guard, cors, pending } = this.#router;
    const { access, isPage } = this.#entry;
    try {
      guard.check(this, this.#page);
      if (access === "operator") this.#checkOperatorPath();
      if (access !== "any_page") guard.checkSite(this, isPage);
    } catch (error) {
      // A page at a refused origin must not read even the refusal.
      return this.#refusal(error);
    }
    pending.add();
    try {
      const { method } = this;
      if (method === "OPTIONS" && this.#page !== null) {
        return this.#settle(cors.preflight(this.request));
      }
      return this.#route(method);
    } catch (error) {
      return this.fail(error);
    }
  }

  /** The rules of proxies name these paths without a last slash, which other paths may have. */
  #checkOperatorPath(): void {
    const { path, query, request: { url } } = this;
    if (!url.endsWith(path + query)) {
      throw new ProtocolError("not_found", `No such path; ask for ${path} without a last slash`);
    }
    this.#router.guard.checkSameOrigin(this);
  }

  #route(method: string): MaybePromise<Response> {
    const { authenticate } = this.#router;
    const { access, route } = this.#announcedEntry(method) ?? this.#entry;
    this.#handler = route === undefined
      ? lazyHandler(this.#router, method)
      : handlerOf(route, this, method);
    this.#takesBody = route !== undefined && method === "POST";
    return authenticate === undefined || access !== "callers"
      ? this.#handle()
      : this.#authenticate(authenticate);
  }

  /**
   * The entry of a message to the root path with a query. 2024-11-05 streams announce
   * `?connection_id=…` relative to their own URL, and some clients resolve it against the origin
   * instead.
   */
  #announcedEntry(method: string): PathEntry | undefined {
    const isAnnounced = method === "POST" && this.path === "/" &&
      this.queryParameter(CONNECTION_ID_PARAM) !== undefined;
    return isAnnounced ? this.#router.paths.get(ENDPOINT_PATH) : undefined;
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
    if (this.identity !== undefined) this.#router.credentials.renew(this.identity);
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
    const { cors, pending } = this.#router;
    pending.remove();
    return this.#page === null ? response : cors.allow(response, this.#page);
  }

  #refusal(error: unknown): Response {
    const { path, method } = this;
    const { address } = this.peer;
    this.#router.refusals.report(error, { method, path, address });
    return errorResponse(error);
  }
}

/** The URL that 2024-11-05 messages reach when their client lost the path. */
const ENDPOINT_PATH = "/mcp";

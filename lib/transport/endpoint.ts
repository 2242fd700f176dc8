/**
 * The endpoint asks the dialects in their order, and the first that accepts a request answers it.
 * It also checks the rules that hold in every dialect.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { Visibility } from "../registry/visibility.ts";
import type { Admission } from "../stream/admit/admission.ts";
import { checkDepth, isRequest, parseMessage } from "../wire/json_rpc.ts";
import { emptyBodyError } from "../wire/parse_errors.ts";
import { noBatchError } from "./batch.ts";
import { isRated } from "../wire/methods.ts";
import { listsPage } from "../wire/media_types.ts";
import type { DialectHandlers, EndpointUrl } from "./dialect.ts";
import { mountPathOf } from "./peer.ts";
import type { RequestContext } from "./request_head.ts";

/** Refuses messages if the caller lacks their scopes. */
export interface AccessCheck {
  /** Whether anything needs scopes now. */
  readonly isNeeded: boolean;
  /**
   * Checks the messages of a POST before any stream begins, so that the status can report it.
   *
   * @param messages the values of the body; invalid messages are refused elsewhere
   * @param visibility features that the sender's session sees; undefined for the default
   * @throws {ProtocolError} `insufficient_scope`, naming all scopes that the messages need
   */
  check(
    messages: readonly unknown[],
    c: RequestContext,
    visibility: Visibility | undefined,
  ): void;
}

/** The handlers of all dialects, in their order. */
export class Endpoint {
  readonly #admission: Admission;
  readonly #posting: readonly Having<"post">[];
  readonly #handlers: readonly DialectHandlers[];
  readonly #access: AccessCheck | undefined;

  constructor(
    handlers: readonly DialectHandlers[],
    admission: Admission,
    access?: AccessCheck,
  ) {
    this.#admission = admission;
    this.#access = access;
    this.#handlers = handlers;
    this.#posting = handlers.filter((one): one is Having<"post"> => one.post !== undefined);
  }

  /**
   * Answers a POST.
   *
   * @param value the body's value; undefined if there is none
   * @throws {ProtocolError} if the request is invalid
   */
  post(c: RequestContext, value: unknown, url: EndpointUrl): MaybePromise<Response> {
    if (value === undefined) return this.#postEmpty(c, url);
    checkDepth(value);
    if (Array.isArray(value)) return this.#postBatch(c, value, url);
    const message = parseMessage(value);
    try {
      if (isRequest(message)) this.#admission.admitRequest();
      if (isRated(message)) this.#admission.admitCalls(c, 1);
      if (this.#access?.isNeeded) this.#access.check([message], c, this.#visibilityOf(c, url));
      for (const handlers of this.#posting) {
        const response = handlers.post(c, message, url);
        if (response !== undefined) return response;
      }
    } catch (error) {
      // The error names the request that it answers.
      const isAnswer = error instanceof ProtocolError && isRequest(message);
      throw isAnswer ? error.forRequest(message.id) : error;
    }
    throw new ProtocolError(
      "invalid_request",
      "Invalid request: a response needs the header Mcp-Session-Id or Mcp-Connection-Id of the " +
        "connection that asked",
    );
  }

  /** Answers a GET. */
  get(c: RequestContext, url: EndpointUrl): MaybePromise<Response> {
    return this.#read("get", c, url);
  }

  /** Answers a HEAD with the headers of a GET's stream, without opening one. */
  head(c: RequestContext, url: EndpointUrl): MaybePromise<Response> {
    return this.#read("head", c, url);
  }

  #read(method: "get" | "head", c: RequestContext, url: EndpointUrl): MaybePromise<Response> {
    requireEventStream(c);
    for (const handlers of this.#handlers) {
      const response = handlers[method]?.(c, url);
      if (response !== undefined) return response;
    }
    throw new ProtocolError("method_not_allowed", `${url.path} has no stream for this GET`, {
      headers: { allow: "POST, DELETE" },
    });
  }

  /** Answers a DELETE: ends the stream or session that its headers name. */
  delete(c: RequestContext, url: EndpointUrl): MaybePromise<Response> {
    for (const handlers of this.#handlers) {
      const response = handlers.delete?.(c, url);
      if (response !== undefined) return response;
    }
    c.requireSupportedVersion();
    throw new ProtocolError(
      "invalid_request",
      "DELETE needs the header Mcp-Session-Id or Mcp-Connection-Id, which names what to end",
    );
  }

  /** The features that the session of a request sees; undefined for the default. */
  #visibilityOf(c: RequestContext, url: EndpointUrl): Visibility | undefined {
    for (const handlers of this.#handlers) {
      const visibility = handlers.visibilityOf?.(c, url);
      if (visibility !== undefined) return visibility;
    }
    return undefined;
  }

  #postEmpty(c: RequestContext, url: EndpointUrl): Response {
    for (const handlers of this.#handlers) {
      const response = handlers.postEmpty?.(c, url);
      if (response !== undefined) return response;
    }
    throw emptyBodyError();
  }

  #postBatch(
    c: RequestContext,
    values: readonly unknown[],
    url: EndpointUrl,
  ): MaybePromise<Response> {
    c.requireSupportedVersion();
    const calls = values.filter(isRated).length;
    if (calls > 0) this.#admission.admitCalls(c, calls);
    if (this.#access?.isNeeded) this.#access.check(values, c, this.#visibilityOf(c, url));
    for (const handlers of this.#handlers) {
      const response = handlers.postBatch?.(c, values, url);
      if (response !== undefined) return response;
    }
    throw noBatchError();
  }
}

/**
 * Checks that a client accepts an event stream. Wildcards and a missing `Accept` accept it. A
 * browser that opens the URL lists HTML first.
 */
function requireEventStream(c: RequestContext): void {
  const { eventStream, listsEventStream } = c.accepted;
  if (!listsEventStream && (!eventStream || listsPage(c.known.accept))) {
    const prefix = mountPathOf(c.request);
    throw new ProtocolError(
      "not_acceptable",
      "GET opens an event stream: send Accept: text/event-stream, and Mcp-Session-Id if you have " +
        `a session; in a browser open ${prefix}/sse-test.html, or ${prefix}/mcp/info for what this ` +
        "server is",
    );
  }
  c.requireSupportedVersion();
}

/** Handlers that have a method. */
type Having<Method extends keyof DialectHandlers> =
  & DialectHandlers
  & Required<Pick<DialectHandlers, Method>>;

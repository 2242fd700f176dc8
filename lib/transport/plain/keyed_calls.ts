/**
 * Calls with an `Idempotency-Key`: a client that POSTs the same call again, as reconnecting event
 * source libraries do, gets the response of the first one, and nothing is run again
 * (draft-ietf-httpapi-idempotency-key-header).
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { LruMap } from "../../base/lru_map.ts";
import { nodeCrypto } from "../../base/node.ts";
import { isPromise } from "../../base/promises.ts";
import type { McpServer } from "../../mcp/server.ts";
import type { EventStore, Frames } from "../../store/event_store.ts";
import { toErrorResponse } from "../../wire/error_table.ts";
import { IDEMPOTENCY_KEY, singleValue } from "../../wire/headers.ts";
import type { JsonRpcRequest, JsonRpcResponse } from "../../wire/json_rpc.ts";
import { OWN_PAGE } from "../peer.ts";
import type { RequestContext } from "../request_head.ts";
import type { StreamSession } from "../stream_session/session.ts";
import { KeyedScope } from "./keyed_scope.ts";

/** Longest key, in characters. */
const MAX_KEY = 200;
/** Keys that are remembered; the one unused for longest goes first. */
const MAX_KEYS = 10_000;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Dependencies of keyed calls. */
export interface KeyedCallDeps {
  readonly server: McpServer;
  readonly store: EventStore;
}

/** A key, and the call that came with it. */
interface KeyedCall {
  /** Digest of the message, so that a key is used for one call only. */
  readonly digest: string;
  readonly scope: KeyedScope;
  /** The response, while the call runs. */
  running: Promise<JsonRpcResponse | undefined> | undefined;
}

export class KeyedCalls {
  readonly #deps: KeyedCallDeps;
  readonly #calls = new LruMap<string, KeyedCall>(MAX_KEYS);
  /** Writes a response as an event. */
  readonly #encode: (response: JsonRpcResponse) => string;

  constructor(deps: KeyedCallDeps, encode: (response: JsonRpcResponse) => string) {
    this.#deps = deps;
    this.#encode = encode;
  }

  /**
   * Answers a request on a new stream: with the response that is there, with that of the call that
   * runs, or by running it.
   *
   * @param key from {@linkcode readIdempotencyKey}
   */
  take(session: StreamSession, key: string, request: JsonRpcRequest): void {
    const digest = digestOf(request);
    const known = this.#calls.get(key);
    if (known !== undefined && known.digest !== digest) {
      return session.answer(this.#failure(request, "was sent with another request already"));
    }
    if (known?.running !== undefined) return this.#follow(session, known, known.running);
    const frames = this.#deps.store.after(storeKey(key), 0);
    const settle = (settled: Frames | undefined): void => {
      const frame = settled?.[0];
      if (frame !== undefined) session.answer(DECODER.decode(frame));
      else if (known === undefined) this.#run(session, key, request);
      else session.answer(this.#failure(request, "was used, and the response is gone"));
    };
    if (isPromise(frames)) void frames.then(settle);
    else settle(frames);
  }

  #run(session: StreamSession, key: string, request: JsonRpcRequest): void {
    const { server, store } = this.#deps;
    const scope = new KeyedScope(session);
    const response = server.dispatch(request, scope, server.legacy);
    const call: KeyedCall = { digest: digestOf(request), scope, running: undefined };
    this.#calls.set(key, call);
    const keep = (settled: JsonRpcResponse | undefined): JsonRpcResponse | undefined => {
      call.running = undefined;
      // A call that was not run may be tried again with the same key.
      if (settled === undefined || "error" in settled) this.#calls.delete(key);
      else void store.append(storeKey(key), 1, ENCODER.encode(this.#encode(settled)));
      return settled;
    };
    const kept = isPromise(response) ? response.then(keep) : Promise.resolve(keep(response));
    if (isPromise(response)) call.running = kept;
    this.#follow(session, call, kept);
  }

  #follow(
    session: StreamSession,
    { scope }: KeyedCall,
    response: Promise<JsonRpcResponse | undefined>,
  ): void {
    scope.moveTo(session);
    session.answerLater(
      response.then((settled) => settled === undefined ? undefined : this.#encode(settled)),
    );
  }

  #failure({ id }: JsonRpcRequest, what: string): string {
    const error = new ProtocolError(
      "invalid_request",
      `Invalid request: this Idempotency-Key ${what}; send a new key to run the request`,
    );
    return this.#encode(toErrorResponse(error, id));
  }
}

/**
 * The key of a request, bound to its caller and web page; undefined if it has none.
 *
 * @throws {ProtocolError} `invalid_request` for a key that is empty or too long
 */
export function readIdempotencyKey(
  { headers, identity, page = OWN_PAGE }: RequestContext,
): string | undefined {
  const key = singleValue(headers, IDEMPOTENCY_KEY);
  if (key === null) return undefined;
  if (key.length > 0 && key.length <= MAX_KEY) {
    return JSON.stringify([identity?.principal ?? null, page, key]);
  }
  throw new ProtocolError(
    "invalid_request",
    `Idempotency-Key must have 1 to ${MAX_KEY} characters; a random UUID is best`,
  );
}

function storeKey(key: string): string {
  return `plain ${sha256(key)}`;
}

function digestOf(request: JsonRpcRequest): string {
  return sha256(JSON.stringify(request));
}

function sha256(text: string): string {
  return nodeCrypto().createHash("sha256").update(text).digest("base64url");
}

/**
 * Calls with an `Idempotency-Key`: a client that POSTs the same call again, as reconnecting event
 * source libraries do, gets the response of the first one, and nothing is run again
 * (draft-ietf-httpapi-idempotency-key-header).
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { SharedLruMap } from "../../base/shared_lru_map.ts";
import { sha256Text } from "../../base/node.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import type { Settings } from "../../base/settings.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import { isRepeatable } from "../../mcp/unknown_outcome.ts";
import type { McpServer } from "../../mcp/server.ts";
import type { EventStore, Frames } from "../../store/event_store.ts";
import { toErrorResponse } from "../../wire/error_table.ts";
import { IDEMPOTENCY_KEY, onlyCopy } from "../../wire/headers.ts";
import type { JsonRpcRequest, JsonRpcResponse } from "../../wire/json_rpc.ts";
import { OWN_PAGE } from "../peer.ts";
import type { RequestContext } from "../request_head.ts";
import type { StreamSession } from "../stream_session/session.ts";
import { KeyedScope } from "./keyed_scope.ts";
import { keyFailure, SharedKeys } from "./shared_keys.ts";

/** Longest key, in characters. */
const MAX_KEY = 200;
/** Keys that are remembered; the client with most of them loses the one unused for longest. */
const MAX_KEYS = 10_000;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Dependencies of keyed calls. */
export interface KeyedCallDeps {
  readonly server: McpServer;
  readonly store: EventStore;
  /** Path of the endpoint. */
  readonly path: string;
  readonly fleet?: Fleet | undefined;
  readonly settings: Pick<Settings, "MCP_REPLAY_MS">;
}

/** A call that has ended. Its stream is not kept, because keys are remembered for long. */
interface EndedCall {
  /** Digest of the message, so that a key is used for one call only. */
  readonly digest: string;
  readonly running?: undefined;
}

/** A call that came with a key. */
interface KeyedCall {
  readonly digest: string;
  /** The newest stream that was opened with the key. */
  newest: StreamSession;
  /** Undefined until the call runs, and for a call of another instance. */
  scope?: KeyedScope;
  /** The response as an event, while the call runs; undefined if there is none. */
  running: Promise<string | undefined> | undefined;
}

/** A request with its key and the stream that it came on. */
interface KeyedRequest {
  readonly key: string;
  readonly request: JsonRpcRequest;
  readonly call: KeyedCall;
}

export class KeyedCalls {
  readonly #deps: KeyedCallDeps;
  readonly #calls = new SharedLruMap<KeyedCall | EndedCall>(MAX_KEYS);
  /** Writes a response as an event. */
  readonly #encode: (response: JsonRpcResponse) => string;
  /** The names in the store of the calls that run here, if instances share the keys. */
  readonly #running = new Set<string>();
  readonly #shared: SharedKeys | undefined;

  constructor(deps: KeyedCallDeps, encode: (response: JsonRpcResponse) => string) {
    this.#deps = deps;
    this.#encode = encode;
    const { fleet, path } = deps;
    this.#shared = fleet && new SharedKeys({
      fleet,
      path,
      isRunning: (name) => this.#running.has(name),
      read: async (name) => textOf(await deps.store.after(name, 0)),
    });
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
    if (known?.running !== undefined) return follow(session, known, known.running);
    const call: KeyedCall = { digest, newest: session, running: undefined };
    if (this.#shared !== undefined) {
      this.#calls.set(key, call, session.stream.client.key);
      call.running = this.#findElsewhere(this.#shared, { key, request, call });
      return session.answerLater(call.running);
    }
    const frames = this.#deps.store.after(this.#nameOf(key), 0);
    const settle = (settled: Frames | undefined): void => {
      const text = textOf(settled);
      if (text !== undefined) session.answer(text);
      else if (known === undefined) follow(session, call, this.#run({ key, request, call }));
      else session.answer(this.#failure(request, "was used, and the response is gone"));
    };
    if (isPromise(frames)) void frames.then(settle);
    else settle(frames);
  }

  /** @returns the response as an event, once it is kept */
  #run({ key, request, call }: KeyedRequest): Promise<string | undefined> {
    const { server, store } = this.#deps;
    const owner = call.newest.stream.client.key;
    const scope = call.scope = new KeyedScope(call.newest);
    const response = server.dispatch(request, scope, server.legacy);
    this.#calls.set(key, call, owner);
    const keep = (settled: JsonRpcResponse | undefined): MaybePromise<string | undefined> => {
      const text = settled && this.#encode(settled);
      const isToRepeat = settled === undefined || "error" in settled;
      // A call that was not run may be tried again with the same key.
      const kept = isToRepeat
        ? this.#shared?.release(this.#nameOf(key), text)
        : store.append(this.#nameOf(key), 1, ENCODER.encode(text), owner);
      const end = () => {
        call.running = undefined;
        if (isToRepeat) this.#calls.delete(key);
        else this.#calls.set(key, { digest: call.digest }, owner);
        return text;
      };
      return isPromise(kept) && this.#shared !== undefined ? kept.then(end) : end();
    };
    if (!isPromise(response)) return Promise.resolve(keep(response));
    return call.running = response.then(keep);
  }

  /** Runs a call whose key no other instance has; otherwise waits for its response. */
  async #findElsewhere(shared: SharedKeys, keyed: KeyedRequest): Promise<string | undefined> {
    const { key, request, call } = keyed;
    const { server, settings } = this.#deps;
    const name = this.#nameOf(key);
    this.#running.add(name);
    try {
      const state = await shared.find({
        name,
        digest: call.digest,
        lifeMs: server.timeoutOf(request).ms + settings.MCP_REPLAY_MS,
        isRepeatable: isRepeatable(request, server.context.catalog),
      });
      if (state.is === "answered") return state.text;
      if (state.is === "refused") return this.#encode(toErrorResponse(state.error, request.id));
      if (call.newest.stream.state === "open") return await this.#run(keyed);
      // Its client has left meanwhile.
      await shared.release(name, undefined);
    } finally {
      this.#running.delete(name);
      call.running = undefined;
      // The store tells of it from now on.
      this.#calls.delete(key);
    }
    return undefined;
  }

  #failure({ id }: JsonRpcRequest, what: string): string {
    return this.#encode(toErrorResponse(keyFailure(what), id));
  }

  /** Name of the response in the store; endpoints share a store. */
  #nameOf(key: string): string {
    return `plain ${sha256Text(`${this.#deps.path} ${key}`)}`;
  }
}

/** Answers on one more stream when the response is there. */
function follow(
  session: StreamSession,
  call: KeyedCall,
  response: Promise<string | undefined>,
): void {
  call.newest = session;
  call.scope?.moveTo(session);
  session.answerLater(response);
}

/** The response that is kept. */
function textOf(frames: Frames | undefined): string | undefined {
  const [frame] = frames ?? [];
  return frame === undefined ? undefined : DECODER.decode(frame);
}

/**
 * The key of a request, bound to its caller and web page; undefined if it has none.
 *
 * @throws {ProtocolError} `invalid_request` for a key that is empty or too long
 */
export function readIdempotencyKey(
  { known, identity, page = OWN_PAGE }: RequestContext,
): string | undefined {
  const key = onlyCopy(known.idempotencyKey, IDEMPOTENCY_KEY);
  if (key === null) return undefined;
  if (key.length > 0 && key.length <= MAX_KEY) {
    return JSON.stringify([identity?.principal ?? null, page, key]);
  }
  throw new ProtocolError(
    "invalid_request",
    `Idempotency-Key must have 1 to ${MAX_KEY} characters; a random UUID is best`,
  );
}

function digestOf(request: JsonRpcRequest): string {
  return sha256Text(JSON.stringify(request));
}

/**
 * Speaks 2026-07-28 with a server, for callers that use the methods of the earlier revisions. Each
 * request says who sends it, a result that asks for input is answered and sent again, and one
 * `subscriptions/listen` replaces the subscriptions.
 *
 * @module
 */
import { ProtocolError, ToolError } from "../base/errors.ts";
import { settlesWithin } from "../base/promises.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { META_KEYS, metaMember, metaOf } from "../wire/meta.ts";
import { METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import { ListenStream } from "./listen_stream.ts";
import type { RequestOptions, ServerRequests, Upstream, UpstreamEvents } from "./upstream.ts";

/** The revision that has no sessions. */
export const MODERN_VERSION = "2026-07-28";
/** A server that asks more often for one request gets no further answer. */
const MAX_ROUNDS = 50;
/** How long a subscription waits for its acknowledgement (ms). */
const ACKNOWLEDGED_MS = 2_000;
const COMPLETE = "complete";
const INPUT_REQUIRED = "input_required";
/** The keys of a result that only the modern revision defines. */
const ENVELOPE = ["resultType", "ttlMs", "cacheScope", "_meta"];

/** Information about the gateway that every request carries. */
export interface ModernClient {
  readonly info: JsonObject;
  readonly capabilities: JsonObject;
}

/** The `_meta` of a request of the modern revision. */
export function modernMeta({ info, capabilities }: ModernClient): JsonObject {
  return {
    [META_KEYS.protocolVersion]: MODERN_VERSION,
    [META_KEYS.clientInfo]: info,
    [META_KEYS.clientCapabilities]: capabilities,
  };
}

/** A connection to a server of 2026-07-28. */
export class ModernUpstream implements ServerRequests {
  readonly #upstream: Upstream;
  readonly #meta: JsonObject;
  readonly #onQuestion: UpstreamEvents["onQuestion"];
  readonly #listening: ListenStream;
  #level: unknown = "info";

  constructor(
    upstream: Upstream,
    client: ModernClient,
    events: Pick<UpstreamEvents, "onNotification" | "onQuestion">,
  ) {
    this.#upstream = upstream;
    this.#meta = modernMeta(client);
    this.#onQuestion = events.onQuestion;
    this.#listening = new ListenStream({
      open: (filter, stream) =>
        upstream.request(METHODS.listen, this.#envelop({ notifications: filter }), {
          ...stream,
          isUncounted: true,
        }),
      onGap: (method) => events.onNotification({ jsonrpc: "2.0", method }),
    });
  }

  get size(): number {
    return this.#upstream.size;
  }

  /** Opens the stream of changes. */
  start(capabilities: JsonObject): void {
    this.#listening.start(capabilities);
  }

  async request(
    method: string,
    params: JsonObject = {},
    options?: RequestOptions,
  ): Promise<JsonObject> {
    switch (method) {
      case METHODS.setLogLevel:
        this.#level = params.level;
        return {};
      case METHODS.subscribe:
        await this.#subscribe(String(params.uri));
        return {};
      case METHODS.unsubscribe:
        this.#listening.delete(String(params.uri));
        return {};
    }
    return await this.#requestInRounds(method, params, options);
  }

  /** Passes cancellations only, because the revision has no other notifications of a client. */
  notify(method: string, params?: JsonObject): void {
    if (method === NOTIFICATIONS.cancelled) this.#upstream.notify(method, params);
  }

  fail(why: string): void {
    this.#listening.stop();
    this.#upstream.fail(why);
  }

  /** Stops the timers of the stream of changes. */
  stop(): void {
    this.#listening.stop();
  }

  /** A server that does not acknowledge it may still send updates. */
  async #subscribe(uri: string): Promise<void> {
    const added = this.#listening.add(uri);
    if (await settlesWithin(ACKNOWLEDGED_MS, added)) await added;
  }

  async #requestInRounds(
    method: string,
    params: JsonObject,
    options?: RequestOptions,
  ): Promise<JsonObject> {
    let sent = params;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const result = await this.#upstream.request(method, this.#envelop(sent), options);
      const { resultType = COMPLETE } = result;
      if (resultType === COMPLETE) return withoutEnvelope(result);
      if (resultType !== INPUT_REQUIRED) {
        throw new ProtocolError(
          "internal_error",
          `The server answered with a result of the type ${
            JSON.stringify(resultType)
          }, which the ` +
            "gateway does not pass on",
        );
      }
      const { inputRequests, requestState } = result;
      const inputResponses = await this.#answers(
        isObject(inputRequests) ? inputRequests : {},
        options?.signal,
      );
      sent = { ...params, inputResponses, ...(requestState !== undefined && { requestState }) };
    }
    throw new ProtocolError(
      "internal_error",
      `The server asked for input more than ${MAX_ROUNDS} times for one ${method}`,
    );
  }

  /** Asks the client one question after another, because a session answers in that order, too. */
  async #answers(requests: JsonObject, signal: AbortSignal | undefined): Promise<JsonObject> {
    const answers: Record<string, unknown> = {};
    for (const [key, asked] of Object.entries(requests)) {
      const { method, params } = isObject(asked) ? asked : {};
      if (typeof method !== "string" || this.#onQuestion === undefined) {
        throw new ProtocolError(
          "internal_error",
          `The server asked for ${String(method)}, and the clients of this gateway cannot be asked`,
        );
      }
      const asking = this.#onQuestion(method, isObject(params) ? params : {}, signal);
      // The revision has no error as an answer, so the call ends with it.
      answers[key] = await asking.catch((error) => {
        throw error instanceof ToolError
          ? new ProtocolError("internal_error", error.message)
          : error;
      });
    }
    return answers;
  }

  #envelop(params: JsonObject): JsonObject {
    const _meta = { ...metaOf(params), ...this.#meta, [META_KEYS.logLevel]: this.#level };
    return { ...params, _meta };
  }
}

function withoutEnvelope(result: JsonObject): JsonObject {
  const members = Object.entries(result).filter(([key]) => !ENVELOPE.includes(key));
  return { ...Object.fromEntries(members), ...metaMember(result) };
}

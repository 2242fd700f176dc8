/**
 * `subscriptions/listen` (2026-07-28, basic/patterns/subscriptions): which changes a client
 * wants to hear of, and the messages of its stream, each tagged with the id of the request that opened it.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import { MAX_SUBSCRIBED_URI, UriSet } from "../../registry/uri_set.ts";
import {
  isObject,
  type JsonObject,
  type JsonRpcId,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  notification,
  resultResponse,
} from "../../wire/json_rpc.ts";
import { META_KEYS, metaOf } from "../../wire/meta.ts";
import { NOTIFICATIONS } from "../../wire/methods.ts";
import type { Implementation } from "../../wire/mcp_types.ts";

/** Most resources one subscription may name. */
const MAX_RESOURCES = 1_000;
const FLAGS = {
  tools: "toolsListChanged",
  prompts: "promptsListChanged",
  resources: "resourcesListChanged",
} as const;

/** The changes that one client subscribes to. */
export class Subscription {
  readonly id: JsonRpcId;
  /** The lists whose changes it wants. */
  readonly #lists: JsonObject;
  readonly #uris: UriSet;
  readonly #info: Implementation;

  /** @throws {ProtocolError} `invalid_params` for a filter that is not one */
  constructor({ id, params }: JsonRpcRequest, info: Implementation) {
    const asked = params?.notifications;
    if (!isObject(asked)) {
      throw new ProtocolError(
        "invalid_params",
        'Invalid params: "notifications" must be an object that says what to listen to',
      );
    }
    this.id = id;
    this.#info = info;
    this.#uris = new UriSet(checkedUris(asked.resourceSubscriptions));
    this.#lists = Object.fromEntries(
      Object.values(FLAGS).filter((flag) => asked[flag] === true).map((flag) => [flag, true]),
    );
  }

  /** The resources whose updates it wants. */
  get uris(): UriSet {
    return this.#uris;
  }

  wantsChange(change: CatalogChange): boolean {
    return change.kind === "resource"
      ? this.#uris.covers(change.uri)
      : this.#lists[FLAGS[change.kind]] === true;
  }

  /** The first message: the part of the filter that the server serves. */
  acknowledgement(): JsonRpcNotification {
    const notifications = {
      ...this.#lists,
      ...(this.#uris.size > 0 && { resourceSubscriptions: [...this.#uris] }),
    };
    return this.tag(notification(NOTIFICATIONS.subscriptionAcknowledged, { notifications }));
  }

  /** A notification as this subscription sends it. */
  tag({ method, params }: JsonRpcNotification): JsonRpcNotification {
    const _meta = { ...metaOf(params), [META_KEYS.subscriptionId]: this.id };
    return notification(method, { ...params, _meta });
  }

  /** The last message: the server ends the subscription. */
  end(): JsonRpcResponse {
    return resultResponse(this.id, {
      resultType: "complete",
      _meta: { [META_KEYS.subscriptionId]: this.id, [META_KEYS.serverInfo]: this.#info },
    });
  }
}

function checkedUris(uris: unknown): readonly string[] {
  if (uris === undefined) return [];
  if (
    Array.isArray(uris) && uris.length <= MAX_RESOURCES &&
    uris.every((uri) => typeof uri === "string" && uri.length <= MAX_SUBSCRIBED_URI)
  ) return uris;
  throw new ProtocolError(
    "invalid_params",
    `Invalid params: "resourceSubscriptions" must be a list of at most ${MAX_RESOURCES} URIs of at ` +
      `most ${MAX_SUBSCRIBED_URI} characters`,
  );
}

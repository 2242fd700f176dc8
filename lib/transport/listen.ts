/**
 * `subscriptions/listen` over HTTP: a request whose answer is a stream that stays.
 *
 * @module
 */
import type { ChangeBus, ChangeListener } from "../mcp/change_bus.ts";
import { Subscription } from "../mcp/subscription.ts";
import type { CatalogChange } from "../registry/catalog.ts";
import type { ConnectionRegistry } from "../stream/connection_registry.ts";
import type { SseConnection } from "../stream/sse_connection.ts";
import type { SseDialect, StreamWork } from "../stream/stream_types.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../wire/json_rpc.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { encodeJsonEvent, KEEPALIVE } from "../wire/sse.ts";
import { type Peer, streamClient } from "./peer.ts";
import { eventStream } from "./respond.ts";

/** What listen streams work with. */
export interface ListenDeps {
  readonly info: Implementation;
  readonly connections: ConnectionRegistry;
  readonly changes: ChangeBus;
}

/** The stream says that it ends, whenever the server ends it. */
const LISTEN: SseDialect = {
  name: "listen",
  isLasting: true,
  ping: () => KEEPALIVE,
  goodbye: ({ connection }) =>
    connection.work instanceof ListenStream ? connection.work.farewell() : undefined,
};

/** Opens a listen stream. */
export function openListen(
  deps: ListenDeps,
  from: { readonly request: Request; readonly peer: Peer; readonly message: JsonRpcRequest },
): Response {
  const subscription = new Subscription(from.message, deps.info);
  const stream = new ListenStream(subscription, deps.changes);
  const client = streamClient(from.request, from.peer);
  const connection = deps.connections.open({ dialect: LISTEN, client, work: stream });
  stream.start(connection, from.request);
  return eventStream(connection);
}

class ListenStream implements StreamWork, ChangeListener {
  /** A listen stream holds nothing up. */
  readonly size = 0;
  /** Belongs to the change bus. */
  place = -1;
  readonly #subscription: Subscription;
  readonly #changes: ChangeBus;
  #connection: SseConnection | undefined;

  constructor(subscription: Subscription, changes: ChangeBus) {
    this.#subscription = subscription;
    this.#changes = changes;
  }

  start(connection: SseConnection, request: Request): void {
    this.#connection = connection;
    this.#changes.add(this);
    connection.open(encodeJsonEvent(this.#subscription.acknowledgement()), request);
  }

  abortAll(): void {
    this.#changes.remove(this);
  }

  wantsChange(change: CatalogChange): boolean {
    return this.#subscription.wantsChange(change);
  }

  sendChange(message: JsonRpcNotification): void {
    this.#connection?.say(this.#subscription.tag(message));
  }

  farewell(): Uint8Array {
    return encodeJsonEvent(this.#subscription.end());
  }
}

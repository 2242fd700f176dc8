/**
 * `subscriptions/listen` over HTTP: a request whose answer is a stream that stays.
 *
 * @module
 */
import type { ChangeBus, ChangeListener } from "../../mcp/changes/change_bus.ts";
import { Subscription } from "../../mcp/changes/subscription.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { SseDialect, StreamWork } from "../../stream/stream_types.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { Implementation } from "../../wire/mcp_types.ts";
import { encodeJsonEvent, KEEPALIVE } from "../../wire/sse.ts";
import { type Peer, streamClient } from "../peer.ts";
import { eventStream } from "../respond.ts";

/** What listen streams work with. */
export interface ListenDeps {
  readonly info: Implementation;
  readonly connections: StreamRegistry;
  readonly changes: ChangeBus;
}

/** The stream says that it ends, whenever the server ends it. */
const LISTEN: SseDialect = {
  name: "listen",
  isLongLived: true,
  ping: () => KEEPALIVE,
  closingFrame: ({ connection }) =>
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
  readonly unanswered = 0;
  /** Belongs to the change bus. */
  place = -1;
  readonly #subscription: Subscription;
  readonly #changes: ChangeBus;
  #connection: EventStream | undefined;

  constructor(subscription: Subscription, changes: ChangeBus) {
    this.#subscription = subscription;
    this.#changes = changes;
  }

  start(connection: EventStream, request: Request): void {
    this.#connection = connection;
    this.#changes.add(this);
    connection.open(encodeJsonEvent(this.#subscription.acknowledgement()), request);
  }

  onEnded(): void {
    this.#changes.remove(this);
  }

  wantsChange(change: CatalogChange): boolean {
    return this.#subscription.wantsChange(change);
  }

  sendChange(message: JsonRpcNotification): void {
    this.#connection?.sendMessage(this.#subscription.tag(message));
  }

  farewell(): Uint8Array {
    return encodeJsonEvent(this.#subscription.end());
  }
}

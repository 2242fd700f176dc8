/**
 * `subscriptions/listen` over HTTP: a request that is answered by a long-lived stream.
 *
 * @module
 */
import type { ChangeBus, ChangeListener } from "../../mcp/changes/change_bus.ts";
import { Subscription } from "../../mcp/changes/subscription.ts";
import { settlesWithin } from "../../base/promises.ts";
import type { Catalog, CatalogChange, SubscriptionWatcher } from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import { comeBackMs } from "../../stream/planned_end.ts";
import type { PongState } from "../../stream/heartbeat.ts";
import { type FrameSink, QUIET_DRIVER, type StreamDriver } from "../../stream/stream_driver.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { Implementation } from "../../wire/mcp_types.ts";
import { formatJson, KEEPALIVE, retryField } from "../../wire/sse.ts";
import type { RequestContext } from "../request_head.ts";
import { eventStream } from "../respond.ts";

/** How long the acknowledgement waits for the owners of the resources (ms). */
const HOLDING_MS = 2_000;

/** Dependencies of listen streams. */
export interface ListenDeps {
  readonly info: Implementation;
  readonly catalog: Catalog;
  readonly streams: StreamRegistry;
  readonly changes: ChangeBus;
}

/** Opens a listen stream. */
export function openListen(
  deps: ListenDeps,
  c: RequestContext,
  message: JsonRpcRequest,
): Response {
  const subscription = new Subscription(message, deps.info);
  const driver = new ListenDriver(subscription, deps.changes, c.identity?.scopes);
  const watcher = subscription.uris.size === 0 ? undefined : deps.catalog.watcher;
  const first = () =>
    watcher === undefined ? formatJson(subscription.acknowledgement()) : KEEPALIVE;
  const stream = deps.streams.open(c, { driver, first });
  driver.start(stream);
  if (watcher !== undefined) driver.acknowledge(watcher);
  return eventStream(stream);
}

/** A subscription and its stream. */
class ListenDriver implements StreamDriver, ChangeListener {
  readonly granted: readonly string[] | undefined;
  readonly #subscription: Subscription;
  readonly #changes: ChangeBus;
  #stream: EventStream | undefined;
  #listening: Disposable | undefined;
  /** Changes before the acknowledgement, which must be the first message; undefined after it. */
  #early: JsonRpcNotification[] | undefined;

  constructor(
    subscription: Subscription,
    changes: ChangeBus,
    granted: readonly string[] | undefined,
  ) {
    this.#subscription = subscription;
    this.#changes = changes;
    this.granted = granted;
  }

  get name(): "listen" {
    return "listen";
  }

  get isLongLived(): boolean {
    return true;
  }

  /** A listen stream holds nothing up. */
  isBusy(): boolean {
    return false;
  }

  get unanswered(): number {
    return 0;
  }

  get answeredCount(): number {
    return 0;
  }

  get listScopes(): readonly string[] | undefined {
    return this.granted;
  }

  start(stream: EventStream): void {
    if (stream.state !== "open") return;
    this.#stream = stream;
    this.#listening = this.#changes.add(this);
  }

  /**
   * Acknowledges the subscription once each resource is known to be held, without those that were
   * refused.
   */
  acknowledge(watcher: SubscriptionWatcher): void {
    const { uris } = this.#subscription;
    const pending = [...uris].flatMap((uri) =>
      watcher.holding(uri)?.catch(() => uris.delete(uri)) ?? []
    );
    if (pending.length === 0) return this.#acknowledge();
    this.#early = [];
    // A server that does not answer may still send updates.
    void settlesWithin(HOLDING_MS, Promise.all(pending)).then(() => this.#acknowledge());
  }

  #acknowledge(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#stream?.sendMessage(this.#subscription.acknowledgement());
    for (const message of early) this.sendChange(message);
  }

  ping(): string {
    return KEEPALIVE;
  }

  /** Whenever the server ends the stream, it says so. */
  closingFrame(reason: CloseReason): string {
    const retryMs = comeBackMs(reason);
    const end = formatJson(this.#subscription.end());
    return retryMs === undefined ? end : retryField(retryMs) + end;
  }

  onEnded(): void {
    this.#listening?.[Symbol.dispose]();
  }

  get subscribed(): UriSet {
    return this.#subscription.uris;
  }

  wantsChange(change: CatalogChange): boolean {
    return this.#subscription.wantsChange(change);
  }

  sendChange(message: JsonRpcNotification): void {
    if (this.#early !== undefined) return void this.#early.push(message);
    this.#stream?.sendMessage(this.#subscription.tag(message));
  }

  sendDeferred(text: string, stream: FrameSink): void {
    QUIET_DRIVER.sendDeferred(text, stream);
  }

  /** Listen streams have no way for the client to answer. */
  pingClient(): PongState {
    return "unknown";
  }
}

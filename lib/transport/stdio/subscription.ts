import { ALL_SCOPES } from "../../auth/scopes.ts";
import type { ChangeBus, ChangeListener } from "../../mcp/changes/change_bus.ts";
import type { Subscription } from "../../mcp/changes/subscription.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import type { JsonRpcNotification } from "../../wire/json_rpc.ts";

/** One `subscriptions/listen` on the shared pipe. */
export class StdioSubscription implements ChangeListener {
  readonly subscription: Subscription;
  readonly #send: (message: JsonRpcNotification) => void;
  readonly #listening: Disposable;

  constructor(
    subscription: Subscription,
    changes: ChangeBus,
    send: (message: JsonRpcNotification) => void,
  ) {
    this.subscription = subscription;
    this.#send = send;
    this.#listening = changes.add(this);
  }

  /** Ends the notifications. */
  stop(): void {
    this.#listening[Symbol.dispose]();
  }

  get subscribed(): UriSet {
    return this.subscription.uris;
  }

  get granted(): readonly string[] {
    return ALL_SCOPES;
  }

  get listScopes(): readonly string[] {
    return ALL_SCOPES;
  }

  wantsChange(change: CatalogChange): boolean {
    return this.subscription.wantsChange(change);
  }

  sendChange(message: JsonRpcNotification): void {
    this.#send(this.subscription.tag(message));
  }
}

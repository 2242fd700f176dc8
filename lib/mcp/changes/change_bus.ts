/**
 * Tells clients that a list or a resource has changed, each in its own dialect.
 *
 * @module
 */
import { hasScopes } from "../../auth/scopes.ts";
import { logFor } from "../../base/log.ts";
import { SlotList } from "../../base/slot_list.ts";
import type {
  Catalog,
  CatalogChange,
  ListKind,
  SubscriptionWatcher,
} from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import { SEES_ALL, SEES_SERVED, type Visibility } from "../../registry/visibility.ts";
import { type JsonRpcNotification, notification } from "../../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../../wire/methods.ts";

/** A client that may want to hear of changes. */
export interface ChangeListener {
  /** The resources that the client subscribes to; undefined if it cannot. */
  readonly subscribed?: UriSet | undefined;
  /** Features that the client's session sees; undefined for the default. */
  readonly visibility?: Visibility | undefined;
  /** Whether the client asked for this change. */
  wantsChange(change: CatalogChange): boolean;
  /** Sends the notification, in its dialect's form. Never throws. */
  sendChange(message: JsonRpcNotification): void;
}

const log = logFor("mcp");
const LIST_CHANGED: Readonly<Record<ListKind, JsonRpcNotification>> = {
  tools: notification(NOTIFICATIONS.toolsChanged),
  resources: notification(NOTIFICATIONS.resourcesChanged),
  prompts: notification(NOTIFICATIONS.promptsChanged),
};

/** Tells the listeners when lists or resources change. */
export class ChangeBus {
  readonly #catalog: Catalog;
  readonly #listeners = new SlotList<ChangeListener>();
  /** Changes of this turn of the event loop, each once. */
  readonly #waiting = new Map<string, CatalogChange>();
  /** Those of them that happened here. */
  readonly #own = new Set<CatalogChange>();
  /** Told of the changes that happened here, where other instances have listeners too. */
  publish: ((changes: readonly CatalogChange[]) => void) | undefined;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.onChange((change) => {
      if (this.publish !== undefined) this.#own.add(change);
      this.#note(change);
    });
  }

  /** Tells the listeners of a change that happened at another instance. */
  noteRemote(change: CatalogChange): void {
    this.#note(change);
  }

  /**
   * Tells all clients to read again everything that may have changed unseen at another instance.
   */
  noteMissed(): void {
    for (const kind of ["tools", "resources", "prompts"] as const) this.#note({ kind });
    for (const listener of [...this.#listeners]) {
      for (const uri of listener.subscribed ?? []) {
        const change = { kind: "resource", uri } as const;
        this.#tellOne(listener, this.#toTell(change));
      }
    }
  }

  /** @returns to be disposed of when the client listens no more */
  add(listener: ChangeListener): Disposable {
    const listening = new Listening(this.#listeners, listener);
    const { watcher } = this.#catalog;
    if (watcher === undefined || listener.subscribed === undefined) return listening;
    return new Watched(listening, listener.subscribed, watcher);
  }

  #note(change: CatalogChange): void {
    if (this.#waiting.size === 0) queueMicrotask(() => this.#tell());
    this.#waiting.set(nameOf(change), change);
  }

  #tell(): void {
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    if (this.#own.size > 0) this.#publishOwn();
    for (const change of changes) {
      const told = this.#toTell(change);
      for (const listener of [...this.#listeners]) this.#tellOne(listener, told);
    }
  }

  /** A client hears nothing of a resource that was hidden from it after it subscribed. */
  #isHiddenFrom({ visibility }: ChangeListener, { change, isHidden }: ToldChange): boolean {
    if (change.kind !== "resource") return false;
    if (visibility === undefined || visibility === SEES_SERVED) return isHidden;
    return this.#catalog.isHidden(change.uri, visibility);
  }

  /** A subscription to a parent says nothing about scopes that only its sub-resource needs. */
  #guarded(change: CatalogChange): CatalogChange {
    if (change.kind !== "resource" || !this.#catalog.isGuarded) return change;
    const needed = this.#scopesOf(change.uri);
    if (needed.length === 0) return change;
    const isParent = (uri: string) => hasScopes(needed, this.#scopesOf(uri));
    return { ...change, isParent };
  }

  #scopesOf(uri: string): readonly string[] {
    return this.#catalog.answering(uri, SEES_ALL)?.scopes ?? [];
  }

  #publishOwn(): void {
    const byName = new Map([...this.#own].map((change) => [nameOf(change), change]));
    this.#own.clear();
    this.publish?.([...byName.values()]);
  }

  #toTell(noted: CatalogChange): ToldChange {
    const change = this.#guarded(noted);
    const isHidden = change.kind === "resource" && this.#catalog.isHidden(change.uri);
    return { change, message: changeNotification(change), isHidden };
  }

  #tellOne(listener: ChangeListener, told: ToldChange): void {
    try {
      if (listener.wantsChange(told.change) && !this.#isHiddenFrom(listener, told)) {
        listener.sendChange(told.message);
      }
    } catch (error) {
      log.error("Change notification failed", { error });
    }
  }
}

/** A change, as the listeners are told of it. */
interface ToldChange {
  readonly change: CatalogChange;
  readonly message: JsonRpcNotification;
  /** Whether it is of a resource that clients do not see by default. */
  readonly isHidden: boolean;
}

/** A name by which equal changes are told once. */
function nameOf(change: CatalogChange): string {
  return change.kind === "resource" ? change.uri : ` ${change.kind}`;
}

/** A listener's place on the bus, until it is disposed of. */
class Listening implements Disposable {
  readonly #listeners: SlotList<ChangeListener>;
  #slot: number | undefined;

  constructor(listeners: SlotList<ChangeListener>, listener: ChangeListener) {
    this.#listeners = listeners;
    this.#slot = listeners.add(listener);
  }

  [Symbol.dispose](): void {
    if (this.#slot !== undefined) this.#listeners.delete(this.#slot);
    this.#slot = undefined;
  }
}

/** Reports the subscriptions of a listener to a watcher, until it is disposed of. */
class Watched implements Disposable {
  readonly #listening: Disposable;
  readonly #uris: UriSet;
  readonly #watcher: SubscriptionWatcher;
  readonly #note = (uri: string, isMember: boolean): void =>
    isMember ? this.#watcher.subscribed(uri) : this.#watcher.unsubscribed(uri);

  constructor(listening: Disposable, uris: UriSet, watcher: SubscriptionWatcher) {
    this.#listening = listening;
    this.#uris = uris;
    this.#watcher = watcher;
    for (const uri of uris) watcher.subscribed(uri);
    uris.onChange = this.#note;
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    // The subscriptions may have another owner by now.
    if (this.#uris.onChange !== this.#note) return;
    this.#uris.onChange = undefined;
    for (const uri of this.#uris) this.#watcher.unsubscribed(uri);
  }
}

/** The notification that tells a change. */
export function changeNotification(change: CatalogChange): JsonRpcNotification {
  if (change.kind !== "resource") return LIST_CHANGED[change.kind];
  const { uri, meta } = change;
  const params = meta === undefined ? { uri } : { uri, _meta: meta };
  return notification(NOTIFICATIONS.resourceUpdated, params);
}

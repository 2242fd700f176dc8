/**
 * Tells clients that a list or a resource has changed, each in its own dialect.
 *
 * @module
 */
import { ALL_SCOPES, hasScopes } from "../../auth/scopes.ts";
import { logFor } from "../../base/log.ts";
import { SlotList } from "../../base/slot_list.ts";
import type {
  Catalog,
  CatalogChange,
  ListKind,
  SubscriptionWatcher,
} from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import {
  changesView,
  dependsOnScopes,
  SEES_ALL,
  SEES_SERVED,
  type Viewer,
  type Visibility,
} from "../../registry/visibility.ts";
import { type JsonRpcNotification, notification } from "../../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../../wire/methods.ts";

/** A client that may want to hear of changes. */
export interface ChangeListener {
  /** The resources that the client subscribes to; undefined if it cannot. */
  readonly subscribed?: UriSet | undefined;
  /** Features that the client's session sees; undefined for the default. */
  readonly visibility?: Visibility | undefined;
  /** The client's scopes; undefined if it has none. */
  readonly granted?: readonly string[] | undefined;
  /** The scopes that decide what the client finds in lists. */
  readonly listScopes?: readonly string[] | undefined;
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
    const name = nameOf(change);
    this.#waiting.set(name, joined(this.#waiting.get(name), change));
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

  /**
   * A client hears nothing of features that it does not find in lists, and of a resource without the
   * scopes for it: it may have subscribed before the resource was hidden, or was there.
   */
  #reaches(
    { visibility, granted, listScopes }: ChangeListener,
    { change, isSeen, needed, isScoped }: ToldChange,
  ): boolean {
    if (!hasScopes(needed, granted)) return false;
    const seesDefault = visibility === undefined || visibility === SEES_SERVED;
    if (seesDefault && !(isSeen && isScoped)) return isSeen;
    return this.#isSeen(change, { visibility, granted: listScopes });
  }

  #isSeen(change: CatalogChange, viewer: Viewer): boolean {
    return change.kind === "resource"
      ? !this.#catalog.isHidden(change.uri, viewer.visibility)
      : change.shifts === undefined || changesView(change.shifts, viewer);
  }

  #neededFor(change: CatalogChange): readonly string[] {
    if (change.kind !== "resource" || !this.#catalog.isGuarded) return NO_SCOPES;
    return this.#catalog.answering(change.uri, SEES_ALL)?.scopes ?? NO_SCOPES;
  }

  /** Other instances are not told which features have changed, as they have their own. */
  #publishOwn(): void {
    const byName = new Map<string, CatalogChange>();
    for (const change of this.#own) {
      if (change.kind === "resource") byName.set(nameOf(change), change);
      else if (this.#isSeen(change, SEES_DEFAULT)) {
        byName.set(nameOf(change), { kind: change.kind });
      }
    }
    this.#own.clear();
    if (byName.size > 0) this.publish?.([...byName.values()]);
  }

  #toTell(change: CatalogChange): ToldChange {
    return {
      change,
      message: changeNotification(change),
      isSeen: this.#isSeen(change, SEES_DEFAULT),
      needed: this.#neededFor(change),
      isScoped: change.kind !== "resource" && dependsOnScopes(change.shifts ?? []),
    };
  }

  #tellOne(listener: ChangeListener, told: ToldChange): void {
    try {
      if (listener.wantsChange(told.change) && this.#reaches(listener, told)) {
        listener.sendChange(told.message);
      }
    } catch (error) {
      log.error("Change notification failed", { error });
    }
  }
}

const NO_SCOPES: readonly string[] = [];
/** Sees what is served, whatever scopes it needs. */
const SEES_DEFAULT: Viewer = { visibility: SEES_SERVED, granted: ALL_SCOPES };
/** If more features change at once, all clients are told. */
const MAX_SHIFTS = 100;

/** A change, as its listeners get it. */
interface ToldChange {
  readonly change: CatalogChange;
  readonly message: JsonRpcNotification;
  /** Whether it is of features that clients see by default. */
  readonly isSeen: boolean;
  /** The scopes that a client needs to hear of it. */
  readonly needed: readonly string[];
  /** Whether the scopes of a client decide if its list has changed. */
  readonly isScoped: boolean;
}

/** Two changes of the same thing in one. */
function joined(earlier: CatalogChange | undefined, later: CatalogChange): CatalogChange {
  if (earlier === undefined || earlier.kind === "resource" || later.kind === "resource") {
    return later;
  }
  const { kind } = later;
  const shifts = [...earlier.shifts ?? [], ...later.shifts ?? []];
  const isKnown = earlier.shifts !== undefined && later.shifts !== undefined;
  return isKnown && shifts.length <= MAX_SHIFTS ? { kind, shifts } : { kind };
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

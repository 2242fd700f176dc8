/**
 * The catalog: everything that the server offers, by name. It tells its listeners of each change.
 *
 * @module
 */
import { ALL_SCOPES } from "../auth/scopes.ts";
import { wordsFor } from "../base/members.ts";
import { CatalogList } from "./catalog_list.ts";
import { type Features, flatten } from "./group.ts";
import type { Guarded } from "./access.ts";
import type { ToolContext } from "./context.ts";
import type { ReadResourceResult } from "../wire/mcp_types.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource, ResourceTemplate } from "./resource.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { Tool } from "./tool.ts";
import { MAX_URI_LENGTH, normalizeUri } from "./uri.ts";
import { SEES_ALL, type Shift, type Viewer, type Visibility } from "./visibility.ts";

/** The kinds of features; each kind has its own list. */
export type ListKind = "tools" | "resources" | "prompts";

/** The former name of {@linkcode Features}. */
export type Offer = Features;

/** A change that clients are notified of. */
export type CatalogChange =
  | {
    readonly kind: ListKind;
    /** The features that came, went or were switched; undefined if it is not known which. */
    readonly shifts?: readonly Shift[];
  }
  | {
    readonly kind: "resource";
    readonly uri: string;
    /** The `_meta` of the notification. */
    readonly meta?: JsonObject;
  };

/** Follows the clients' subscriptions: called once for each client and resource. */
export interface SubscriptionWatcher {
  subscribed(uri: string): void;
  unsubscribed(uri: string): void;
  /**
   * Settles when it is known whether a subscription works: rejects with the error of the resource's
   * owner.
   *
   * @returns undefined if there is nothing to wait for
   */
  holding(uri: string): Promise<void> | undefined;
}

/** Reads resources that no list names, such as those that results of tools link to. */
export interface UnlistedReader extends Guarded {
  /**
   * Reads a resource.
   *
   * @returns undefined if it has no resources at all
   * @throws {ProtocolError} if it has not this one
   */
  readonly read: (uri: string, ctx: ToolContext) => Promise<ReadResourceResult> | undefined;
}

/**
 * All features that the server offers. Features may come and go while the server runs, and clients
 * are notified.
 */
export class Catalog {
  readonly tools: CatalogList<Tool> = new CatalogList(
    "tool",
    (shifts) => this.#changed({ kind: "tools", shifts }),
  );
  readonly resources: CatalogList<Resource> = new CatalogList(
    "resource",
    (shifts) => this.#changed({ kind: "resources", shifts }),
  );
  readonly resourceTemplates: CatalogList<ResourceTemplate> = new CatalogList(
    "resource template",
    (shifts) => this.#changed({ kind: "resources", shifts }),
  );
  readonly prompts: CatalogList<Prompt> = new CatalogList(
    "prompt",
    (shifts) => this.#changed({ kind: "prompts", shifts }),
  );
  readonly #unlisted: UnlistedReader[] = [];
  #unlistedScopes: readonly string[] = [];
  /** Worked out at the first question after a change, because every request asks. */
  #isGuarded: boolean | undefined;
  /** Follows the subscriptions; set before the first client comes. */
  watcher: SubscriptionWatcher | undefined;
  /** Made at the first look-up of a revision that needs it. */
  #byNormalUri:
    | { readonly revision: number; readonly byUri: ReadonlyMap<string, string> }
    | undefined;
  readonly #listeners = new Set<(change: CatalogChange) => void>();

  /** @throws {RegistrationError} when two of a kind share a name, with the origin of both */
  constructor(features: Features = {}) {
    const { tools, resources, resourceTemplates, prompts } = flatten(features);
    for (const tool of tools) this.tools.add(tool);
    for (const resource of resources) this.resources.add(resource);
    for (const template of resourceTemplates) this.resourceTemplates.add(template);
    for (const prompt of prompts) this.prompts.add(prompt);
  }

  /**
   * The resource with that URI, or with one that RFC 3986 calls equivalent (section 6.2).
   *
   * @param uri as a client sent it
   * @param visibility features that the client's session sees; undefined for the default
   */
  resource(uri: string, visibility?: Visibility): Resource | undefined {
    const exact = this.resources.find(uri, visibility);
    if (exact !== undefined || uri.length > MAX_URI_LENGTH) return exact;
    const equivalent = this.#byUri().get(normalizeUri(uri));
    return equivalent === undefined ? undefined : this.resources.find(equivalent, visibility);
  }

  /**
   * The resource or template that a `ref/resource` names: by the template's own text, or by a URI.
   *
   * @param uri a URI or a template, as a client sent it
   * @param visibility features that the client's session sees; undefined for the default
   */
  referenced(uri: string, visibility?: Visibility): Resource | ResourceTemplate | undefined {
    const exact = this.resourceTemplates.find(uri, visibility) ?? this.resource(uri, visibility);
    if (exact !== undefined || uri.length > MAX_URI_LENGTH) return exact;
    const templates = [
      ...this.resourceTemplates.visibleTo({ granted: ALL_SCOPES, visibility }),
    ];
    const normal = normalizeUri(uri);
    return templates.find(({ name }) => normalizeUri(name) === normal) ??
      templates.find((template) => template.matches(uri));
  }

  /**
   * The feature that answers `resources/read` of a URI: its resource, or the first template that
   * matches.
   *
   * @param uri as a client sent it
   * @param visibility features that the client's session sees; undefined for the default
   */
  answering(uri: string, visibility?: Visibility): Resource | ResourceTemplate | undefined {
    const templates = this.resourceTemplates;
    return this.resource(uri, visibility) ??
      templates.visibleTo({ granted: ALL_SCOPES, visibility })
        .find((template) => template.matches(uri));
  }

  /**
   * Whether a resource is hidden from a client: a disabled feature answers for its URI, or one that
   * the client's session hides. A URI that belongs to no feature is not hidden.
   *
   * @param visibility features that the client's session sees; undefined for the default
   */
  isHidden(uri: string, visibility?: Visibility): boolean {
    return this.answering(uri, visibility) === undefined &&
      this.answering(uri, SEES_ALL) !== undefined;
  }

  /** The readers that are asked, in this order, for a URI that no feature answers for. */
  get unlisted(): readonly UnlistedReader[] {
    return this.#unlisted;
  }

  /** The scopes that such a URI needs: none if one of the readers needs none. */
  get unlistedScopes(): readonly string[] {
    return this.#unlistedScopes;
  }

  /** Has a reader asked for URIs that no feature answers for. */
  addUnlisted(reader: UnlistedReader): void {
    this.#unlisted.push(reader);
    const needed = this.#unlisted.map(({ scopes = [] }) => scopes);
    const isOpen = needed.some((scopes) => scopes.length === 0);
    this.#unlistedScopes = isOpen ? [] : [...new Set(needed.flat())];
    this.#isGuarded = undefined;
  }

  /** The names of all resources, by the normal forms of their URIs. */
  #byUri(): ReadonlyMap<string, string> {
    const { revision } = this.resources;
    if (this.#byNormalUri?.revision !== revision) {
      const names = [...this.resources.names()].reverse();
      const byUri = new Map(names.map((name) => [normalizeUri(name), name]));
      this.#byNormalUri = { revision, byUri };
    }
    return this.#byNormalUri.byUri;
  }

  /** The features with a tag that a client finds in each list, as a text. */
  seenWith(tag: string, viewer: Viewer): Readonly<Record<ListKind, string>> {
    const { resources, resourceTemplates } = this;
    return {
      tools: this.tools.seenWith(tag, viewer),
      resources: resources.seenWith(tag, viewer) + resourceTemplates.seenWith(tag, viewer),
      prompts: this.prompts.seenWith(tag, viewer),
    };
  }

  /** Whether anything here needs scopes. */
  get isGuarded(): boolean {
    return this.#isGuarded ??= this.unlistedScopes.length > 0 ||
      this.#lists().some(({ access }) => access.isGuarded);
  }

  /**
   * Serves all that have a tag, of every kind.
   *
   * @returns whether that changed anything; clients are notified of each list that changed
   */
  enable(selection: { readonly tag: string }): boolean {
    return this.#lists().filter((list) => list.enable(selection)).length > 0;
  }

  /**
   * Stops serving all that have a tag, of every kind.
   *
   * @returns whether that changed anything; clients are notified of each list that changed
   */
  disable(selection: { readonly tag: string }): boolean {
    return this.#lists().filter((list) => list.disable(selection)).length > 0;
  }

  /** All features, also those that are switched off. */
  all(): readonly (Tool | Resource | ResourceTemplate | Prompt)[] {
    const { tools, resources, resourceTemplates, prompts } = this;
    return [...tools.all(), ...resources.all(), ...resourceTemplates.all(), ...prompts.all()];
  }

  #lists(): readonly Pick<CatalogList<Tool>, "access" | "enable" | "disable">[] {
    return [this.tools, this.resources, this.resourceTemplates, this.prompts];
  }

  /**
   * Tells the clients that subscribed to a resource, or to a parent of it, that it has changed.
   *
   * @param meta the `_meta` of the notification
   * @throws {TypeError} if the URI is not a text
   */
  resourceUpdated(uri: string, meta?: JsonObject): void {
    if (typeof uri !== "string") {
      throw new TypeError(`resourceUpdated() takes the URI of a resource, not ${wordsFor(uri)}`);
    }
    this.#changed({ kind: "resource", uri, ...(meta !== undefined && { meta }) });
  }

  /** Notifies the clients that a list has changed, if some of them get another list than this. */
  listChanged(kind: ListKind): void {
    this.#changed({ kind });
  }

  /**
   * Has `listener` told of every change.
   *
   * @returns stops that
   */
  onChange(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(change: CatalogChange): void {
    this.#isGuarded = undefined;
    for (const listener of this.#listeners) listener(change);
  }
}

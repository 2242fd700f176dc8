import { ALL_SCOPES } from "../../auth/scopes.ts";
import type { Settings } from "../../base/settings.ts";
import { copyText } from "../../base/copy_text.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import type { Caller, ToolSession } from "../../registry/context.ts";
import { UriSet } from "../../registry/uri_set.ts";
import {
  isObject,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcResponse,
} from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import { DEFAULT_VERSION, negotiate, type ProtocolVersion } from "../../wire/protocol_versions.ts";
import { SEES_SERVED, SessionVisibility, type Visibility } from "../../registry/visibility.ts";
import { SessionData } from "./session_data.ts";
import { ClientPings } from "./client_pings.ts";
import { ClientRequests } from "../ask/client_requests.ts";
import type { Asker, AskingCall, Question } from "../ask/questions.ts";
import { InFlight } from "../in_flight.ts";
import { DEFAULT_LOG_LEVEL } from "../log_levels.ts";

/** Dependencies of {@linkcode ClientState}. */
export interface ClientStateOptions {
  readonly wheel: TimerWheel;
  /** A client's answer has as much time as a request. */
  readonly settings: Pick<Settings, "MCP_REQUEST_TIMEOUT_MS">;
  /** This instance, where several serve one client. */
  readonly fleet?: { readonly me: string } | undefined;
}

/** The part of the `initialize` agreement that must survive a restart. */
export interface Negotiated {
  readonly version: ProtocolVersion;
  readonly clientName?: string;
  readonly clientVersion?: string;
  readonly capabilities: ClientCapabilities;
}

/** Longest name and version of a client that are kept, in characters. */
const MAX_CLIENT_TEXT = 100;

const nothing = () => {};
const NOT_INITIALIZED: Negotiated = { version: DEFAULT_VERSION, capabilities: {} };

/**
 * The state of one client of a legacy revision, over any transport. Most clients are never asked
 * anything and subscribe to nothing, so these parts are made when they are first used.
 */
export class ClientState implements Asker {
  readonly inFlight: InFlight = new InFlight();
  logLevel: LoggingLevel = DEFAULT_LOG_LEVEL;
  /** Whether `initialize` has taken place. */
  isInitialized = false;
  #negotiated: Negotiated = NOT_INITIALIZED;
  #pings: ClientPings | undefined;
  #clientRequests: ClientRequests | undefined;
  #subscriptions: UriSet | undefined;
  #granted: readonly string[] | undefined;
  #hearsChanges = true;
  #data: SessionData | undefined;
  #visibility: SessionVisibility | undefined;
  /** The session as its handlers see it; made when one first reads it. */
  toolSession: ToolSession | undefined;
  /** Whether the client has a stream open for what belongs to no request; set by its transport. */
  isListening: () => boolean = isAlwaysListening;
  #onEnd: (() => void) | undefined;
  /** Called with each value that is set, as JSON; undefined for one that is removed. */
  onValue: (key: string, text: string | undefined) => void = nothing;
  /** Called with each tag that is shown or hidden. */
  onVisible: (tag: string, isVisible: boolean) => void = nothing;
  /** Sends the client a notification that belongs to no request; set by its transport. */
  sendNotification: (message: JsonRpcNotification) => void = sendNowhere;
  /** The scopes that decide what the client finds in lists: those of its newest request. */
  listScopes: readonly string[] | undefined;
  readonly #options: ClientStateOptions;
  readonly #caller: Caller;

  constructor(options: ClientStateOptions, caller: Caller) {
    this.#options = options;
    this.#caller = caller;
    this.listScopes = caller.scopes;
  }

  /** Pings of the client, which show whether it answers. */
  get pings(): ClientPings {
    return this.#pings ??= new ClientPings(this.#options.fleet?.me);
  }

  /** Requests that the server has sent to the client. */
  get clientRequests(): ClientRequests {
    return this.#clientRequests ??= new ClientRequests({
      wheel: this.#options.wheel,
      timeoutMs: this.#options.settings.MCP_REQUEST_TIMEOUT_MS,
      capabilities: () => this.#negotiated.capabilities,
      instance: this.#options.fleet?.me,
    });
  }

  /** URIs of the resources that the client subscribed to. */
  get subscriptions(): UriSet {
    return this.#subscriptions ??= new UriSet();
  }

  /** The scopes with which the client opened the session or subscribed. */
  get granted(): readonly string[] | undefined {
    return this.#granted ?? this.#caller.scopes;
  }

  /** Subscribes with the scopes of a request, which may have another token than the session. */
  subscribe(uri: string, scopes: readonly string[] = []): void {
    const known = this.granted ?? [];
    const isNew = known !== ALL_SCOPES && scopes.some((scope) => !known.includes(scope));
    if (isNew) this.#granted = [...new Set([...known, ...scopes])];
    this.subscriptions.add(uri);
  }

  /** Replaces the URIs, by those that another instance knows. */
  setSubscriptions(uris: Iterable<string>): void {
    this.subscriptions.replace(uris);
  }

  /** The subscriptions to shared resources; undefined if the client has servers for itself. */
  get subscribed(): UriSet | undefined {
    return this.#hearsChanges ? this.subscriptions : undefined;
  }

  /** Whether the client is notified of a change in the shared catalog. */
  wantsChange(change: CatalogChange): boolean {
    if (!this.#hearsChanges) return false;
    return change.kind !== "resource" ||
      this.#subscriptions?.covers(change.uri) === true;
  }

  /** Stops notifications of the shared catalog, because the client has servers for itself. */
  ignoreChanges(): void {
    this.#hearsChanges = false;
    if (this.#subscriptions !== undefined) this.#subscriptions.onChange = undefined;
  }

  /** The session's own visibility; undefined if it sees the default. */
  get visibility(): SessionVisibility | undefined {
    return this.#visibility;
  }

  /** The features that the session sees. */
  get visibilityOrDefault(): Visibility {
    return this.#visibility ?? SEES_SERVED;
  }

  /**
   * Shows or hides the features with a tag.
   *
   * @returns whether that changed anything
   * @throws {TypeError | RangeError} for a wrong tag, or too many
   */
  setVisible(tag: string, isVisible: boolean): boolean {
    (this.#visibility ??= new SessionVisibility()).requireRoom(tag);
    if (!this.#setVisible(tag, isVisible)) return false;
    this.onVisible(tag, isVisible);
    return true;
  }

  /** Replaces the visibility by that of another instance. */
  replaceVisibility(tags: Readonly<Record<string, boolean>>): void {
    this.#visibility = undefined;
    for (const [tag, isVisible] of Object.entries(tags)) this.#setVisible(tag, isVisible);
  }

  /** Values that tools keep for the session. */
  get data(): SessionData {
    if (this.#data === undefined) {
      this.#data = new SessionData();
      this.#data.onSet = (key, text) => this.onValue(key, text);
    }
    return this.#data;
  }

  /** The values as JSON, by key. */
  get values(): Iterable<[string, string]> {
    return this.#data?.texts ?? [];
  }

  /** Replaces the values by those of another instance. */
  replaceValues(texts: readonly (readonly [string, string])[]): void {
    if (texts.length > 0 || this.#data !== undefined) this.data.replace(texts);
  }

  get negotiated(): Negotiated {
    return this.#negotiated;
  }

  /** Sets what `initialize` agreed on, now or before a restart. */
  setNegotiated(negotiated: Negotiated): void {
    this.#negotiated = negotiated;
    this.isInitialized = true;
  }

  /** Has `listener` called once, when the session has ended or has left memory. */
  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  /** The session has ended; called by its transport. */
  end(): void {
    this.#onEnd?.();
    this.#onEnd = undefined;
  }

  /** Asks the client by a request of this session. */
  ask(question: Question, call: AskingCall): Promise<unknown> {
    return this.clientRequests.ask(question, call);
  }

  /** Passes a response of the client to the ping or request that it answers. */
  settle(response: JsonRpcResponse): void {
    if (!this.pings.settle(response)) this.clientRequests.settle(response);
  }

  #setVisible(tag: string, isVisible: boolean): boolean {
    const visibility = this.#visibility ??= new SessionVisibility();
    return isVisible ? visibility.show(tag) : visibility.hide(tag);
  }

  /** The revision that `initialize` agreed on; undefined before that. */
  get agreedVersion(): ProtocolVersion | undefined {
    return this.isInitialized ? this.version : undefined;
  }

  get version(): ProtocolVersion {
    return this.#negotiated.version;
  }

  get capabilities(): ClientCapabilities {
    return this.#negotiated.capabilities;
  }

  get caller(): Caller {
    const { clientName, clientVersion } = this.#negotiated;
    // Not spread: a caller may be an object with getters.
    const { address, principal, clientId, scopes, claims, headers } = this.#caller;
    return {
      address,
      principal,
      clientId,
      scopes,
      claims,
      headers,
      name: clientName,
      version: clientVersion,
    };
  }
}

// One function for all clients, because each has a state for as long as its session.
const isAlwaysListening = () => true;
const sendNowhere = () => {};

/** Reads the parameters of `initialize`; values that are too long or unknown are left out. */
export function readInitialize(params: JsonObject): Negotiated {
  const { name, version } = isObject(params.clientInfo) ? params.clientInfo : {};
  return {
    version: negotiate(params.protocolVersion),
    ...(typeof name === "string" && { clientName: copyText(name, MAX_CLIENT_TEXT) }),
    ...(typeof version === "string" && { clientVersion: copyText(version, MAX_CLIENT_TEXT) }),
    capabilities: knownCapabilities(params.capabilities),
  };
}

/** Only the capabilities that the server uses, because every session id contains them. */
function knownCapabilities(given: unknown): ClientCapabilities {
  if (!isObject(given)) return {};
  const { roots, sampling, elicitation } = given;
  return {
    ...(isObject(roots) && { roots: {} }),
    ...(isObject(sampling) && {
      sampling: {
        ...(isObject(sampling.context) && { context: {} }),
        ...(isObject(sampling.tools) && { tools: {} }),
      },
    }),
    ...(isObject(elicitation) && {
      elicitation: {
        ...(isObject(elicitation.form) && { form: {} }),
        ...(isObject(elicitation.url) && { url: {} }),
      },
    }),
  };
}

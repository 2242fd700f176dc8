import { ProtocolError } from "../base/errors.ts";
import { UriSet } from "../registry/uri_set.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";

/** Pauses before a stream that ended is opened again: doubled if it ends soon (ms). */
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** A stream that lasted longer ended by its age, and begins with the shortest pause (ms). */
const LASTING_MS = 30_000;

const LISTS = {
  tools: { flag: "toolsListChanged", changed: NOTIFICATIONS.toolsChanged },
  prompts: { flag: "promptsListChanged", changed: NOTIFICATIONS.promptsChanged },
  resources: { flag: "resourcesListChanged", changed: NOTIFICATIONS.resourcesChanged },
} as const;

/** Dependencies of a {@linkcode ListenStream}. */
export interface ListenStreamOptions {
  /** Sends `subscriptions/listen`; settles when its stream ends. */
  readonly open: (
    filter: JsonObject,
    stream: {
      readonly signal: AbortSignal;
      /** Takes the parameters of the acknowledgement. */
      readonly onAcknowledged: (params: JsonObject) => void;
    },
  ) => Promise<unknown>;
  /** Called with the notification of each list that may have changed while no stream was open. */
  readonly onGap: (method: string) => void;
}

/**
 * The stream of changes of a server of 2026-07-28, kept open: it is replaced if the subscriptions
 * change, and opened again if it ends.
 */
export class ListenStream {
  readonly #options: ListenStreamOptions;
  readonly #uris = new Set<string>();
  /** Subscriptions that no stream has acknowledged yet. */
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  #lists: readonly (keyof typeof LISTS)[] = [];
  #open: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = MIN_PAUSE_MS;
  #isStarted = false;
  #isDue = false;
  #canSubscribe = false;

  constructor(options: ListenStreamOptions) {
    this.#options = options;
  }

  /** @param capabilities of the server, which say the changes that it reports */
  start(capabilities: JsonObject): void {
    this.#isStarted = true;
    const { resources } = capabilities;
    this.#canSubscribe = isObject(resources) && resources.subscribe === true;
    this.#lists = (Object.keys(LISTS) as (keyof typeof LISTS)[]).filter((list) => {
      const capability = capabilities[list];
      return isObject(capability) && capability.listChanged === true;
    });
    this.#replace();
  }

  /**
   * Subscribes to a resource.
   *
   * @returns resolves when a stream with it is acknowledged, or will be opened later
   * @throws {Error} if the server does not accept it
   */
  add(uri: string): Promise<void> {
    this.#uris.add(uri);
    if (!this.#isStarted || !this.#canSubscribe) return Promise.resolve();
    const waiting = this.#waiting.get(uri) ?? Promise.withResolvers<void>();
    this.#waiting.set(uri, waiting);
    this.#replaceSoon();
    return waiting.promise;
  }

  delete(uri: string): void {
    this.#settle([uri], () => undefined);
    if (this.#uris.delete(uri)) this.#replaceSoon();
  }

  stop(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    this.#settle([...this.#waiting.keys()], () => undefined);
    this.#open?.abort(new Error("not wanted any more"));
    this.#open = undefined;
  }

  /** Several subscriptions of one turn of the event loop take one stream. */
  #replaceSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#replace();
    });
  }

  /** Opens a stream, and ends the one before it only then. */
  #replace(): void {
    if (!this.#isStarted) return;
    clearTimeout(this.#timer);
    const before = this.#open;
    this.#open = undefined;
    const filter = this.#filter();
    if (Object.keys(filter).length > 0) {
      const own = new AbortController();
      this.#open = own;
      const openedAt = performance.now();
      const ended = () => this.#ended(own, performance.now() - openedAt);
      const uris = [...this.#uris];
      const onAcknowledged = (params: JsonObject) => {
        if (this.#open === own) this.#settle(uris, (uri) => refusalOf(uri, params));
      };
      this.#options.open(filter, { signal: own.signal, onAcknowledged }).then(ended, (error) => {
        if (this.#open === own) this.#settle(uris, () => error);
        ended();
      });
    }
    before?.abort(new Error("replaced by another stream"));
  }

  #ended(own: AbortController, lastedMs: number): void {
    if (this.#open !== own) return;
    this.#open = undefined;
    const pauseMs = lastedMs > LASTING_MS ? MIN_PAUSE_MS : this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    this.#timer = setTimeout(() => {
      this.#replace();
      for (const list of this.#lists) this.#options.onGap(LISTS[list].changed);
    }, pauseMs);
  }

  /** Settles the subscriptions that wait; a refused one is not asked for again. */
  #settle(uris: readonly string[], refusal: (uri: string) => Error | undefined): void {
    for (const uri of uris) {
      const waiting = this.#waiting.get(uri);
      if (waiting === undefined) continue;
      this.#waiting.delete(uri);
      const error = refusal(uri);
      if (error === undefined) {
        waiting.resolve();
      } else {
        this.#uris.delete(uri);
        waiting.reject(error);
      }
    }
  }

  #filter(): JsonObject {
    const flags = this.#lists.map((list) => [LISTS[list].flag, true]);
    const uris = this.#canSubscribe && this.#uris.size > 0 ? [...this.#uris] : undefined;
    return {
      ...Object.fromEntries(flags),
      ...(uris !== undefined && { resourceSubscriptions: uris }),
    };
  }
}

/** The error for a subscription that an acknowledgement leaves out. */
function refusalOf(uri: string, { notifications }: JsonObject): Error | undefined {
  const accepted = isObject(notifications) ? notifications.resourceSubscriptions : undefined;
  const uris = Array.isArray(accepted) ? accepted.filter((one) => typeof one === "string") : [];
  return new UriSet(uris).has(uri) ? undefined : new ProtocolError(
    "invalid_params",
    `The server did not accept the subscription to ${uri.slice(0, 200)}`,
  );
}

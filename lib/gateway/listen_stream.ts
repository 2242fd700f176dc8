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
  readonly open: (filter: JsonObject, signal: AbortSignal) => Promise<unknown>;
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

  add(uri: string): void {
    this.#uris.add(uri);
    this.#replaceSoon();
  }

  delete(uri: string): void {
    if (this.#uris.delete(uri)) this.#replaceSoon();
  }

  stop(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
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
      this.#options.open(filter, own.signal).then(ended, ended);
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

  #filter(): JsonObject {
    const flags = this.#lists.map((list) => [LISTS[list].flag, true]);
    const uris = this.#canSubscribe && this.#uris.size > 0 ? [...this.#uris] : undefined;
    return {
      ...Object.fromEntries(flags),
      ...(uris !== undefined && { resourceSubscriptions: uris }),
    };
  }
}

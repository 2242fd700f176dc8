import { TimerEntry } from "../base/timer_wheel.ts";
import type { CatalogChange } from "../registry/catalog.ts";
import type { Messenger } from "./messenger.ts";

/** Least time between two messages (ms). */
const PACE_MS = 20;

/** Tells the other instances of changes: the first at once, those that follow closely together. */
export class ChangeBroadcasts extends TimerEntry {
  readonly #fleet: Messenger;
  readonly #path: string;
  /** Changes that wait for the next message, each once. */
  readonly #waiting = new Map<string, CatalogChange>();

  /** @param path of the endpoint whose catalog changes */
  constructor(fleet: Messenger, path: string) {
    super();
    this.#fleet = fleet;
    this.#path = path;
  }

  add(changes: readonly CatalogChange[]): void {
    for (const change of changes) {
      const name = change.kind === "resource" ? `resource ${change.uri}` : change.kind;
      this.#waiting.set(name, change);
    }
    if (!this.isScheduled) this.#broadcast();
  }

  /** Called by the timer wheel: the next message may be sent. */
  onDue(): void {
    if (this.#waiting.size > 0) this.#broadcast();
  }

  #broadcast(): void {
    this.#fleet.broadcast("changes", { path: this.#path, changes: [...this.#waiting.values()] });
    this.#waiting.clear();
    this.#fleet.wheel.schedule(this, PACE_MS);
  }
}

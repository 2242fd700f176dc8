/** A taken slot; dispose of it exactly once, when the client leaves. */
export interface Lease extends Disposable {}

/** Places that are taken, in all and by client. */
export class Slots {
  readonly #byClient = new Map<string, ClientSlots>();
  #total = 0;

  /** Places taken in all. */
  get total(): number {
    return this.#total;
  }

  /** Places that a client has taken, by its key. */
  of(key: string): number {
    return this.#byClient.get(key)?.count ?? 0;
  }

  /** Takes a slot for a client. All leases of a client are one object, because there are many. */
  take(key: string): Lease {
    let slots = this.#byClient.get(key);
    if (slots === undefined) {
      slots = new ClientSlots(key, this.#release);
      this.#byClient.set(key, slots);
    }
    slots.count++;
    this.#total++;
    return slots;
  }

  readonly #release = (slots: ClientSlots): void => {
    this.#total--;
    slots.count--;
    if (slots.count === 0) this.#byClient.delete(slots.key);
  };
}

class ClientSlots implements Lease {
  readonly key: string;
  readonly #release: (slots: ClientSlots) => void;
  count = 0;

  constructor(key: string, release: (slots: ClientSlots) => void) {
    this.key = key;
    this.#release = release;
  }

  [Symbol.dispose](): void {
    this.#release(this);
  }
}

import { ProtocolError } from "../base/errors.ts";

/** A client, or several with the same credential, that has its own children. */
export interface PlaceHolder {
  readonly isBusy: boolean;
  /** When it last ran a call, on the gateway's clock (ms). */
  readonly usedAt: number;
  /** Ends its children, and frees its places at once. */
  evict(): void;
}

/** The places for children of one server that not all clients share. */
export class ChildPlaces {
  readonly #server: string;
  readonly #max: number;
  readonly #holders = new Set<PlaceHolder>();

  /** @param max most children that run at a time */
  constructor(server: string, max: number) {
    this.#server = server;
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#holders.size >= this.#max;
  }

  take(holder: PlaceHolder): void {
    this.#holders.add(holder);
  }

  free(holder: PlaceHolder): void {
    this.#holders.delete(holder);
  }

  /**
   * The holder to evict for another one: the one idle for longest.
   *
   * @throws {ProtocolError} `overloaded` if all are busy
   */
  idlest(): PlaceHolder {
    const [idlest] = [...this.#holders].filter(({ isBusy }) => !isBusy)
      .sort((a, b) => a.usedAt - b.usedAt);
    if (idlest !== undefined) return idlest;
    throw new ProtocolError(
      "overloaded",
      `The server ${this.#server} has no process free for this client: all of them are busy, and ` +
        `"maxChildren" allows ${this.#max}; try again later`,
      { headers: { "retry-after": "5" } },
    );
  }
}

/**
 * Takes a place at each of several servers, or none. A full server evicts the holder that is idle
 * for longest.
 *
 * @throws {ProtocolError} `overloaded` if all holders of a full server are busy
 */
export function takePlaces(servers: readonly ChildPlaces[], holder: PlaceHolder): void {
  // Nobody is evicted before all servers are known to have a place.
  const idlest = servers.filter(({ isFull }) => isFull).map((one) => one.idlest());
  for (const one of idlest) one.evict();
  for (const server of servers) server.take(holder);
}

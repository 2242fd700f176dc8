import { ProtocolError } from "../base/errors.ts";

/** A client, or several with the same credential, that has its own children. */
export interface PlaceHolder {
  /** The key by which limits count the client; undefined where no client relies on its children. */
  readonly client: string | undefined;
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
   * The holder to evict for another one: an idle one of the client with most places, so that no
   * client can take those of all others; of these the one idle for longest.
   *
   * @throws {ProtocolError} `overloaded` if all are busy, or are those of clients with fewer places
   */
  idlest({ client }: PlaceHolder): PlaceHolder {
    const idle = [...this.#holders].filter(({ isBusy }) => !isBusy);
    const [idlest] = idle.map((holder) => ({ holder, places: this.#placesOf(holder.client) }))
      .filter(({ holder, places }) => holder.client === client || places > this.#placesOf(client))
      .sort((a, b) => b.places - a.places || a.holder.usedAt - b.holder.usedAt);
    if (idlest !== undefined) return idlest.holder;
    const whose = idle.length === 0 ? "" : " or belong to clients with fewer of them";
    throw new ProtocolError(
      "overloaded",
      `The server ${this.#server} has no process free for this client: all of them are busy${whose}, ` +
        `and "maxChildren" allows ${this.#max}; try again later`,
      { headers: { "retry-after": "5" } },
    );
  }

  /** Places of a client; those of no client are given away first. */
  #placesOf(client: string | undefined): number {
    if (client === undefined) return Infinity;
    return [...this.#holders].filter((holder) => holder.client === client).length;
  }
}

/**
 * Takes a place at each of several servers, or none. A full server evicts an idle holder.
 *
 * @throws {ProtocolError} `overloaded` if a full server has none to evict
 */
export function takePlaces(servers: readonly ChildPlaces[], holder: PlaceHolder): void {
  // Nobody is evicted before all servers are known to have a place.
  const idlest = servers.filter(({ isFull }) => isFull).map((one) => one.idlest(holder));
  for (const one of idlest) one.evict();
  for (const server of servers) server.take(holder);
}

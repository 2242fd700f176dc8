import type { Socket } from "../../stream/client.ts";
import { ListenerPeer } from "../../transport/peer.ts";
import { socketName } from "../half_open/ss.ts";

/** The peer of a socket. Its address is looked up on demand. */
export class SocketPeer extends ListenerPeer implements Socket {
  readonly unnamedAuthority: string;
  readonly #info: Deno.ServeHandlerInfo;
  #address: string | undefined;

  constructor(info: Deno.ServeHandlerInfo, unnamedAuthority: string) {
    super();
    this.#info = info;
    this.unnamedAuthority = unnamedAuthority;
  }

  get address(): string {
    return this.#address ??= this.#look();
  }

  get socket(): Socket {
    return this;
  }

  get name(): string | undefined {
    const address = this.#remote();
    return address !== undefined && "hostname" in address
      ? socketName(address.hostname, address.port)
      : undefined;
  }

  /** Deno takes only as much of a response as it can write, so nothing is unsent. */
  get unsentBytes(): number {
    return 0;
  }

  released(): Promise<unknown> {
    // Read after the client has left, Deno's promise would never settle.
    return this.#remote() === undefined ? Promise.resolve() : this.#info.completed;
  }

  #look(): string {
    const address = this.#remote();
    if (address === undefined) return "unknown";
    return "hostname" in address ? address.hostname : "unix";
  }

  /** Undefined for a client that has left already: Deno throws. */
  #remote(): Deno.Addr | undefined {
    try {
      return this.#info.remoteAddr;
    } catch {
      return undefined;
    }
  }
}

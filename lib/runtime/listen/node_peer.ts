import type { ServerResponse } from "node:http";
import type { Socket as NodeSocket } from "node:net";
import type { Socket } from "../../stream/client.ts";
import type { Peer } from "../../transport/peer.ts";
import { socketName } from "../half_open/ss.ts";

/** The other end of a socket. */
export class NodePeer implements Peer, Socket {
  readonly #socket: NodeSocket;
  readonly #out: ServerResponse;
  readonly address: string;

  constructor(socket: NodeSocket, out: ServerResponse) {
    this.#socket = socket;
    this.#out = out;
    this.address = socket.remoteAddress ?? "unknown";
  }

  get socket(): Socket {
    return this;
  }

  get name(): string | undefined {
    const { remoteAddress, remotePort } = this.#socket;
    return remoteAddress === undefined || remotePort === undefined
      ? undefined
      : socketName(remoteAddress, remotePort);
  }

  /** Bytes of the response that Node has taken and the kernel has not. */
  get unsentBytes(): number {
    return this.#out.writableLength;
  }

  released(): Promise<unknown> {
    const out = this.#out;
    if (out.destroyed || out.writableFinished) return Promise.resolve();
    return new Promise((resolve) => out.once("close", resolve));
  }
}

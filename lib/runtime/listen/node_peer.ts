import type { ServerResponse } from "node:http";
import type { Socket as NodeSocket } from "node:net";
import type { Socket } from "../../stream/client.ts";
import type { SinkOwner } from "../../stream/out/sink.ts";
import { ListenerPeer } from "../../transport/peer.ts";
import { socketName } from "../half_open/ss.ts";
import { NodeSink } from "./node_sink.ts";

/** Stands in a URL for the host that a client of HTTP/1.0 has not named; no host has it (RFC 2606). */
export const UNNAMED_AUTHORITY = "unnamed.invalid";

/** The other end of a socket. */
export class NodePeer extends ListenerPeer implements Socket {
  readonly #socket: NodeSocket;
  /** Undefined once a stream has taken the socket. */
  #out: ServerResponse | undefined;
  #sink: NodeSink | undefined;
  #onReleased: (() => void) | undefined;
  readonly address: string;

  constructor(socket: NodeSocket, out: ServerResponse) {
    super();
    this.#socket = socket;
    this.#out = out;
    this.address = socket.remoteAddress ?? "unknown";
  }

  get unnamedAuthority(): string {
    return UNNAMED_AUTHORITY;
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
    return (this.#out ?? this.#socket).writableLength;
  }

  openSink(owner: SinkOwner): NodeSink {
    return this.#sink = new NodeSink(owner, this.#out!);
  }

  /** The sink of the stream that answers, as long as `node:http` has the socket. */
  get sink(): NodeSink | undefined {
    return this.#sink;
  }

  /** The socket is a stream's from now on. */
  dropResponse(): void {
    this.#out = undefined;
    this.#sink = undefined;
    if (this.#onReleased !== undefined) this.#socket.once("close", this.#onReleased);
  }

  released(): Promise<unknown> {
    const holder = this.#out ?? this.#socket;
    if (holder.destroyed || this.#out?.writableFinished) return Promise.resolve();
    return new Promise<void>((resolve) => {
      this.#onReleased = resolve;
      holder.once("close", resolve);
    });
  }
}

/**
 * A separate network: the namespaces of server and client, and a bridge between them in a third
 * one, so that neither end notices when the other's cable is cut.
 *
 * server ── veth ── [ bridge ] ── veth ── client
 *
 * @module
 */

/** Addresses for private use (RFC 1918), which exist in these namespaces alone. */
export const SERVER_ADDRESS = "10.213.77.1";
const CLIENT_ADDRESS = "10.213.77.2";

export type Place = "server" | "between" | "client";

/** Which cable: the one at the server's end, or at the client's. */
export type Cable = "server" | "client";

export class Network implements AsyncDisposable {
  readonly #name = `lifeline-${crypto.randomUUID().slice(0, 8)}`;
  readonly #made: string[] = [];

  /** @throws {Error} saying what is missing */
  static async create(): Promise<Network> {
    const network = new Network();
    try {
      await network.#build();
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      const { message } = error as Error;
      throw new Error(
        `Cannot make network namespaces: ${message}. This test needs Linux, root (CAP_NET_ADMIN ` +
          "and CAP_SYS_ADMIN), ip and ss of iproute2, and a kernel with veth and bridge.",
        { cause: error },
      );
    }
  }

  /** A command that runs at one of the places. */
  command(place: Place, command: readonly string[], options: Deno.CommandOptions = {}) {
    return new Deno.Command("ip", {
      ...options,
      args: ["netns", "exec", this.#namespace(place), ...command],
    });
  }

  /** Cuts a cable: its end in the bridge goes down, and the link at the other end stays up. */
  async cut(cable: Cable): Promise<void> {
    await this.#between("link", "set", `to-${cable}`, "down");
  }

  async mend(cable: Cable): Promise<void> {
    await this.#between("link", "set", `to-${cable}`, "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // With a namespace go its ends of the cables, and so their other ends.
    for (const namespace of this.#made.splice(0)) await ip("netns", "del", namespace);
  }

  async #build(): Promise<void> {
    for (const place of ["server", "between", "client"] as const) {
      const namespace = this.#namespace(place);
      await ip("netns", "add", namespace);
      this.#made.push(namespace);
      await ip("-n", namespace, "link", "set", "lo", "up");
    }
    await this.#between("link", "add", "bridge", "type", "bridge");
    await this.#between("link", "set", "bridge", "up");
    await this.#lay("server", SERVER_ADDRESS);
    await this.#lay("client", CLIENT_ADDRESS);
  }

  async #lay(cable: Cable, address: string): Promise<void> {
    const namespace = this.#namespace(cable);
    await this.#between(
      ...["link", "add", `to-${cable}`, "type", "veth", "peer", "name", "cable"],
      ...["netns", namespace],
    );
    await this.#between("link", "set", `to-${cable}`, "master", "bridge");
    await this.#between("link", "set", `to-${cable}`, "up");
    await ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "cable");
    await ip("-n", namespace, "link", "set", "cable", "up");
  }

  #between(...args: string[]): Promise<void> {
    return ip("-n", this.#namespace("between"), ...args);
  }

  #namespace(place: Place): string {
    return `${this.#name}-${place}`;
  }
}

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args, stdin: "null" }).output();
  if (!success) {
    throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/**
 * The client behind proxies. Anybody can write the headers that name it, so one counts only, the one
 * that the operator's proxy writes, only from proxies that the operator trusts, and only as far as
 * trusted proxies wrote it: read from the right, the first address that is not a trusted proxy is the
 * client.
 *
 * @module
 */
import type { BlockList } from "node:net";
import { normalAddress, parseSubnet, type Subnet } from "../../base/address.ts";
import { nodeNet } from "../../base/node.ts";
import { identityOf, type Peer } from "../../transport/peer.ts";
import { forwardedHops, type Hops, listedHops } from "./hops.ts";

/** Finds the client behind proxies that the operator trusts. */
export class TrustedProxies {
  /** Undefined where nothing is. */
  readonly #trusted: BlockList | undefined;
  readonly #header: string;
  readonly #hopsOf: Hops;

  /**
   * @param proxies addresses and subnets such as `10.0.0.0/8`; nothing else is trusted
   * @param header the one that they write: `Forwarded` (RFC 7239), or any with a list of addresses
   */
  constructor(proxies: readonly string[], header = "X-Forwarded-For") {
    this.#header = header;
    this.#hopsOf = header.toLowerCase() === "forwarded" ? forwardedHops : listedHops;
    const subnets = proxies.map(parseSubnet).filter((subnet) => subnet !== undefined);
    if (subnets.length > 0) this.#trusted = blockList(subnets);
  }

  /**
   * The client.
   *
   * @param peer the other end of the socket
   * @param request its headers are read only where the peer is a trusted proxy
   */
  resolveClient(peer: Peer, request: Pick<Request, "headers">): Peer {
    const trusted = this.#trusted;
    // Without trusted proxies the address is not even looked up.
    if (trusted === undefined || !isIn(trusted, peer.address)) return peer;
    for (const hop of this.#hopsOf(request.headers.get(this.#header) ?? "")) {
      const address = normalAddress(withoutPort(hop));
      if (address === undefined) return peer;
      if (!isIn(trusted, address)) {
        const { socket, unnamedAuthority } = peer;
        return { ...identityOf(peer), address, socket, unnamedAuthority };
      }
    }
    return peer;
  }
}

function isIn(list: BlockList, given: string): boolean {
  const address = normalAddress(given) ?? "";
  const version = nodeNet().isIP(address);
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

function blockList(subnets: readonly Subnet[]): BlockList {
  const list = new (nodeNet().BlockList)();
  for (const { address, prefix, family } of subnets) {
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, prefix, family);
  }
  return list;
}

function withoutPort(hop: string): string {
  const bracketed = BRACKETED_REGEXP.exec(hop)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^[^:]+:[\w.-]+$/.test(hop) ? hop.slice(0, hop.indexOf(":")) : hop;
}

/** An IPv6 address, perhaps with a port, which may stand for a secret one (RFC 7239, section 6.3). */
const BRACKETED_REGEXP = /^\[([^\]]+)\](?::[\w.-]+)?$/;

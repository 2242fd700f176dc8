/**
 * The client behind proxies. `X-Forwarded-For` and `Forwarded` (RFC 7239) can be written by
 * anybody, so they count only from proxies that the operator trusts, and only as far as trusted
 * proxies wrote them: read from the right, the first address that is no trusted proxy is the client.
 *
 * @module
 */
import type { BlockList } from "node:net";
import { nodeNet } from "../../base/node.ts";
import { parseSubnet, type Subnet } from "../../base/subnet.ts";
import { identityOf, type Peer } from "../../transport/peer.ts";

export class TrustedProxies {
  /** Undefined where nothing is. */
  readonly #trusted: BlockList | undefined;

  /** @param proxies addresses and subnets such as `10.0.0.0/8`; nothing else is trusted */
  constructor(proxies: readonly string[]) {
    const subnets = proxies.map(parseSubnet).filter((subnet) => subnet !== undefined);
    if (subnets.length > 0) this.#trusted = blockList(subnets);
  }

  /**
   * The client.
   *
   * @param peer the other end of the socket
   * @param request whose headers are looked at only where the peer is a trusted proxy
   */
  resolveClient(peer: Peer, request: Pick<Request, "headers">): Peer {
    const trusted = this.#trusted;
    // Where nothing is trusted the address is not even looked up.
    if (trusted === undefined || !isIn(trusted, peer.address)) return peer;
    const { isIP } = nodeNet();
    const hops = forwardedFor(request.headers);
    for (let hop = hops.pop(); hop !== undefined && isIP(hop) !== 0; hop = hops.pop()) {
      if (!isIn(trusted, hop)) return { ...identityOf(peer), address: hop, socket: peer.socket };
    }
    return peer;
  }
}

function isIn(list: BlockList, address: string): boolean {
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

/** The chain of addresses, the client's first. */
function forwardedFor(headers: Headers): string[] {
  const forwarded = headers.get("forwarded");
  const hops = forwarded === null
    ? (headers.get("x-forwarded-for") ?? "").split(",")
    : forwarded.split(",").map((element) => /(?:^|;)\s*for="?([^;"]+)"?/i.exec(element)?.[1] ?? "");
  return hops.map((hop) => withoutPort(hop.trim())).filter((hop) => hop !== "");
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^[^:]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(":")) : hop;
}

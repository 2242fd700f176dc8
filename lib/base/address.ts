/**
 * Addresses of clients in one form each, so that another spelling does not make another client, and
 * subnets.
 *
 * @module
 */
import { memoize } from "./memoize.ts";
import { nodeNet } from "./node.ts";

/** Groups of an IPv6 address that name its network: 64 bits (RFC 4291, section 2.5.4). */
const NETWORK_GROUPS = 4;

/**
 * An address as RFC 5952 writes it; an IPv4 address in IPv6 form as the IPv4 address.
 *
 * @param text in any notation, without a port
 * @returns undefined if the text is not an address
 */
export function normalAddress(text: string): string | undefined {
  const version = nodeNet().isIP(text);
  if (version === 4) return text;
  if (version === 0) return undefined;
  const [address = ""] = text.split("%");
  const normal = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1);
  return normal === undefined ? undefined : mappedIPv4(normal) ?? normal;
}

/**
 * The key that limits count by: an IPv4 address, or the /64 network of an IPv6 address, because a
 * client usually controls the whole network.
 *
 * @param address in any notation; any other text is its own key
 */
export function addressKey(address: string): string {
  return address.includes(":") ? networkOf(address) : address;
}

const networkOf = memoize((address): string => {
  const normal = normalAddress(address);
  if (normal === undefined || !normal.includes(":")) return normal ?? address;
  const [head = "", tail = ""] = normal.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0");
  return `${[...first, ...zeros, ...last].slice(0, NETWORK_GROUPS).join(":")}::/64`;
});

/** `::ffff:7f00:1` is 127.0.0.1 (RFC 4291, section 2.5.5.2). */
function mappedIPv4(normal: string): string | undefined {
  const match = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(normal);
  if (match === null) return undefined;
  const bits = Number.parseInt(match[1]!, 16) * 0x1_0000 + Number.parseInt(match[2]!, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

/** An address, or all that begin with the same bits. */
export interface Subnet {
  readonly address: string;
  /** Bits that count; undefined for one address. */
  readonly prefix: number | undefined;
  readonly family: "ipv4" | "ipv6";
}

/** Reads `10.0.0.1`, `10.0.0.0/8`, `::1` and the like; undefined for anything else. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, address = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = nodeNet().isIP(address);
  const prefix = bits === undefined ? undefined : Number(bits);
  if (version === 0 || (prefix ?? 0) > (version === 4 ? 32 : 128)) return undefined;
  return { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}

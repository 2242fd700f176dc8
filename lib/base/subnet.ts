import { nodeNet } from "./node.ts";

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

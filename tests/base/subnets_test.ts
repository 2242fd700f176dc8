import { assertEquals } from "@std/assert";
import { parseSubnet } from "../../lib/base/address.ts";

for (
  const [text, address, prefix, family] of [
    ["10.0.0.1", "10.0.0.1", undefined, "ipv4"],
    ["10.0.0.0/0", "10.0.0.0", 0, "ipv4"],
    ["10.0.0.0/8", "10.0.0.0", 8, "ipv4"],
    ["10.0.0.0/32", "10.0.0.0", 32, "ipv4"],
    ["::1", "::1", undefined, "ipv6"],
    ["fd00::/8", "fd00::", 8, "ipv6"],
    ["fd00::/33", "fd00::", 33, "ipv6"],
    ["fd00::1/128", "fd00::1", 128, "ipv6"],
  ] as const
) {
  Deno.test(`${text} is a subnet of ${family}`, () => {
    assertEquals(parseSubnet(text), { address, prefix, family });
  });
}

Deno.test("what is no address, or has a prefix longer than an address, is no subnet", () => {
  const wrong = ["10.0.0.0/33", "fd00::/129", "10.0.0/8", "/8", "", "10.0.0.0/", "10.0.0.0/8/8"];
  for (const text of [...wrong, "10.0.0.0/-1", "10.0.0.0/1x", "a.test/8"]) {
    assertEquals(parseSubnet(text), undefined, text);
  }
});

import { assertEquals } from "@std/assert";
import { addressKey, normalAddress } from "../../lib/base/address.ts";

for (
  const [given, normal, key] of [
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["::1", "::1", "0:0:0:0::/64"],
    ["::", "::", "0:0:0:0::/64"],
    ["2001:db8::1", "2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80::1", "fe80:0:0:0::/64"],
    ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1", "192.0.2.1"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201", "64:ff9b:0:0::/64"],
  ] as const
) {
  Deno.test(`${given} is the address ${normal}, and limits count ${key}`, () => {
    assertEquals([normalAddress(given), addressKey(given)], [normal, key]);
  });
}

Deno.test("what is no address stays as it is, and is its own key", () => {
  for (const text of ["unix", "unknown", "", "1.2.3", "01.2.3.4", "1:2", "a::b::c"]) {
    assertEquals([normalAddress(text), addressKey(text)], [undefined, text]);
  }
});

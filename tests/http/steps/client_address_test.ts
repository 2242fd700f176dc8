/** Whose address counts behind proxies, and that nobody talks himself into another one. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as z from "zod";
import { testApp } from "../../helpers/app.ts";

/** The address that the ledger shows for a stream opened by such a request. */
async function seenAs(
  peer: string,
  headers: Record<string, string>,
  trusted: readonly string[] = ["10.0.0.0/8", "::1", "2001:db8::/32"],
): Promise<string | undefined> {
  using app = testApp({ settings: { MCP_TRUSTED_PROXIES: [...trusted] } });
  const response = await app.request(
    "/mcp/sse",
    { method: "POST", headers: { accept: "text/event-stream", ...headers } },
    { address: peer },
  );
  const address = app.connections.streams().next().value?.client.address;
  await response.body?.cancel();
  return address;
}

for (
  const [name, peer, headers, expected] of [
    ["no header", "10.0.0.1", {}, "10.0.0.1"],
    [
      "a peer that is no trusted proxy",
      "192.0.2.9",
      { "x-forwarded-for": "198.51.100.1" },
      "192.0.2.9",
    ],
    ["one hop", "10.0.0.1", { "x-forwarded-for": "198.51.100.1" }, "198.51.100.1"],
    [
      "trusted proxies in between",
      "10.0.0.1",
      { "x-forwarded-for": "198.51.100.1, 10.2.3.4, 10.0.0.7" },
      "198.51.100.1",
    ],
    [
      "an address that the client wrote itself",
      "10.0.0.1",
      { "x-forwarded-for": "127.0.0.1, 198.51.100.1" },
      "198.51.100.1",
    ],
    [
      "an address with a port",
      "10.0.0.1",
      { "x-forwarded-for": "198.51.100.1:4711" },
      "198.51.100.1",
    ],
    ["IPv6", "::1", { "x-forwarded-for": "2001:db9::5" }, "2001:db9::5"],
    [
      "IPv6 in brackets with a port",
      "::1",
      { "x-forwarded-for": "[2001:db9::5]:80" },
      "2001:db9::5",
    ],
    ["Forwarded", "10.0.0.1", { forwarded: "for=198.51.100.1;proto=https" }, "198.51.100.1"],
    [
      "Forwarded with IPv6 and several hops",
      "10.0.0.1",
      { forwarded: 'for="[2001:db9::5]:80";by=x, for=10.9.9.9' },
      "2001:db9::5",
    ],
    ["garbage", "10.0.0.1", { "x-forwarded-for": "unknown" }, "10.0.0.1"],
    [
      "garbage behind a good hop",
      "10.0.0.1",
      { "x-forwarded-for": "198.51.100.1, _hidden" },
      "10.0.0.1",
    ],
    ["nothing but commas", "10.0.0.1", { "x-forwarded-for": ",,," }, "10.0.0.1"],
    ["trusted proxies alone", "10.0.0.1", { "x-forwarded-for": "10.0.0.2" }, "10.0.0.1"],
  ] as const
) {
  Deno.test(`behind proxies, ${name} makes the client ${expected}`, async () => {
    assertEquals(await seenAs(peer, { ...headers }), expected);
  });
}

Deno.test("without trusted proxies no header counts", async () => {
  const headers = { "x-forwarded-for": "198.51.100.1", forwarded: "for=198.51.100.2" };
  assertEquals(await seenAs("127.0.0.1", headers, []), "127.0.0.1");
});

for (
  const proxy of ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "localhost", "::1/129", "", "10.0.0"]
) {
  Deno.test(`MCP_TRUSTED_PROXIES refuses ${JSON.stringify(proxy)}, and shows it`, () => {
    const error = assertThrows(
      () => testApp({ settings: { MCP_TRUSTED_PROXIES: [proxy] } }),
      z.ZodError,
    );
    const [issue] = error.issues;
    assertEquals(issue?.path, ["MCP_TRUSTED_PROXIES"]);
    assertStringIncludes(issue?.message ?? "", `${JSON.stringify(proxy)} is no address`);
  });
}

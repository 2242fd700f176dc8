/** The client's address behind proxies, which no client can choose itself. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../../lib/base/errors.ts";
import { initializeRequest, testApp } from "../../helpers/app.ts";

/** The address that the ledger shows for a stream opened by such a request. */
async function seenAs(
  peer: string,
  headers: Record<string, string>,
  trusted: readonly string[] = ["10.0.0.0/8", "::1", "2001:db8::/32"],
  header = "forwarded" in headers && !("x-forwarded-for" in headers) ? "Forwarded" : undefined,
): Promise<string | undefined> {
  using app = testApp({
    settings: {
      MCP_TRUSTED_PROXIES: [...trusted],
      ...(header !== undefined && { MCP_FORWARDED_HEADER: header }),
    },
  });
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
    [
      "an IPv6 address in another spelling",
      "10.0.0.1",
      { "x-forwarded-for": "2001:0DB9:0::0:0005" },
      "2001:db9::5",
    ],
    [
      "an IPv4 address as IPv6",
      "10.0.0.1",
      { "x-forwarded-for": "::ffff:198.51.100.1" },
      "198.51.100.1",
    ],
    [
      "a trusted proxy as IPv6",
      "::ffff:10.0.0.1",
      { "x-forwarded-for": "198.51.100.1" },
      "198.51.100.1",
    ],
    ["IPv6 with a zone", "10.0.0.1", { "x-forwarded-for": "fe80::1%eth0" }, "fe80::1"],
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

for (
  const [name, forwarded, expected] of [
    ["a comma in quotes", 'for=198.51.100.1;host="x, for=6.6.6.6"', "198.51.100.1"],
    ["a comma in quotes before it", 'host="x, for=6.6.6.6;a=";for=198.51.100.1', "198.51.100.1"],
    ["a semicolon in quotes", 'host="x;for=6.6.6.6";for=198.51.100.1', "198.51.100.1"],
    ["escaped quotes", 'host="x\\";for=6.6.6.6;a=\\"";for=198.51.100.1', "198.51.100.1"],
    ["quotes that a client left open", 'for=6.6.6.6;by=", for=198.51.100.1', "198.51.100.1"],
    ["open quotes with a backslash", 'for="\\, for=198.51.100.1', "198.51.100.1"],
    ["for twice", "for=6.6.6.6;for=198.51.100.1", "10.0.0.1"],
    ["text without quotes that has them", 'host=x";for=6.6.6.6;a=";for=198.51.100.1', "10.0.0.1"],
    ["an escaped digit", 'for="198.51.100.\\1"', "198.51.100.1"],
    ["a port that stands for another", 'for="[2001:db9::5]:_port"', "2001:db9::5"],
    ["no for in the proxy's own part", "for=6.6.6.6, proto=https", "10.0.0.1"],
    ["a client that is not known", "for=6.6.6.6, for=unknown", "10.0.0.1"],
  ] as const
) {
  Deno.test(`Forwarded with ${name} makes the client ${expected}`, async () => {
    assertEquals(await seenAs("10.0.0.1", { forwarded }), expected);
  });
}

Deno.test("a header that the operator's proxy does not write is not believed", async () => {
  const both = { "x-forwarded-for": "198.51.100.1", forwarded: "for=6.6.6.6" };
  assertEquals(await seenAs("10.0.0.1", both), "198.51.100.1");
  assertEquals(await seenAs("10.0.0.1", both, ["10.0.0.0/8"], "Forwarded"), "6.6.6.6");
  assertEquals(await seenAs("10.0.0.1", both, ["10.0.0.0/8"], "X-Real-IP"), "10.0.0.1");
  const real = { ...both, "x-real-ip": "203.0.113.9" };
  assertEquals(await seenAs("10.0.0.1", real, ["10.0.0.0/8"], "X-Real-IP"), "203.0.113.9");
});

Deno.test("MCP_FORWARDED_HEADER refuses what is no header's name", () => {
  for (const MCP_FORWARDED_HEADER of ["X Forwarded", "a:b", "ä"]) {
    assertThrows(() => testApp({ settings: { MCP_FORWARDED_HEADER } }), ConfigError);
  }
});

/** How many sessions of so many clients are taken, one after the other. */
async function sessionsTaken(addresses: readonly string[]): Promise<number> {
  using app = testApp({ settings: { MCP_INITIALIZES_BURST: 2, MCP_INITIALIZES_PER_SECOND: 1 } });
  let taken = 0;
  for (const address of addresses) {
    const body = initializeRequest();
    const { status } = await app.request("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }, { address });
    if (status === 200) taken++;
  }
  return taken;
}

Deno.test("limits count an IPv6 network as one client, and each of its spellings", async () => {
  const inOne = [
    "2001:db8:1:2::1",
    "2001:db8:1:2:a:b:c:d",
    "2001:DB8:1:2:ffff::",
    "2001:db8:1:2::9",
  ];
  assertEquals(await sessionsTaken(inOne), 2);
  assertEquals(await sessionsTaken(inOne.map((_, n) => `2001:db8:1:${n}::1`)), 4);
  assertEquals(await sessionsTaken(["127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1"]), 2);
});

Deno.test("32 proxies in a row are looked at, so that a long header takes no time", async () => {
  const behind = (proxies: number) => ({
    "x-forwarded-for": `198.51.100.1${", 10.0.0.2".repeat(proxies)}`,
  });
  assertEquals(await seenAs("10.0.0.1", behind(31)), "198.51.100.1");
  assertEquals(await seenAs("10.0.0.1", behind(32)), "10.0.0.1");
});

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
      ConfigError,
    );
    const shown = JSON.stringify(proxy);
    assertStringIncludes(
      error.message,
      `MCP_TRUSTED_PROXIES=[${shown}]: ${shown} is not an address`,
    );
  });
}

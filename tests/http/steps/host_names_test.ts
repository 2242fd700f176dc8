/** What the guard takes as `Host` and `Origin`, and the words in which it refuses the rest. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { Guard } from "../../../lib/http/steps/guard.ts";
import { OWN_PAGE, type Peer } from "../../../lib/transport/peer.ts";
import { RequestHead } from "../../../lib/transport/request_head.ts";

const GUARD = new Guard({
  MCP_ALLOWED_HOSTS: ["localhost", "A.test:8443"],
  MCP_ALLOWED_ORIGINS: ["localhost", "https://app.test"],
  MCP_PUBLIC_URL: "https://Public.test:9000/ai",
});

/** A request for a URL, with the headers given and no others. */
function arriving(url: string, headers: Record<string, string>, peer?: Peer) {
  const head = new RequestHead(new Request(url, { headers }));
  return Object.assign(head, { peer: peer ?? { address: "127.0.0.1" } });
}

/** The kind, the message and the data of a refusal; undefined if there is none. */
function refusal(run: () => void) {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [error.kind, error.message, error.data];
  }
}

const checked = (url: string, headers: Record<string, string>, peer?: Peer) => {
  const request = arriving(url, headers, peer);
  return refusal(() => GUARD.check(request, request.origin));
};

const badHost = (host: string) => [
  "invalid_request",
  `Host ${JSON.stringify(host)} is not a host and port such as mcp.example.com:8000`,
  undefined,
];
const NO_HOST = [
  "invalid_request",
  "The header Host is missing; name the server's host and port in it. Over HTTP/2, say 127.0.0.1 in " +
  "place of localhost, which cannot be told from no name",
  undefined,
];

Deno.test("Host is a name or an address with or without a port, and nothing else", () => {
  for (const host of ["localhost", "localhost:8000", "a.test:8443", "localhost:1"]) {
    assertEquals(checked(`http://${host}/mcp`, { host }), undefined, host);
  }
  assertEquals(checked("http://localhost/mcp", { host: "localhost:80" }), undefined);
  const wrong = ["localhost/x", "localhost?", "a b", "", "localhost:", "localhost:123456", "[::1"];
  for (const host of [...wrong, "user@localhost", "localhost,localhost"]) {
    assertEquals(checked("http://localhost/mcp", { host }), badHost(host), host);
  }
  const long = `${"x".repeat(300)}/`;
  assertEquals(checked("http://localhost/mcp", { host: long }), badHost("x".repeat(200)));
});

Deno.test("an authority that is none is refused, though the header would be right", () => {
  assertEquals(checked("http://local%68ost/mcp", { host: "localhost" }), undefined);
  const strange = Object.assign(arriving("http://localhost/", { host: "localhost" }), {
    authority: "localhost/x?",
  });
  assertEquals(refusal(() => GUARD.check(strange, null)), badHost("localhost"));
  const both = Object.assign(arriving("http://localhost/", { host: "a/b" }), { authority: "a/b" });
  assertEquals(refusal(() => GUARD.check(both, null)), badHost("a/b"));
});

Deno.test("a request without Host needs an authority of its own, which the listener did not put in", () => {
  const peer = { address: "127.0.0.1", unnamedAuthority: "localhost:8000" };
  assertEquals(checked("http://localhost:8000/mcp", {}, peer), NO_HOST);
  assertEquals(checked("http://localhost:8001/mcp", {}, peer), undefined);
  assertEquals(checked("http://localhost:8000/mcp", {}), undefined);
  const strange = Object.assign(arriving("http://localhost/", {}), { authority: "a/b" });
  assertEquals(refusal(() => GUARD.check(strange, null)), NO_HOST);
});

Deno.test("a host that is not listed is named in the refusal, in 200 characters at most", () => {
  const refused = (host: string) => [
    "host_refused",
    `Host ${JSON.stringify(host)} is not allowed; add it to MCP_ALLOWED_HOSTS if it is yours`,
    { host },
  ];
  for (const host of ["evil.test", "a.test", "a.test:8000", "localhost.evil.test"]) {
    for (let time = 0; time < 2; time++) {
      assertEquals(checked(`http://${host}/mcp`, { host }), refused(host));
    }
  }
  const host = `${"x".repeat(201)}`;
  const long = Object.assign(arriving("http://localhost/", { host }), { authority: host });
  assertEquals(refusal(() => GUARD.check(long, null)), refused("x".repeat(200)));
  assertEquals(checked("http://public.test:9000/mcp", { host: "public.test:9000" }), undefined);
});

Deno.test("an origin that is not listed is named in the refusal, in 200 characters at most", () => {
  const refused = (origin: string) => [
    "origin_refused",
    `Origin ${JSON.stringify(origin)} is not allowed; add it to MCP_ALLOWED_ORIGINS if it is yours`,
    { origin },
  ];
  const at = (origin: string) => checked("http://localhost/mcp", { host: "localhost", origin });
  for (
    const origin of [
      "http://localhost",
      "https://LOCALHOST:3000",
      "https://app.test",
      "https://public.test:9000",
    ]
  ) assertEquals(at(origin), undefined, origin);
  for (const origin of ["null", "http://app.test", "https://app.test:444", "ftp://localhost"]) {
    assertEquals(at(origin), refused(origin), origin);
  }
  assertEquals(at(`http://${"x".repeat(300)}`), refused(`http://${"x".repeat(193)}`));
  const request = arriving("http://localhost/", { host: "localhost", origin: "null" });
  assertEquals(refusal(() => GUARD.check(request, null)), undefined, "where any page may call");
});

Deno.test("* allows any host, or any origin, and says nothing of the other", () => {
  const settings = { MCP_PUBLIC_URL: undefined };
  const anyHost = new Guard({
    ...settings,
    MCP_ALLOWED_HOSTS: ["*"],
    MCP_ALLOWED_ORIGINS: ["localhost"],
  });
  const anyOrigin = new Guard({
    ...settings,
    MCP_ALLOWED_HOSTS: ["localhost"],
    MCP_ALLOWED_ORIGINS: ["*"],
  });
  const strange = arriving("http://a.test/", { host: "a.test", origin: "http://b.test" });
  const named = arriving("http://localhost/", { host: "localhost", origin: "http://b.test" });
  const kind = (guard: Guard, request: typeof strange, origin: string | null) =>
    refusal(() => guard.check(request, origin))?.[0];
  assertEquals(kind(anyHost, strange, null), undefined);
  assertEquals(kind(anyHost, strange, "http://b.test"), "origin_refused");
  assertEquals(kind(anyOrigin, strange, "http://b.test"), "host_refused");
  assertEquals(kind(anyOrigin, named, "http://b.test"), undefined);
});

Deno.test("more than 64 hosts are checked each time as the first were", () => {
  const guard = new Guard({
    MCP_ALLOWED_HOSTS: ["localhost"],
    MCP_ALLOWED_ORIGINS: [],
    MCP_PUBLIC_URL: undefined,
  });
  for (let port = 1; port <= 200; port++) {
    const host = `localhost:${port}`;
    const request = arriving(`http://${host}/`, { host });
    assertEquals(refusal(() => guard.check(request, null)), undefined);
    const evil = arriving(`http://a${port}.test/`, { host: `a${port}.test` });
    assertEquals(refusal(() => guard.check(evil, null))?.[0], "host_refused");
  }
});

Deno.test("the server's own page is told by its origin, by the public URL or by what the browser says", () => {
  const page = (origin: string, more: Record<string, string> = {}) =>
    GUARD.pageOf(arriving("http://localhost:8000/", { host: "localhost:8000", origin, ...more }));
  assertEquals(page("http://localhost:8000"), OWN_PAGE);
  assertEquals(page("https://public.test:9000"), OWN_PAGE);
  assertEquals(page("http://a.test", { "sec-fetch-site": "same-origin" }), OWN_PAGE);
  assertEquals(page("http://a.test", { "sec-fetch-site": "same-site" }), "http://a.test");
  assertEquals(page("http://localhost:8001"), "http://localhost:8001");
  assertEquals(page("null"), "null");
  assertEquals(page(`http://${"x".repeat(600)}`), `http://${"x".repeat(505)}`);
});

Deno.test("the operator's paths are for pages of the same host and port", () => {
  const check = (origin?: string) =>
    refusal(() =>
      GUARD.checkSameOrigin(
        arriving("http://localhost:8000/", {
          host: "localhost:8000",
          ...(origin !== undefined && { origin }),
        }),
      )
    );
  assertEquals([check(), check("http://localhost:8000")], [undefined, undefined]);
  for (const origin of ["http://localhost", "null", "https://public.test:9000"]) {
    assertEquals(check(origin), [
      "origin_refused",
      `Origin ${JSON.stringify(origin)} is not the server's own; other pages must not use the ` +
      "operator's paths",
      undefined,
    ]);
  }
});

Deno.test("a page of another site that does not name itself is told to use CORS", () => {
  const request = arriving("http://localhost/", { "sec-fetch-site": "cross-site" });
  const { message } = assertThrows(() => GUARD.checkSite(request, true), ProtocolError);
  assertEquals(
    message,
    'A page of another site (Sec-Fetch-Site: "cross-site") must ask with CORS, from an origin that ' +
      "MCP_ALLOWED_ORIGINS names",
  );
});

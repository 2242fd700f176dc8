/** The documents of authorization, the pages' files, and the servers in server information. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Auth } from "../../../lib/auth/auth.ts";
import { AuthFailure } from "../../../lib/auth/auth_failure.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { CHILD_ENDS, type ServerReport } from "../../../lib/base/server_report.ts";
import { discoveryRoutes } from "../../../lib/http/routes/discovery.ts";
import { pageRoutes } from "../../../lib/http/routes/pages.ts";
import { type RequestContext, RequestHead } from "../../../lib/transport/request_head.ts";
import { testApp } from "../../helpers/app.ts";

const asking = (path: string, headers: Record<string, string> = {}) =>
  new RequestHead(new Request(`http://localhost${path}`, { headers })) as unknown as RequestContext;

const DOCUMENT = "/.well-known/oauth-protected-resource/mcp";
const MIRROR = "/.well-known/oauth-authorization-server";

function routesOf(mirror?: () => Promise<Record<string, unknown>>) {
  return discoveryRoutes(
    { documents: new Map([[DOCUMENT, { resource: "x" }]]), mirror } as unknown as Auth,
  );
}

Deno.test("without authorization there is no document, and without a mirror none of the issuer", () => {
  assertEquals(discoveryRoutes(undefined).size, 0);
  assertEquals([...routesOf().keys()], [DOCUMENT]);
  assertEquals([...routesOf(() => Promise.resolve({})).keys()], [DOCUMENT, MIRROR]);
});

Deno.test("a document may be read by any page, and be kept for an hour", async () => {
  const routes = routesOf(() => Promise.resolve({ issuer: "y" }));
  for (const [path, json] of [[DOCUMENT, { resource: "x" }], [MIRROR, { issuer: "y" }]] as const) {
    const response = await routes.get(path)!.GET!(asking(path));
    const { status, headers } = response;
    assertEquals([status, await response.json()], [200, json] as unknown[]);
    assertEquals([headers.get("access-control-allow-origin"), headers.get("cache-control")], [
      "*",
      "public, max-age=3600",
    ]);
    const preflight = await routes.get(path)!.OPTIONS!(asking(path));
    assertEquals([preflight.status, preflight.body, Object.fromEntries(preflight.headers)], [
      204,
      null,
      {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, OPTIONS",
        "access-control-allow-headers": "*",
        "access-control-max-age": "600",
      },
    ]);
  }
});

Deno.test("an issuer that cannot be asked now is told as that, and a fault of the server as a fault", async () => {
  const failure = new AuthFailure("unavailable", "no");
  const get = (error: Error) => async () =>
    await routesOf(() => Promise.reject(error)).get(MIRROR)!.GET!(asking(MIRROR));
  const { kind, message, cause } = await assertRejects(get(failure), ProtocolError);
  assertEquals([kind, message, cause], [
    "auth_unavailable",
    "The issuer's document cannot be read now",
    failure,
  ]);
  const fault = new TypeError("a fault");
  assertEquals(await assertRejects(get(fault)), fault);
});

const ISSUERS = ["https://id.test/realm", "https://id.test/other", "https://b.test:444"];

Deno.test("the test page may ask the issuers, each origin once, and no other page may", async () => {
  const routes = pageRoutes({ MCP_AUTH_ISSUERS: ISSUERS, MCP_PUBLIC_URL: undefined });
  const policyOf = async (path: string) => {
    const response = await routes.get(path)!.GET!(asking(path));
    await response.body?.cancel();
    return /connect-src ([^;]*);/.exec(response.headers.get("content-security-policy") ?? "")?.[1];
  };
  assertEquals(await policyOf("/sse-test.html"), "'self' https://id.test https://b.test:444");
  assertEquals(await policyOf("/connections.html"), "'self'");
});

Deno.test("a page is sent with its type and its tag, and not again to who has it", async () => {
  const routes = pageRoutes({ MCP_AUTH_ISSUERS: [], MCP_PUBLIC_URL: undefined });
  for (
    const [path, type] of [
      ["/index.html", "text/html; charset=utf-8"],
      ["/static/index.js", "text/javascript; charset=utf-8"],
      ["/static/style.css", "text/css; charset=utf-8"],
      ["/static/icon.svg", "image/svg+xml"],
      ["/doctor/browser.js", "text/javascript; charset=utf-8"],
    ] as const
  ) {
    const get = routes.get(path)!.GET!;
    const first = await get(asking(path));
    assertEquals([first.status, first.headers.get("content-type")], [200, type]);
    assertEquals((await first.text()).length > 0, true);
    const etag = first.headers.get("etag") ?? "";
    const again = await get(asking(path, { "if-none-match": etag }));
    assertEquals([again.status, again.body, again.headers.get("etag")], [304, null, etag]);
    const other = await get(asking(path, { "if-none-match": '"other"' }));
    await other.body?.cancel();
    assertEquals(other.status, 200);
  }
});

Deno.test("the test page describes itself to issuers where there are some and a public URL", async () => {
  const path = "/sse-test.client.json";
  const has = (MCP_AUTH_ISSUERS: readonly string[], MCP_PUBLIC_URL?: string) =>
    pageRoutes({ MCP_AUTH_ISSUERS, MCP_PUBLIC_URL }).get(path);
  assertEquals([has(ISSUERS), has([], "https://a.test")], [undefined, undefined]);
  const response = await has(ISSUERS.slice(0, 1), "https://a.test/ai/")!.GET!(asking(path));
  assertEquals(await response.json(), {
    client_id: "https://a.test/ai/sse-test.client.json",
    client_name: "Lifeline test page",
    client_uri: "https://a.test/ai/",
    redirect_uris: ["https://a.test/ai/sse-test.html"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  });
});

function report(name: string, isUp: boolean, why: string): ServerReport {
  const ends = Object.fromEntries(CHILD_ENDS.map((end) => [end, 0])) as ServerReport["ends"];
  const counts = { starts: 0, restarts: 0, ends, calls: 0, errors: 0, waiting: 0 };
  return { name, path: `/mcp/${name}`, isUp, why, ...counts, children: [] };
}

Deno.test("server information says which servers are behind, and why one is down", async () => {
  const reports = () => [report("files", true, ""), report("mail", false, "it ended")];
  using app = testApp({ servers: { reports, restart: () => undefined } });
  const info = await (await app.request("/mcp/info")).json();
  assertEquals(info.servers, [
    { name: "files", path: "/mcp/files", state: "up" },
    { name: "mail", path: "/mcp/mail", state: "down", why: "it ended" },
  ]);
  using plain = testApp();
  assertEquals("servers" in await (await plain.request("/mcp/info")).json(), false);
});

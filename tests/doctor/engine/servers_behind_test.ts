/** The doctor before a gateway: the servers behind it, and the endpoint of each. */
import { assertEquals, assertMatch } from "@std/assert";
import { ServerTally } from "../../../lib/gateway/tally.ts";
import type { AppOptions } from "../../../lib/mod.ts";
import { Catalog } from "../../../lib/registry/catalog.ts";
import type { Hop } from "../../helpers/hops.ts";
import { examined } from "./examined.ts";

/** A gateway before `files`, which is up, and `search`, of which `why` says why it is not. */
function gateway(why: string): AppOptions {
  const reports = () => [
    { ...new ServerTally("files", "/mcp/files").report(), isUp: true },
    { ...new ServerTally("search", "/mcp/search").report(), isUp: why === "", why },
  ];
  return {
    servers: { reports, restart: () => undefined },
    endpoints: ["/mcp/files", "/mcp/search"].map((path) => ({ path, catalog: new Catalog() })),
  };
}

const DEAD = "The server search ended (code 3); its last words: no such index";

Deno.test("the doctor names a server behind the gateway that cannot be started, with its last words", async () => {
  const { ids, report, tones } = await examined([], { app: gateway(DEAD) });
  assertEquals(ids, ["server_down"]);
  const [finding] = report.findings;
  assertEquals(finding?.title, "The server search behind the gateway is down");
  assertMatch(finding?.evidence ?? "", /its last words: no such index/);
  assertEquals(tones["Servers behind it"], "bad");
});

Deno.test("the doctor has nothing to say of a gateway whose servers are all up", async () => {
  for (const address of ["http://localhost/", "http://localhost/mcp/search"]) {
    const { ids, tones, report } = await examined([], { app: gateway(""), address });
    assertEquals([ids, report.verdict, tones["Servers behind it"]], [[], "ok", "good"]);
  }
});

Deno.test("the doctor finds a proxy that does not pass on the endpoint of each server", async () => {
  const passesOthers: Hop = async (request, next) =>
    new URL(request.url).pathname.startsWith("/mcp/search")
      ? new Response("<h1>Not found</h1>", { status: 404 })
      : await next(request);
  const { ids, report } = await examined([passesOthers], { app: gateway("") });
  assertEquals(ids, ["server_endpoint"]);
  const [finding] = report.findings;
  assertEquals(finding?.title, "The endpoint /mcp/search of the server search cannot be reached");
  assertEquals([finding?.evidence, finding?.fixes[0]?.who], ["status 404.", "the proxy"]);
});

Deno.test("the doctor at the endpoint of one server says nothing of the others", async () => {
  const address = "http://localhost/mcp/files";
  assertEquals((await examined([], { app: gateway(DEAD), address })).ids, []);
});

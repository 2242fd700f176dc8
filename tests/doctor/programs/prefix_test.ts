/** A server behind nginx as README says, and under its own path. */
import { assert, assertEquals } from "@std/assert";
import { rpc } from "../../helpers/app.ts";
import { EventReader } from "../../helpers/sse.ts";
import { proxiedPath } from "./nginx.ts";

const README = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
const LOCATIONS = /```nginx\n(location [\s\S]*?)```/.exec(README)?.[1] ?? "";

/** README's locations, which pass requests to the server of the test. */
function locations(prefix: string): string {
  assert(LOCATIONS.includes("location / {") && LOCATIONS.includes("location ~ ^/("));
  return LOCATIONS
    .replace("location ~ ^/(", `location ~ ^${prefix}/(`)
    .replace("location / {", `location ${prefix}/ {`)
    .replace("http://127.0.0.1:8000", prefix === "" ? "http://lifeline" : "http://lifeline/");
}

for (const prefix of ["", "/ai"]) {
  Deno.test(`README's location of nginx serves clients and pages ${prefix === "" ? "at its root" : `under ${prefix}`}`, async () => {
    await using path = await proxiedPath({ server: locations(prefix), pingMs: 60_000 });
    const base = `http://127.0.0.1:${path.port}${prefix}`;
    for (const page of ["/", "/sse-test.html", "/mcp/info", "/healthz"]) {
      const response = await fetch(base + page);
      assertEquals(response.status, 200, page);
      await response.body?.cancel();
    }
    for (const operator of ["/mcp/connections", "/metrics", "/connections.html"]) {
      const response = await fetch(base + operator);
      assertEquals(response.status, 404, operator);
      await response.body?.cancel();
    }
    for (const streamUrl of [`${base}/mcp`, `${base}/mcp/sse`]) await callOverSse(streamUrl);
    await path.allClosed();
  });
}

/** Acts like a 2024-11-05 client. */
async function callOverSse(streamUrl: string): Promise<void> {
  const events = new EventReader(
    await fetch(streamUrl, { headers: { accept: "text/event-stream" } }),
  );
  const endpoint = new URL((await events.nextNamed("endpoint")).data, streamUrl);
  const posted = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(rpc("ping")),
  });
  assertEquals(posted.status, 202);
  await posted.body?.cancel();
  assertEquals((await events.nextNamed("message")).json.result, {});
  await events.leave();
}

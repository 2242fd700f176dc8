/** The property of one authenticated caller is refused to every other. */
import { assertEquals } from "@std/assert";
import type { Peer } from "../../lib/mod.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";

const ADA: Peer = { address: "192.0.2.1", principal: "ada" };
/** Not Ada, though some come from her address. */
const OTHERS: readonly Peer[] = [
  { address: "192.0.2.1", principal: "eve" },
  { address: "192.0.2.1" },
  { address: "192.0.2.1", principal: "" },
  { address: "192.0.2.1", principal: "Ada" },
];
/** Ada in the train. */
const ADA_ELSEWHERE: Peer = { address: "198.51.100.7", principal: "ada" };

async function refusal(answer: Promise<Response>): Promise<[number, number]> {
  const response = await answer;
  return [response.status, (await response.json()).error.code];
}

/** As for an id that was never issued. */
const UNKNOWN: [number, number] = [404, -32600];

Deno.test("a session id of another caller is refused, on every method", async () => {
  const MCP_SESSION_KEY = "a key that both servers were given long enough";
  using app = testApp({ settings: { MCP_SESSION_KEY } });
  const session = await TestSession.open(app, { peer: ADA });
  using restarted = testApp({ settings: { MCP_SESSION_KEY } });
  for (const server of [app, restarted]) {
    for (const peer of OTHERS) {
      const stolen = session.on(server, { peer });
      assertEquals(await refusal(stolen.post(rpc("ping"))), UNKNOWN);
      assertEquals(await refusal(stolen.post([rpc("ping")])), UNKNOWN);
      assertEquals(await refusal(stolen.listen()), UNKNOWN);
      assertEquals(await refusal(stolen.delete()), UNKNOWN);
    }
    const elsewhere = session.on(server, { peer: ADA_ELSEWHERE });
    assertEquals((await elsewhere.ask(rpc("ping"))).result, {});
  }
});

Deno.test("a session without a caller is refused to one who has a name", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  assertEquals(await refusal(session.on(app, { peer: ADA }).post(rpc("ping"))), UNKNOWN);
});

Deno.test("a plain stream of another caller takes no message and is not closed", async () => {
  using app = testApp();
  const headers = { accept: "text/event-stream" };
  const opened = await app.request("/mcp/sse", { method: "POST", headers }, ADA);
  const reader = new EventReader(opened);
  await reader.nextNamed("welcome");
  const id = opened.headers.get("mcp-connection-id") ?? "";
  const init = (method: string) => ({
    method,
    headers: { "mcp-connection-id": id, "content-type": "application/json" },
    ...(method === "POST" && { body: JSON.stringify(rpc("ping")) }),
  });
  for (const peer of OTHERS) {
    assertEquals(await refusal(app.request("/mcp/sse", init("POST"), peer)), UNKNOWN);
    assertEquals(await refusal(app.request("/mcp/sse", init("DELETE"), peer)), UNKNOWN);
  }
  assertEquals((await app.request("/mcp/sse", init("POST"), ADA_ELSEWHERE)).status, 202);
  assertEquals((await reader.nextNamed("response")).json.result, {});
  assertEquals((await app.request("/mcp/sse", init("DELETE"), ADA_ELSEWHERE)).status, 204);
  await reader.rest();
});

Deno.test("an HTTP+SSE stream of another caller takes no message", async () => {
  using app = testApp();
  const headers = { accept: "text/event-stream" };
  const reader = new EventReader(await app.request("/mcp", { headers }, ADA));
  const endpoint = `/mcp${(await reader.nextNamed("endpoint")).data}`;
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(rpc("ping")),
  };
  for (const peer of OTHERS) {
    assertEquals(await refusal(app.request(endpoint, init, peer)), UNKNOWN);
  }
  assertEquals((await app.request(endpoint, init, ADA_ELSEWHERE)).status, 202);
  assertEquals((await reader.nextNamed("message")).json.result, {});
  await reader.leave();
});

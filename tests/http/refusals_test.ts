/** The operator's information on refused clients. */
import { assertEquals } from "@std/assert";
import * as z from "zod";
import { defineTool, ProtocolError } from "../../lib/mod.ts";
import { Refusals } from "../../lib/http/refusals.ts";
import { emitNothing } from "../../lib/base/observer.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";

const REQUEST = { method: "GET", path: "/mcp", address: "192.0.2.1" };

Deno.test("a refused client is seen at `info`, with its address and what was wrong", async () => {
  using log = new CapturedLog("info");
  using app = testApp();
  const init = { headers: { origin: "https://app.example.com" } };
  await (await app.request("/mcp", init)).body?.cancel();
  const seen = log.of("Request refused").map(({ level, fields }) => [
    level,
    fields.kind,
    fields.client_ip,
    fields.refused,
  ]);
  assertEquals(seen, [["INFO", "origin_refused", "127.0.0.1", 1]]);
});

Deno.test("each kind of refusal has one line in ten seconds at `info`, with the number since the last", () => {
  using log = new CapturedLog("debug");
  let now = 0;
  const refusals = new Refusals(emitNothing, () => now);
  const refuse = (kind: "host_refused" | "not_found" | "session_not_found") =>
    refusals.report(new ProtocolError(kind, "no"), REQUEST);
  for (let times = 0; times < 5; times++) refuse("host_refused");
  refuse("session_not_found");
  now = 10_000;
  refuse("host_refused");
  const seen = log.of("Request refused").filter(({ level }) => level === "INFO");
  assertEquals(seen.map(({ fields }) => [fields.kind, fields.refused]), [
    ["host_refused", 1],
    ["session_not_found", 1],
    ["host_refused", 5],
  ]);
  assertEquals(log.of("Request refused").length, 7);
  refuse("not_found");
  assertEquals(log.of("Request refused").at(-1)?.level, "DEBUG");
});

Deno.test("a long method or type is neither answered nor logged at its full length", async () => {
  using log = new CapturedLog("debug");
  using app = testApp();
  const long = "A".repeat(20_000);
  const requests: [string, RequestInit][] = [
    ["/healthz", { method: long }],
    ["/nowhere", { method: long }],
    ["/mcp", { method: "POST", body: "{}", headers: { "content-type": `text/${long}` } }],
  ];
  for (const [path, init] of requests) {
    const answer = await (await app.request(path, init)).text();
    assertEquals(answer.includes("A".repeat(200)), false, path);
  }
  const lines = log.of("Request refused");
  assertEquals(lines.length, requests.length);
  for (const { fields } of lines) assertEquals(JSON.stringify(fields).length < 2_000, true);
});

Deno.test("no credential and no argument is in the log or the view, even if two copies of it differ", async () => {
  const secrets = ["s3cret-credential-s3cret-credential", "s3cret-argument"] as const;
  using log = new CapturedLog("debug");
  const tool = defineTool({
    name: "pay",
    description: "Pays",
    input: z.object({ pin: z.string().meta({ "x-mcp-header": "Pin" }) }),
    run: () => "paid",
  });
  using app = testApp({ tools: [tool] });
  const twice = `Bearer wrong, Bearer ${secrets[0]}`;
  await (await app.request("/metrics", { headers: { authorization: twice } })).body?.cancel();
  for (const name of ["mcp-session-id", "mcp-connection-id", "idempotency-key"]) {
    const headers = { [name]: `other, ${secrets[0]}`, accept: "text/event-stream" };
    const response = await app.post("/mcp/sse", rpc("ping"), headers);
    assertEquals(response.status, 400, name);
    assertEquals((await response.text()).includes(secrets[0]), false, name);
  }
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const call = rpc("tools/call", { name: "pay", arguments: { pin: secrets[1] }, _meta });
  const mirrored = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "pay",
  };
  for (const pin of [{}, { "mcp-param-pin": "another" }]) {
    const response = await app.post("/mcp", call, { ...mirrored, ...pin });
    assertEquals(response.status, 400);
    await response.body?.cancel();
  }
  const view = await (await app.operate("/mcp/connections")).text();
  const told = [...log.lines, view].join("\n");
  assertEquals(secrets.filter((secret) => told.includes(secret)), []);
  assertEquals(log.of("Request refused").length, 6);
});

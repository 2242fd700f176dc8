/** An app under a prefix of another server's paths. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type AppOptions, ConfigError, createApp, mountAt } from "../../lib/mod.ts";
import { CapturedLog } from "../helpers/log.ts";
import { rpc } from "../helpers/messages.ts";

/** Status of a GET; 0 for a path that is not the app's. */
async function statusAt(prefix: string, path: string): Promise<number> {
  const app = createApp();
  const response = await mountAt(app, prefix)(new Request(`http://localhost${path}`));
  await response?.body?.cancel();
  app.stop();
  return response?.status ?? 0;
}

for (
  const [prefix, path, status] of [
    ["/ai", "/ai/healthz", 200],
    ["/ai", "/ai", 200],
    ["/ai", "/ai/", 200],
    ["/ai", "/aide/healthz", 0],
    ["/ai", "/healthz", 0],
    ["/ai/", "/ai/healthz", 200],
    ["/ai/v1", "/ai/v1/healthz", 200],
    ["/ai/v1", "/ai/healthz", 0],
    ["/my tools", "/my%20tools/healthz", 200],
    ["/", "/healthz", 200],
    ["/", "/", 200],
  ] as const
) {
  Deno.test(`mounted at ${prefix}, ${path} is ${status === 0 ? "not the app's" : status}`, async () => {
    assertEquals(await statusAt(prefix, path), status);
  });
}

/** Sends a GET with a target as it is, and returns the status; 418 for a path that is not the app's. */
async function statusOfRaw(port: number, target: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const answer = new Uint8Array(64);
  await connection.read(answer);
  return Number(new TextDecoder().decode(answer).split(" ")[1]);
}

Deno.test("no spelling of a mounted path reaches what a proxy forbids by its path", async () => {
  const app = createApp({ settings: { MCP_METRICS_PUBLIC: true } });
  const answer = mountAt(app, "/ai");
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => await answer(request) ?? new Response(null, { status: 418 }),
  );
  const statuses = async (targets: readonly string[]) =>
    await Promise.all(targets.map((target) => statusOfRaw(server.addr.port, target)));
  assertEquals(await statuses(["/ai/metrics", "/ai/metrics?a=/../b"]), [200, 200]);
  const spellings = [
    "/x/../ai/metrics",
    "/ai/x/../metrics",
    "/ai/x/%2e%2e/metrics",
    "/ai/./metrics",
    "/ai/%2E/metrics",
    "/ai\\metrics",
    "/ai/mcp/sse/../../metrics",
    "http://localhost/x/../ai/metrics",
    "//ai/metrics",
    "/%61i/metrics",
    "/AI/metrics",
  ];
  assertEquals(await statuses(spellings), spellings.map(() => 418));
  const within = ["/ai//metrics", "/ai/metrics;x", "/ai/%6detrics", "/ai/metrics/"];
  assertEquals(await statuses(within), within.map(() => 404));
  app.stop();
  await server.shutdown();
});

for (const prefix of ["", "ai", "//ai", "/ai?x=1", "http://localhost/ai"]) {
  Deno.test(`an app cannot be mounted at ${JSON.stringify(prefix)}`, () => {
    const app = createApp();
    assertThrows(() => mountAt(app, prefix), ConfigError, 'a prefix is a path such as "/ai"');
    app.stop();
  });
}

Deno.test("a page of a mounted app is sent to the folder that its links start from", async () => {
  const app = createApp();
  const answer = mountAt(app, "/ai/v1");
  const headers = { accept: "text/html" };
  const moved = await answer(new Request("http://localhost/ai/v1?a=b", { headers }));
  assertEquals([moved?.status, moved?.headers.get("location")], [308, "v1/?a=b"]);
  const page = await answer(new Request("http://localhost/ai/v1/", { headers }));
  assertEquals([page?.status, (await page?.text())?.includes("<html")], [200, true]);
  app.stop();
});

const ISSUED = {
  MCP_PUBLIC_URL: "https://example.com/ai/v1",
  MCP_AUTH_ISSUERS: ["https://issuer.example"],
};

/** Asks an app that is mounted at `/ai/v1`. */
async function ask(settings: AppOptions["settings"], path: string, init?: RequestInit) {
  const app = createApp({ settings: settings ?? {} });
  const response = await mountAt(app, "/ai/v1")(new Request(`http://localhost${path}`, init));
  const text = await response?.text() ?? "";
  app.stop();
  return { status: response?.status, headers: response?.headers, text };
}

Deno.test("server information of a mounted app lists paths as clients reach them", async () => {
  for (const settings of [{}, { MCP_PUBLIC_URL: "https://example.com/ai/v1" }]) {
    const { endpoints } = JSON.parse((await ask(settings, "/ai/v1/mcp/info")).text);
    const home = JSON.parse((await ask(settings, "/ai/v1/")).text);
    const lost = JSON.parse((await ask(settings, "/ai/v1/nowhere")).text);
    assertEquals([home.info, home.endpoints], ["/ai/v1/mcp/info", endpoints]);
    assertEquals(lost.error.data.endpoints, endpoints);
    assertMatch(lost.error.message, /connect to \/ai\/v1\/mcp or \/ai\/v1\/mcp\/sse;/);
    for (const { path, url } of endpoints) {
      assertMatch(path, /^\/ai\/v1\/\w*/);
      assertEquals(url, "MCP_PUBLIC_URL" in settings ? `https://example.com${path}` : undefined);
    }
  }
});

Deno.test("a wrong method at a path of a mounted app is refused with the paths that clients reach", async () => {
  const app = createApp();
  const answer = mountAt(app, "/ai/v1");
  const response = await answer(new Request("http://localhost/ai/v1/healthz", { method: "POST" }));
  const { error } = await response?.json();
  assertEquals(
    [response?.status, error.message],
    [
      405,
      "/ai/v1/healthz takes GET, HEAD, not POST; MCP messages go to /ai/v1/mcp or /ai/v1/mcp/sse",
    ],
  );
  app.stop();
});

Deno.test("a browser at the endpoint of a mounted app is told where the page is", async () => {
  const { status, text } = await ask({}, "/ai/v1/mcp", { headers: { accept: "text/html" } });
  assertEquals(status, 406);
  assertMatch(text, /open \/ai\/v1\/sse-test\.html, or \/ai\/v1\/mcp\/info/);
});

Deno.test("a 2024-11-05 client reaches a mounted app, also if it resolves its endpoint against the origin", async () => {
  const app = createApp();
  const answer = mountAt(app, "/ai/v1");
  const other = createApp();
  const answerOther = mountAt(other, "/other");
  const stream = await answer(
    new Request("http://localhost/ai/v1/mcp", { headers: { accept: "text/event-stream" } }),
  );
  const reader = stream!.body!.pipeThrough(new TextDecoderStream()).getReader();
  const [, endpoint = ""] = /^data: (\S+)$/m.exec((await reader.read()).value ?? "") ?? [];
  const post = (url: string | URL, method = "POST") =>
    answer(
      new Request(url, {
        method,
        headers: { "content-type": "application/json" },
        ...(method === "POST" && { body: JSON.stringify(rpc("ping")) }),
      }),
    );
  for (const base of ["http://localhost/ai/v1/mcp", "http://localhost/"]) {
    assertEquals((await post(new URL(endpoint, base)))?.status, 202, base);
    assertMatch((await reader.read()).value ?? "", /"result":\{\}/);
  }
  const lost = new URL(endpoint, "http://localhost/");
  assertEquals(await answerOther(new Request(lost, { method: "POST" })), undefined);
  assertEquals(await post(lost, "GET"), undefined);
  assertEquals(await post("http://localhost/?connection_id=7"), undefined);
  assertEquals(await post("http://localhost/"), undefined);
  await reader.cancel();
  app.stop();
  other.stop();
});

Deno.test("a client finds the way to a token of a mounted app", async () => {
  const refused = await ask(ISSUED, "/ai/v1/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", host: "example.com" },
    body: JSON.stringify(rpc("ping")),
  });
  assertEquals(refused.status, 401);
  const challenge = refused.headers?.get("www-authenticate") ?? "";
  const [, url = ""] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  const found = "https://example.com/.well-known/oauth-protected-resource/ai/v1/mcp";
  assertEquals(url, found);
  const document = await ask(ISSUED, new URL(found).pathname);
  assertEquals(JSON.parse(document.text).resource, "https://example.com/ai/v1/mcp");
  const ofBase = await ask(ISSUED, "/.well-known/oauth-protected-resource/ai/v1");
  assertEquals(JSON.parse(ofBase.text).resource, "https://example.com/ai/v1");
});

Deno.test("a mounted app leaves documents alone that are not its own", async () => {
  for (
    const [settings, path] of [
      [{}, "/.well-known/oauth-protected-resource/ai/v1/mcp"],
      [ISSUED, "/.well-known/oauth-protected-resource/ai/v10/mcp"],
      [ISSUED, "/.well-known/oauth-protected-resource"],
      [ISSUED, "/.well-known/oauth-authorization-server"],
    ] as const
  ) assertEquals((await ask(settings, path)).status, undefined, path);
});

Deno.test("a mounted app serves its issuer's document at the root only if it is told to", async () => {
  const mirrored = { ...ISSUED, MCP_AUTH_MIRROR_METADATA: true };
  const { status } = await ask(mirrored, "/.well-known/oauth-authorization-server");
  assertEquals(status, 503);
});

for (
  const [publicUrl, prefix, isTold] of [
    ["https://example.com", "/ai", true],
    ["https://example.com/ai", "/ai/", false],
    ["https://example.com/outer/ai/", "/ai", false],
    ["https://example.com/aide", "/ai", true],
    ["https://example.com/x", "/", false],
  ] as const
) {
  Deno.test(`an app at ${prefix} ${isTold ? "warns of" : "takes"} the public URL ${publicUrl}`, () => {
    using log = new CapturedLog("warning");
    const app = createApp({ settings: { MCP_PUBLIC_URL: publicUrl } });
    mountAt(app, prefix);
    app.stop();
    const [line] = log.of("MCP_PUBLIC_URL does not end with the prefix of the mounted app");
    assertEquals(
      line?.fields.hint,
      isTold ? `unless a proxy adds ${prefix}, set it to ${publicUrl}${prefix}` : undefined,
    );
  });
}

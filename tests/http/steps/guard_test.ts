/** The DNS-rebinding guard on every route, and CORS for the origins that pass it. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Settings } from "../../../lib/mod.ts";
import { createApp } from "../../../lib/mod.ts";
import { rpc, testApp } from "../../helpers/app.ts";

const PATHS = [
  "/mcp",
  "/mcp/sse",
  "/mcp/stdio",
  "/mcp/connections",
  "/healthz",
  "/readyz",
  "/sse-test.html",
  "/nope",
];

async function statusAt(
  url: string,
  { settings = {}, headers = {}, method = "GET" }: {
    settings?: Partial<Settings>;
    headers?: Record<string, string>;
    method?: string;
  } = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const app = createApp({ settings });
  const response = await app.fetch(new Request(url, { method, headers }));
  const text = await response.text();
  app.stop();
  return { status: response.status, text, headers: response.headers };
}

Deno.test("a foreign Host is refused on every route, and the body says which and what allows it", async () => {
  for (const path of PATHS) {
    const { status, text } = await statusAt(`http://evil.example:8000${path}`);
    assertEquals(status, 403, path);
    const { error, id } = JSON.parse(text);
    assertEquals([error.code, id], [-32600, null]);
    assertStringIncludes(error.message, '"evil.example:8000"');
    assertEquals(error.data, { host: "evil.example:8000" });
    assertStringIncludes(error.message, "MCP_ALLOWED_HOSTS");
  }
});

Deno.test("a foreign Origin is refused on every route, and may not even read the refusal", async () => {
  for (const path of PATHS) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const headers = { origin: "https://evil.example" };
      const refused = await statusAt(`http://localhost${path}`, { headers, method });
      assertEquals(refused.status, 403, `${method} ${path}`);
      assertStringIncludes(JSON.parse(refused.text).error.message, '"https://evil.example"');
      assertEquals(JSON.parse(refused.text).error.data, { origin: "https://evil.example" });
      assertStringIncludes(JSON.parse(refused.text).error.message, "MCP_ALLOWED_ORIGINS");
      assertEquals(refused.headers.get("access-control-allow-origin"), null);
    }
  }
});

for (
  const host of [
    "localhost",
    "LOCALHOST",
    "localhost:8000",
    "127.0.0.1",
    "127.0.0.1:1",
    "[::1]",
    "[::1]:8000",
  ]
) {
  Deno.test(`Host ${host} is allowed by default`, async () => {
    assertEquals((await statusAt(`http://${host}/healthz`)).status, 200);
  });
}

for (
  const host of [
    "localhost.evil.example",
    "evil.example",
    "notlocalhost",
    "localhost.",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "192.168.0.1",
  ]
) {
  Deno.test(`Host ${host} is refused by default`, async () => {
    assertEquals((await statusAt(`http://${host}/healthz`)).status, 403);
  });
}

for (
  const [origin, status] of [
    ["http://localhost", 200],
    ["http://localhost:3000", 200],
    ["https://localhost:3000", 200],
    ["http://127.0.0.1:8000", 200],
    ["http://[::1]:8000", 200],
    ["HTTP://LOCALHOST", 200],
    ["null", 403],
    ["", 403],
    ["https://localhost.evil.example", 403],
    ["https://evil.example#localhost", 403],
    ["https://evil.example/localhost", 403],
    ["https://localhost@evil.example", 403],
    ["file://localhost", 403],
    ["chrome-extension://localhost", 403],
    ["localhost", 200],
    ["http://localhost, https://evil.example", 403],
  ] as const
) {
  Deno.test(`Origin ${JSON.stringify(origin)} is answered ${status} by default`, async () => {
    const answer = await statusAt("http://localhost/healthz", { headers: { origin } });
    assertEquals(answer.status, status);
  });
}

Deno.test("the settings name further hosts, with or without a port", async () => {
  const settings = { MCP_ALLOWED_HOSTS: ["a.example", "b.example:8443"] };
  for (
    const [host, status] of [
      ["a.example", 200],
      ["A.example:1", 200],
      ["b.example:8443", 200],
      ["b.example", 403],
      ["b.example:8444", 403],
      ["localhost", 403],
    ] as const
  ) assertEquals((await statusAt(`http://${host}/healthz`, { settings })).status, status, host);
});

Deno.test("the settings name further origins, whole or by host", async () => {
  const settings = { MCP_ALLOWED_ORIGINS: ["https://app.example", "tools.example"] };
  for (
    const [origin, status] of [
      ["https://app.example", 200],
      ["http://app.example", 403],
      ["https://app.example:8443", 403],
      ["http://tools.example:3000", 200],
      ["http://localhost", 403],
    ] as const
  ) {
    const answer = await statusAt("http://localhost/healthz", { settings, headers: { origin } });
    assertEquals(answer.status, status, origin);
  }
});

Deno.test("* allows every host and every origin", async () => {
  const settings = { MCP_ALLOWED_HOSTS: ["*"], MCP_ALLOWED_ORIGINS: ["*"] };
  const headers = { origin: "https://anything.example" };
  const { status } = await statusAt("http://whatever.example/healthz", { settings, headers });
  assertEquals(status, 200);
});

Deno.test("a host that was allowed once is no way in for another", async () => {
  const app = createApp();
  const statusOf = async (host: string) => {
    const response = await app.fetch(new Request(`http://${host}/healthz`));
    await response.body?.cancel();
    return response.status;
  };
  for (let port = 1; port <= 200; port++) assertEquals(await statusOf(`localhost:${port}`), 200);
  assertEquals(await statusOf("evil.example"), 403);
  assertEquals(await statusOf("evil.example"), 403);
  app.stop();
});

Deno.test("a request without Origin gets no CORS headers", async () => {
  const { headers } = await statusAt("http://localhost/healthz");
  assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
});

Deno.test("an allowed origin may read the answer and the headers it needs, errors included", async () => {
  using app = testApp();
  const origin = "http://localhost:3000";
  for (
    const response of [
      await app.request("/healthz", { headers: { origin } }),
      await app.request("/nope", { headers: { origin } }),
      await app.post("/mcp", rpc("ping"), { origin, accept: "application/json" }),
      await app.post("/mcp", "{", { origin }),
      await app.request("/mcp/sse", {
        method: "POST",
        headers: { origin, accept: "text/event-stream" },
      }),
    ]
  ) {
    assertEquals(response.headers.get("access-control-allow-origin"), origin);
    assertMatch(response.headers.get("access-control-expose-headers") ?? "", /Mcp-Connection-Id/);
    assertMatch(response.headers.get("vary") ?? "", /Origin/);
    assertEquals(response.headers.get("access-control-allow-credentials"), null);
    await response.body?.cancel();
  }
});

Deno.test("a preflight is answered with what the endpoint takes, before any work", async () => {
  using app = testApp();
  const response = await app.request("/mcp/sse", {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type, mcp-connection-id",
    },
  });
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals(response.headers.get("access-control-allow-origin"), "http://localhost:3000");
  assertMatch(response.headers.get("access-control-allow-methods") ?? "", /GET, POST, DELETE/);
  const allowed = (response.headers.get("access-control-allow-headers") ?? "").toLowerCase();
  for (
    const name of [
      "content-type",
      "accept",
      "authorization",
      "mcp-connection-id",
      "mcp-session-id",
      "mcp-protocol-version",
      "last-event-id",
      "mcp-method",
      "mcp-name",
    ]
  ) assertStringIncludes(allowed, name);
});

Deno.test("a preflight allows tool parameters in headers, and nothing else that is asked for", async () => {
  using app = testApp();
  const response = await app.request("/mcp", {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "mcp-param-region, x-evil, mcp-param-a b, cookie",
    },
  });
  const allowed = (response.headers.get("access-control-allow-headers") ?? "").split(", ");
  assertEquals(allowed.includes("mcp-param-region"), true);
  for (const name of ["x-evil", "cookie", "mcp-param-a b"]) {
    assertEquals(allowed.includes(name), false);
  }
});

Deno.test("a preflight allows the headers that the settings name: that for keys, and those for tools", async () => {
  using app = testApp({
    auth: { keys: [{ name: "a", key: "a-key-0123456789" }] },
    settings: { MCP_AUTH_KEY_HEADER: "X-API-Key", MCP_TOOL_HEADERS: ["X-Tenant"] },
  });
  const response = await app.request("/mcp", {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-api-key, x-tenant",
    },
  });
  const allowed = (response.headers.get("access-control-allow-headers") ?? "").split(", ");
  for (const name of ["X-API-Key", "X-Tenant"]) assertEquals(allowed.includes(name), true, name);
});

const READS = [
  ["GET", "/mcp"],
  ["HEAD", "/mcp"],
  ["GET", "/mcp/sse"],
  ["GET", "/mcp/info"],
  ["GET", "/mcp/connections"],
  ["GET", "/metrics"],
  ["GET", "/healthz"],
] as const;
const WRITES = [
  ["POST", "/mcp"],
  ["POST", "/mcp/sse"],
  ["POST", "/nowhere"],
  ["DELETE", "/mcp"],
  ["DELETE", "/mcp/connections"],
  ["OPTIONS", "/mcp"],
] as const;

for (const site of ["cross-site", "same-site", "anything-else"]) {
  for (const mode of ["no-cors", "cors", "navigate", "websocket"]) {
    Deno.test(`what a browser sends for a page of another site (${site}, ${mode}) without an origin is refused`, async () => {
      const headers = {
        accept: "text/event-stream",
        "sec-fetch-site": site,
        "sec-fetch-mode": mode,
      };
      for (const [method, path] of [...READS, ...WRITES]) {
        const { status, headers: sent } = await statusAt(`http://localhost${path}`, {
          method,
          headers,
        });
        assertEquals([status, sent.get("access-control-allow-origin")], [403, null], path);
      }
    });
  }
}

Deno.test("a flood of streams from another site's page leaves no trace in what a local client may open", async () => {
  using app = testApp({ settings: { MCP_MAX_FLAPS: 3 } });
  for (let count = 0; count < 10; count++) {
    const response = await app.request("/mcp", {
      headers: { accept: "text/event-stream", "sec-fetch-site": "cross-site" },
    });
    assertEquals(response.status, 403);
  }
  const { events } = await app.open();
  await events.leave();
});

const LINK = {
  accept: "text/html",
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};
const PAGES = ["/", "/index.html", "/sse-test.html", "/connections.html"];

for (const site of ["cross-site", "same-site"]) {
  Deno.test(`a link of another page (${site}) leads to the pages, and to nothing else`, async () => {
    const headers = { ...LINK, "sec-fetch-site": site };
    for (const path of PAGES) {
      const { status, text } = await statusAt(`http://localhost${path}`, { headers });
      assertEquals([status, /^<!doctype html>/i.test(text)], [200, true], path);
    }
    for (const [method, path] of READS) {
      assertEquals(
        (await statusAt(`http://localhost${path}`, { method, headers })).status,
        403,
        path,
      );
    }
  });
}

for (
  const [name, method, more] of [
    ["HEAD", "HEAD", {}],
    ["a frame", "GET", { "sec-fetch-dest": "iframe" }],
    ["an embedded object", "GET", { "sec-fetch-dest": "object" }],
    ["a download without a destination", "GET", { "sec-fetch-dest": "empty" }],
    ["a request that is no navigation", "GET", { "sec-fetch-mode": "no-cors" }],
    ["a link of a page whose origin is hidden", "GET", { origin: "null" }],
  ] as const
) {
  Deno.test(`another site gets no page by ${name}`, async () => {
    for (const path of PAGES) {
      const headers = { ...LINK, ...more };
      assertEquals(
        (await statusAt(`http://localhost${path}`, { method, headers })).status,
        403,
        path,
      );
    }
  });
}

Deno.test("what a page of the server loads itself is served", async () => {
  const page = "http://localhost/sse-test.html";
  for (const site of ["same-origin", "none"]) {
    const headers = { "sec-fetch-site": site, "sec-fetch-mode": "cors" };
    assertEquals((await statusAt(page, { headers })).status, 200);
    assertEquals((await statusAt("http://localhost/mcp/info", { headers })).status, 200);
  }
});

Deno.test("an allowed origin of another site may use the endpoint", async () => {
  const headers = { origin: "http://localhost:5173", "sec-fetch-site": "same-site" };
  const { status } = await statusAt("http://localhost/mcp/info", { headers });
  assertEquals(status, 200);
});

/** Errors of remote servers: each says what is wrong and what would be right, and quotes no secret. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { RemoteLaunch } from "../../lib/gateway/launch.ts";
import { describe } from "../../lib/gateway/remote_errors.ts";
import { connectRemote } from "../../lib/gateway/remote_server.ts";
import { GatewayServer } from "../../lib/gateway/server.ts";

const MAX_BYTES = 100_000;
const PAGE = `<!doctype html><title>Sign in</title>${"<p>private page</p>".repeat(100)}`;

async function failureOf(launch: Partial<RemoteLaunch> & { readonly url: string }) {
  const headers = { authorization: "Bearer private-credential" };
  const server = new GatewayServer({
    name: "far",
    version: "1",
    start: () => connectRemote("far", { headers, transport: "auto", ...launch }, MAX_BYTES),
    limits: { maxLineBytes: MAX_BYTES, maxQueued: MAX_BYTES },
    startMs: 10_000,
    now: () => performance.now(),
  });
  const { message } = await assertRejects(() => server.connect(), Error);
  await server.stop();
  return message;
}

function answering(answer: () => Response) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  return {
    port: server.addr.port,
    url: `http://127.0.0.1:${server.addr.port}/mcp`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const page = (status: number) =>
  new Response(PAGE, { status, headers: { "content-type": "text/html" } });
const challenge =
  'Bearer resource_metadata="https://private.example/", error_description="private"';
const refusal = (status: number) =>
  new Response('{"error":"private"}', { status, headers: { "www-authenticate": challenge } });

const ANSWERS: readonly [what: string, answer: () => Response, expected: RegExp][] = [
  [
    "401",
    () => refusal(401),
    /wants a credential \(HTTP 401\): set "headers" of its entry in the file/,
  ],
  ["403", () => refusal(403), /refuses the credential \(HTTP 403\): set "headers" of its entry/],
  ["a page with 403", () => page(403), /refuses the credential \(HTTP 403\)/],
  [
    "404",
    () => new Response("No", { status: 404 }),
    /no MCP server is at its URL \(HTTP 404\): check "url"$/,
  ],
  ["a page with 404", () => page(404), /no MCP server is at its URL \(HTTP 404\): check "url"$/],
  ["405", () => new Response("No", { status: 405 }), /no MCP server is at its URL \(HTTP 405\)/],
  ["a page with 500", () => page(500), /answered with HTTP 500$/],
  [
    "a redirect to a page that signs in",
    () =>
      new Response(null, {
        status: 302,
        headers: { location: "https://elsewhere.example/?private=1" },
      }),
    /redirects to https:\/\/elsewhere\.example\/, which would get its "headers"/,
  ],
];

for (const transport of ["auto", "http", "sse"] as const) {
  for (const [what, answer, expected] of ANSWERS) {
    Deno.test(`a remote server that answers ${what} over ${transport} is told of, with what to set`, async () => {
      await using far = answering(answer);
      const message = await failureOf({ url: far.url, transport });
      assertMatch(message, /^The server far cannot be used: it |: no MCP server/);
      assertMatch(message, expected);
      assertEquals(/private|<p>/.test(message), false, message);
    });
  }
}

const OVER_HTTP: readonly [what: string, answer: () => Response, expected: RegExp][] = [
  [
    "a page",
    () => page(200),
    /answered with text\/html instead of JSON or an event stream: check "url"$/,
  ],
  ["nothing", () => new Response(null), /instead of JSON or an event stream/],
  ["429", () => new Response("slow down", { status: 429 }), /answered with HTTP 429: slow down$/],
  ["503", () => new Response("busy", { status: 503 }), /answered with HTTP 503: busy$/],
  [
    "JSON that is cut",
    () => new Response('{"jsonrpc"', { headers: { "content-type": "application/json" } }),
    /answered with JSON that is not complete$/,
  ],
  ["other JSON", () => Response.json({ private: 1 }), /answered with JSON that is no message$/],
];

for (const [what, answer, expected] of OVER_HTTP) {
  Deno.test(`a remote server that answers ${what} is told of in one sentence`, async () => {
    await using far = answering(answer);
    const message = await failureOf({ url: far.url });
    assertMatch(message, expected);
    assertEquals(/private|<p>|\n/.test(message), false, message);
  });
}

Deno.test("a URL with https:// for a server without TLS says what it may need", async () => {
  await using far = answering(() => new Response("hi"));
  const message = await failureOf({ url: `https://127.0.0.1:${far.port}/mcp` });
  assertMatch(
    message,
    /cannot be reached, it does not speak TLS at this port: "url" may need http:/,
  );
});

Deno.test("a server that does not listen is named with its address", async () => {
  const gone = answering(() => new Response());
  await gone[Symbol.asyncDispose]();
  const message = await failureOf({ url: gone.url });
  assertMatch(message, /cannot be reached, nothing listens there: .*127\.0\.0\.1/);
});

Deno.test("an unknown host, a foreign certificate and TLS at a plain URL each get their advice", () => {
  const told = (cause: string) =>
    describe(new TypeError("fetch failed", { cause: new Error(cause) }));
  assertMatch(
    told("client error (Connect): dns error: failed to lookup"),
    /host name is not known: check "url"/,
  );
  assertMatch(
    told("invalid peer certificate: UnknownIssuer"),
    /not trusted; DENO_CERT names a file/,
  );
  assertMatch(told("invalid HTTP version parsed"), /may need https:/);
  assertMatch(told("some new words"), /^it cannot be reached: fetch failed \(some new words\)$/);
});

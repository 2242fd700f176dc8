/** The request that a library user passes to `fetch()`. */
import { assertEquals, assertRejects } from "@std/assert";
import { createApp, mountAt } from "../../lib/mod.ts";
import { toServeHandler } from "../../lib/serve.ts";

const URL_TEXT = "http://localhost/mcp";
const REMOTE = { transport: "tcp", hostname: "127.0.0.1", port: 50_000 };
const FORM = "fetch() takes a Request, not ";

/** What programs without types pass, and the words that say what is wrong. */
const WRONG: readonly (readonly [name: string, unknown, string])[] = [
  ["nothing", undefined, `${FORM}undefined`],
  ["null", null, `${FORM}null`],
  ["a number", 8000, `${FORM}8000`],
  ["a list", [URL_TEXT], `${FORM}a list`],
  ["a function", () => new Request(URL_TEXT), `${FORM}a function`],
  ["a text", URL_TEXT, `${FORM}"${URL_TEXT}"; pass new Request(…) with a whole URL`],
  ["a URL", new URL(URL_TEXT), `${FORM}an object; pass new Request(url)`],
  ["an object", {}, `${FORM}an object`],
  ["a promise", Promise.resolve(new Request(URL_TEXT)), `${FORM}an object`],
  ["a response", new Response("x"), `${FORM}an object`],
  ["options of a request", { url: URL_TEXT, method: "GET", headers: {} }, `${FORM}an object`],
  ["an object with a URL alone", { url: URL_TEXT }, `${FORM}an object`],
  [
    "an event with a request",
    { request: new Request(URL_TEXT) },
    `${FORM}an object; pass the Request in its member request`,
  ],
  [
    "a context with a request",
    { req: new Request(URL_TEXT) },
    `${FORM}an object; pass the Request in its member req`,
  ],
  [
    "a request of Hono",
    { raw: new Request(URL_TEXT), url: URL_TEXT, method: "GET", header: () => "" },
    `${FORM}an object; pass the Request in its member raw`,
  ],
  [
    "a request of node:http",
    { method: "GET", url: "/mcp", headers: { host: "localhost" }, rawHeaders: [] },
    `${FORM}an object; docs/library.md says how to serve an app with node:http`,
  ],
];

for (const [name, wrong, message] of WRONG) {
  Deno.test(`fetch() refuses ${name} in place of a request, and says what to pass`, async () => {
    const app = createApp();
    const behindProxies = createApp({ settings: { MCP_TRUSTED_PROXIES: ["127.0.0.1"] } });
    const starting = createApp({ onStart: () => {} });
    const peer = { address: "127.0.0.1" };
    const handler = toServeHandler(app);
    for (
      const fetch of [
        (request: Request) => app.fetch(request),
        (request: Request) => behindProxies.fetch(request, peer),
        (request: Request) => starting.fetch(request, peer),
        (request: Request) => handler(request, { remoteAddr: REMOTE } as never),
        mountAt(app, "/ai"),
      ]
    ) {
      const error = await assertRejects(async () => await fetch(wrong as Request), TypeError);
      assertEquals(error.message, message);
    }
    for (const one of [app, behindProxies, starting]) one.stop();
  });
}

Deno.test("fetch() takes a request of another class", async () => {
  const app = createApp();
  const { url, method, headers } = new Request("http://localhost/healthz");
  const response = await app.fetch({ url, method, headers } as Request);
  assertEquals([response.status, await response.json()], [200, { status: "ok" }]);
  app.stop();
});

/** The handler of a method at a path, and the words for a method or a path that is not served. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { type Handler, handlerOf, lazyHandler, type Route } from "../../lib/http/route.ts";
import { type RequestContext, RequestHead } from "../../lib/transport/request_head.ts";

const GET: Handler = () => new Response("body", { status: 203, headers: { "x-a": "1" } });
const POST: Handler = () => new Response("posted");

function refusal(route: Route, method: string) {
  const { kind, message, headers } = assertThrows(
    () => handlerOf(route, context("/x"), method),
    ProtocolError,
  );
  return [kind, message, headers?.allow];
}

const context = (path: string) =>
  new RequestHead(new Request(`http://localhost${path}`)) as unknown as RequestContext;

Deno.test("a method gets its own handler, and HEAD that of GET without the body", async () => {
  const route = { GET, POST };
  assertEquals([handlerOf(route, context("/x"), "GET"), handlerOf(route, context("/x"), "POST")], [
    GET,
    POST,
  ]);
  let isCancelled = false;
  const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const streaming = { GET: () => new Response(body, { status: 203, headers: { "x-a": "1" } }) };
  const response = await handlerOf(streaming, context("/x"), "HEAD")(context("/x"));
  assertEquals([response.status, response.headers.get("x-a"), response.body, isCancelled], [
    203,
    "1",
    null,
    true,
  ]);
  const HEAD: Handler = () => new Response(null);
  assertEquals(handlerOf({ GET, HEAD }, context("/x"), "HEAD"), HEAD);
});

Deno.test("a body that cannot be given up fails its HEAD, and nothing else", async () => {
  const body = new ReadableStream({ cancel: () => Promise.reject(new Error("stuck")) });
  const head = handlerOf({ GET: () => new Response(body) }, context("/x"), "HEAD");
  await assertRejects(async () => await head(context("/x")), Error, "stuck");
});

Deno.test("another method is refused with those that are allowed, each once", () => {
  const told = (allowed: string, method: string, more = "") => [
    "method_not_allowed",
    `/x takes ${allowed}, not ${method}${more}`,
    allowed,
  ];
  assertEquals(refusal({ GET }, "PUT"), told("GET, HEAD", "PUT"));
  assertEquals(refusal({ GET, HEAD: GET, POST }, "PUT"), told("GET, HEAD, POST", "PUT"));
  const hint = "; MCP messages go to /mcp or /mcp/sse";
  assertEquals(refusal({ GET }, "POST"), told("GET, HEAD", "POST", hint));
  assertEquals(refusal({ POST }, "HEAD"), told("POST", "HEAD"));
  assertEquals(refusal({ POST }, "constructor"), told("POST", "constructor"));
  assertEquals(refusal({ POST }, "X".repeat(50)), told("POST", "X".repeat(40)));
});

Deno.test("a route that is loaded on demand answers, and any other path is told what is served", async () => {
  let loads = 0;
  const endpoints = [{ method: "GET", path: "/page", use: "a page" }];
  const lazyRoutes = () => {
    loads++;
    return Promise.resolve(new Map([["/page", { GET }]]));
  };
  const page = await lazyHandler({ lazyRoutes, endpoints }, "GET")(context("/page"));
  assertEquals([page.status, await page.text(), loads], [203, "body", 1]);
  const put = lazyHandler({ lazyRoutes, endpoints }, "PUT");
  const wrong = await assertRejects(async () => await put(context("/page")), ProtocolError);
  assertEquals([wrong.kind, wrong.headers?.allow], ["method_not_allowed", "GET, HEAD"]);
  const other = lazyHandler({ lazyRoutes, endpoints }, "GET");
  const error = await assertRejects(async () => await other(context("/other")), ProtocolError);
  assertEquals([error.kind, error.message, error.data], [
    "not_found",
    "Nothing is served at this path: MCP clients connect to /mcp or /mcp/sse; see data.endpoints for " +
    "the rest",
    { endpoints },
  ]);
});

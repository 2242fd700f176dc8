/**
 * The path doctor on the stream test page.
 *
 * @module
 */
import { poorContrasts, widths } from "./in_page.js";
import { bufferingProxy } from "./proxies.ts";
import { saveScreenshot } from "./screenshots.ts";
import { Stage } from "./stage.ts";

const FAST_PINGS = { MCP_PING_INTERVAL_MS: "300" };
/** The doctor asks for a stream it has left, until the server knows it no more. */
const GONE_STREAM = /status of 404/;
const ROWS = "#path-rows";

Deno.test("Page examines the path: events one by one, every dialect, and nothing left open", async () => {
  const context = { viewport: { width: 1280, height: 1000 } };
  await using stage = await Stage.open({
    env: FAST_PINGS,
    context,
    expectedErrors: GONE_STREAM,
  });
  await stage.button("Examine").click();
  await stage.sees("#path-badge", /^examining$/);
  await stage.sees("#path-badge", /^all is well$/);
  await stage.sees(ROWS, /Connection.*HTTP\/1\.1, no TLS, reused/);
  await stage.sees(ROWS, /Events.*one by one \(8\)/);
  await stage.sees(ROWS, /Compression.*none/);
  await stage.sees(ROWS, /Keepalives.*1 came, one every 0\.3 s/);
  await stage.sees(ROWS, /Hang-up.*noticed within \d+ ms/);
  for (const dialect of ["plain SSE", "HTTP\\+SSE", "Streamable HTTP", "JSON", "listen"]) {
    await stage.sees(ROWS, new RegExp(`${dialect}gets through`));
  }
  stage.equals(await stage.find("#path-findings li").count(), 0, "Findings");
  await stage.ledgerShows(({ open }) => open === 0);
  await stage.button("Examine").waitFor();
  stage.assertClean();
});

Deno.test("Page tells which setting to change when GET does not get through", async () => {
  const context = { viewport: { width: 360, height: 740 }, colorScheme: "dark" } as const;
  await using stage = await Stage.open({
    env: FAST_PINGS,
    context,
    expectedErrors: /status of 40[45]/,
  });
  await stage.page.route("**/mcp/sse", async (route) => {
    if (route.request().method() !== "GET") return await route.continue();
    const headers = { server: "nginx", "content-type": "text/html" };
    await route.fulfill({ status: 405, headers, body: "<h1>405 Not Allowed</h1>" });
  });
  await stage.button("Examine").click();
  await stage.sees("#path-badge", /^something is wrong$/);
  await stage.sees(
    "[data-finding=dialect_http_sse]",
    /HTTP\+SSE does not get through.*status 405, and not from/,
  );
  await stage.sees("[data-finding=dialect_streamable] dd code", /^limit_except$/);
  stage.equals(await stage.find("#path-findings li").count(), 2, "Findings");
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  const [page, window] = await stage.page.evaluate(widths);
  stage.equals(page, window, "Horizontal scrolling");
  await saveScreenshot(stage.page, "path-phone-dark");
  await stage.ledgerShows(({ open }) => open === 0);
  stage.assertClean();
});

Deno.test("Behind a proxy that buffers, the page claims nothing of connections that it cannot see", async () => {
  await using stage = await Stage.open({ env: FAST_PINGS, path: "/", expectedErrors: GONE_STREAM });
  await using proxy = bufferingProxy(stage.server.port);
  await stage.goTo(`http://127.0.0.1:${proxy.port}/sse-test.html`);
  await stage.button("Examine").click();
  await stage.sees("#path-badge", /^something is wrong$/);
  await stage.sees("[data-finding=buffered]", /something on the path holds them back/);
  stage.equals(await stage.find("[data-finding=not_reused]").count(), 0, "A claim about reuse");
  const row = await stage.find(`${ROWS} tr`, { hasText: "Connection" }).textContent();
  stage.holds(!/closed after each answer/.test(row ?? ""), `The row says ${row}`);
  await saveScreenshot(stage.page, "path-buffered");
});

Deno.test("Page stops examining when asked to, and leaves its streams", async () => {
  await using stage = await Stage.open({ expectedErrors: GONE_STREAM });
  await stage.page.getByLabel("Silence to try, in seconds").fill("60");
  await stage.button("Examine").click();
  await stage.ledgerShows(({ open }) => open >= 2);
  await stage.button("Stop").click();
  await stage.sees("#path-badge", /^stopped$/);
  await stage.ledgerShows(({ open }) => open === 0);
  stage.assertClean();
});

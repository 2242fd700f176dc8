/**
 * The connection view in real Chromium, against the real server.
 *
 * @module
 */
import { Crowd } from "./crowd.ts";
import {
  changeFigures,
  frameFigures,
  isGroundDark,
  markRows,
  namelessControls,
  poorContrasts,
  smallTargets,
  watchChanges,
  watchFrames,
  widths,
} from "./in_page.js";
import { tabTo } from "./keyboard.ts";
import { mainThreadClock } from "./main_thread.ts";
import { saveScreenshot } from "./screenshots.ts";
import { SseStream } from "../faults/sse_stream.ts";
import { OPERATOR_TOKEN } from "../helpers/operator.ts";
import { report, Stage, type StageOptions } from "./stage.ts";

const ROWS = "#list-rows tr";
const CALM = { MCP_LOG_LEVEL: "warning" };
const ROOMY = {
  ...CALM,
  MCP_MAX_CONNECTIONS_PER_CLIENT: "10000",
  MCP_STREAM_OPENS_PER_SECOND: "10000",
  MCP_STREAM_OPENS_BURST: "10000",
};
const PHONE = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  colorScheme: "dark",
} as const;
/** As the greeting of a server that made its token has it. */
const LINK = `/connections.html#token=${OPERATOR_TOKEN}`;

function openView(options: StageOptions = {}): Promise<Stage> {
  return Stage.open({ env: CALM, path: LINK, ...options });
}

/** The link that the greeting shows. */
function linkOf(log: string): string {
  return /Connections (\S+#token=[0-9a-f]{64})/.exec(log)?.[1] ?? "no link";
}

/** Opens a plain stream, or one of another kind, for a client of that name. */
function openAs(stage: Stage, name: string, request: { method?: string; message?: unknown } = {}) {
  const headers = { "User-Agent": name };
  return SseStream.open({ port: stage.server.port }, { ...request, headers });
}

/** Sends a request that the server refuses, from an unknown origin. */
async function fromElsewhere(stage: Stage): Promise<void> {
  const headers = { origin: "https://elsewhere.example" };
  const response = await fetch(`${stage.server.base}/mcp?secret=1`, { method: "POST", headers });
  await response.body?.cancel();
}

const COUNTDOWN = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "countdown", arguments: { from: 1000, interval_ms: 1000 } },
};

Deno.test("View shows what is open, what closed and what was refused, and ends a connection", async () => {
  const context = { viewport: { width: 1280, height: 1180 }, colorScheme: "light" } as const;
  await using stage = await openView({ env: { ...CALM, MCP_PING_INTERVAL_MS: "500" }, context });
  await stage.sees("#view-badge", /^live$/);
  await stage.sees("#list-status", /^No connection is open\.$/);
  using _first = await openAs(stage, "curl/8.14.1");
  using _busy = await openAs(stage, "n8n/1.103", { message: COUNTDOWN });
  using _old = await openAs(stage, "claude-code/2.0", { method: "GET" });
  await stage.sees("#list-status", /^1–3 of 3$/);
  await stage.sees(`${ROWS}:nth-child(1)`, /^mcp_sse_[0-9a-f]{13}plain\d+ .*curl\/8\.14\.1/);
  await stage.sees(`${ROWS}:nth-child(2) [data-label="In flight"]`, /^1$/);
  await stage.sees(`${ROWS}:nth-child(3)`, /http_sse/);
  await stage.sees(`${ROWS}:nth-child(1) [data-label=Pings]`, /^[2-9]$/);

  await fromElsewhere(stage);
  await stage.sees("#refused-rows tr", /POST \/mcp403 origin_refused.*MCP_ALLOWED_ORIGINS/);
  stage.equals(await stage.page.getByText("secret=1").count(), 0, "Queries, which hold secrets");

  for (const name of ["MCP-Inspector/0.17", "Mozilla/5.0 <b>bold</b>"]) {
    (await openAs(stage, name))[Symbol.dispose]();
  }
  await stage.sees("#closed-rows", /client_closed.*Mozilla\/5\.0 <b>bold<\/b>/);
  stage.equals(await stage.find("main b").count(), 0, "Markup from clients");
  const end = stage.find(`${ROWS}:nth-child(1) button`);
  await end.click();
  await stage.sees(`${ROWS}:nth-child(1) button`, /^Sure\?$/);
  await end.click();
  await stage.sees("#list-outcome", /^Disconnected mcp_sse_/);
  await stage.sees("#list-status", /^1–2 of 2$/);
  await stage.sees("#closed-rows tr:first-child", /disconnected.*curl\/8\.14\.1/);
  await stage.ledgerShows(({ closed }) => closed.disconnected === 1 && closed.client_closed === 2);
  await stage.sees("#closes-legend", /client_closed 2/);
  await stage.sees("#closes-legend", /disconnected 1/);
  await stage.sees("#closes-summary", /^3 closed in the last \d/);
  await stage.sees("#open-summary", /^2 open now, between 0 and [3-5] in the last/);
  stage.holds(await stage.find("#closes-chart rect").count() >= 2, "A bar for each reason");
  await saveScreenshot(stage.page, "connections", { isKept: true });
  stage.assertClean();
});

Deno.test("View stays usable with 10,000 connections: pages, filters, sorts, and redraws little", async () => {
  await using stage = await openView({ env: ROOMY });
  using _crowd = await Crowd.open(stage.server.port, 10_000);
  await stage.sees("#list-status", /^1–50 of 10,000$/);
  stage.equals(await stage.find(ROWS).count(), 50, "Rows in the page");
  await stage.page.evaluate(watchFrames);
  const busy = await mainThreadClock(stage);
  await stage.page.evaluate(watchChanges, "#list-rows");
  await stage.page.evaluate(markRows, ROWS);
  await lookedAgain(stage, 5);
  const [busyMs, { worstMs }] = [await busy(), await stage.page.evaluate(frameFigures)];
  stage.equals(await stage.find(`${ROWS}:not([data-marked])`).count(), 0, "Rows made anew");
  const { texts } = await stage.page.evaluate(changeFigures);
  const unasked = texts.filter((text) =>
    !/^\d+ s$|^\d+ min \d+ s$|^\d+$|^[\d.]+ (B|KiB)$/.test(text)
  );
  stage.equals(unasked, [], "What is written besides ages, pings and bytes");
  report(
    `10,000 connections: five looks cost the page ${Math.round(busyMs)} ms, and the longest time ` +
      `between two frames was ${Math.round(worstMs)} ms`,
  );

  await stage.button("Next").click();
  await stage.sees("#list-status", /^51–100 of 10,000$/);
  await stage.button("Previous").click();
  await stage.sees("#list-status", /^1–50 of 10,000$/);
  await stage.page.getByLabel("Order").selectOption("youngest first");
  await stage.sees(`${ROWS}:first-child`, /crowd\/(99[5-9]\d|10000)/);
  await stage.button("Next").click();
  await stage.sees("#list-status", /^51–100 of 10,000$/);
  await stage.page.getByLabel("Filter").fill("CROWD/19");
  await stage.sees("#list-status", /^1–50 of 111 that match, 10,000 open$/);
  await stage.page.getByLabel("Filter").fill("crowd/1234");
  await stage.sees("#list-status", /^1–1 of 1 that match/);
  await stage.find(`${ROWS} button`).click();
  await stage.find(`${ROWS} button`).click();
  await stage.sees("#list-outcome", /^Disconnected mcp_sse_/);
  await stage.sees("#list-status", /^None of 9,999 matches\.$/);
  await stage.ledgerShows(({ open, closed }) => open === 9_999 && closed.disconnected === 1);
  stage.assertClean();
});

Deno.test("View turns back to a page that is there when most connections have left", async () => {
  await using stage = await openView({ env: ROOMY });
  using few = await Crowd.open(stage.server.port, 40);
  {
    using _many = await Crowd.open(stage.server.port, 80);
    await stage.sees("#list-status", /^1–50 of 120$/);
    await stage.button("Next").click();
    await stage.sees("#list-status", /^51–100 of 120$/);
    await stage.button("Next").click();
    await stage.sees("#list-status", /^101–120 of 120$/);
    stage.equals(await stage.button("Next").getAttribute("aria-disabled"), "true", "The last page");
  }
  await stage.sees("#list-status", /^1–40 of 40$/);
  await stage.sees("#closes-legend", /client_closed 80/);
  few[Symbol.dispose]();
  await stage.sees("#list-status", /^No connection is open\.$/);
  stage.assertClean();
});

Deno.test("View shows nothing new while paused, and all of it after", async () => {
  await using stage = await openView();
  await stage.page.clock.install();
  await stage.page.reload();
  await stage.sees("#view-badge", /^live$/);
  await stage.button("Pause").click();
  await stage.sees("#view-badge", /^paused$/);
  let looks = 0;
  stage.page.on("request", (request) => {
    if (request.url().includes("/mcp/connections")) looks++;
  });
  using _client = await openAs(stage, "curl/8");
  await stage.page.clock.runFor(60_000);
  stage.equals(looks, 0, "Questions to the server while paused");
  await stage.button("Pause").click();
  await stage.sees("#view-badge", /^live$/);
  await stage.sees("#list-status", /^1–1 of 1$/);
  stage.assertClean();
});

Deno.test("View works by keyboard alone, and the focus is never lost", async () => {
  await using stage = await openView();
  using _one = await openAs(stage, "first");
  using _other = await openAs(stage, "second");
  await stage.sees("#list-status", /^1–2 of 2$/);
  const { keyboard } = stage.page;
  await keyboard.press("Tab");
  await stage.sees(":focus", /^Skip to the connections$/);
  await tabTo(stage, "#filter");
  await keyboard.type("second");
  await stage.sees("#list-status", /^1–1 of 1 that match/);
  await tabTo(stage, "#list-rows button");
  await keyboard.press("Enter");
  await stage.sees(":focus", /^Sure\?$/);
  await keyboard.press("Enter");
  await stage.sees("#list-status", /^None of 1 matches/);
  await stage.find("#filter:focus").waitFor();
  await keyboard.press("Control+A");
  await keyboard.press("Delete");
  await stage.sees("#list-status", /^1–1 of 1$/);
  await tabTo(stage, "#list-rows button");
  await keyboard.press("Enter");
  await tabTo(stage, "#sort", "Shift+Tab");
  await stage.sees("#list-rows button", /^Disconnect$/);
  await stage.ledgerShows(({ open }) => open === 1);
  await tabTo(stage, "#view-pause", "Shift+Tab");
  await keyboard.press("Space");
  await stage.sees("#view-badge", /^paused$/);
  stage.assertClean();
});

Deno.test("View tells assistive technology what its charts, tables and controls are", async () => {
  await using stage = await openView();
  using _client = await openAs(stage, "curl/8");
  await stage.sees("#list-status", /^1–1 of 1$/);
  const { page } = stage;
  for (const name of ["Open connections", "Closes by reason"]) {
    stage.equals(await page.getByRole("img", { name }).count(), 1, `A chart named ${name}`);
  }
  const hint = await page.getByRole("img", { name: "Open connections" })
    .getAttribute("aria-describedby");
  await stage.sees(`#${hint}`, /^1 open now, between/);
  await page.getByText("Both charts as a table").click();
  await stage.sees("#history-rows tr", /^\d\d:\d\d:\d\d1none$/);
  stage.equals(await page.getByRole("heading", { level: 1 }).count(), 1, "One main heading");
  stage.equals(await page.getByRole("button", { name: /^Disconnect mcp_sse_/ }).count(), 1, "Whom");
  const state = page.getByRole("status", { name: "State of the view" });
  stage.equals((await state.textContent())?.trim(), "live", "A live region");
  stage.equals(await page.evaluate(namelessControls), [], "Controls without a name");
  stage.assertClean();
});

Deno.test("View fits a phone in dark mode, and has enough contrast and room to tap", async () => {
  await using stage = await openView({ context: PHONE });
  using _client = await openAs(stage, "W".repeat(200));
  (await openAs(stage, "gone"))[Symbol.dispose]();
  await fromElsewhere(stage);
  await stage.sees("#list-status", /^1–1 of 1$/);
  await stage.find("#closed-rows tr").waitFor();
  await stage.find("#refused-rows tr").waitFor();
  await stage.page.getByText("Both charts as a table").tap();
  const [page, window] = await stage.page.evaluate(widths);
  stage.equals(page, window, "Horizontal scrolling");
  stage.holds(await stage.page.evaluate(isGroundDark), "A dark ground");
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  stage.equals(await stage.page.evaluate(smallTargets, 24), [], "Targets too small");
  await saveScreenshot(stage.page, "connections-phone-dark");
  await stage.find("#list-rows").scrollIntoViewIfNeeded();
  await stage.find(`${ROWS} button`).tap();
  await stage.find(`${ROWS} button`).tap();
  await stage.sees("#list-outcome", /^Disconnected/);
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  stage.assertClean();
});

Deno.test("View asks for the token of the operator, keeps it for this tab, and sends it on", async () => {
  await using stage = await openView({
    path: "/connections.html",
    expectedErrors: /status of 401/,
  });
  using _client = await openAs(stage, "curl/8");
  await stage.sees("#view-badge", /^token needed$/);
  stage.equals(await stage.find("#view").isVisible(), false, "The view without the token");
  const field = stage.page.getByLabel("Token of the operator");
  stage.equals(await field.getAttribute("type"), "password", "Not for all to read");
  await field.fill("wrong");
  await stage.button("Look").click();
  await stage.page.locator("#token:invalid").waitFor();
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  await field.fill(OPERATOR_TOKEN);
  await field.press("Enter");
  await stage.sees("#view-badge", /^live$/);
  await stage.sees("#list-status", /^1–1 of 1$/);
  await stage.page.reload();
  await stage.sees("#list-status", /^1–1 of 1$/);
  const url = stage.page.url();
  stage.holds(!url.includes(OPERATOR_TOKEN), "The token is in no address");
  await stage.find(`${ROWS} button`).click();
  await stage.find(`${ROWS} button`).click();
  await stage.sees("#list-outcome", /^Disconnected/);
  stage.assertClean();
});

Deno.test("The link of the greeting opens the view, and its token stays in no address", async () => {
  await using stage = await Stage.open({
    env: { ...CALM, MCP_ADMIN_TOKEN: "" },
    path: linkOf,
    expectedErrors: /status of 401/,
  });
  const { page } = stage;
  await stage.sees("#view-badge", /^live$/);
  const address = `${new URL(page.url()).origin}/connections.html`;
  stage.equals(page.url(), address, "The address without the token");
  await page.reload();
  await stage.sees("#view-badge", /^live$/);
  await page.goBack();
  stage.equals(page.url(), "about:blank", "The link is no entry of the history");
  await page.goto(address);
  await stage.sees("#view-badge", /^live$/);
  await page.goto(`${address}#token=of-another-start`);
  await stage.sees("#view-badge", /^token needed$/);
  await page.goto(linkOf(stage.server.stderr));
  await stage.sees("#view-badge", /^live$/);
  stage.equals(page.url(), address, "The address without the token");
  const other = await page.context().newPage();
  await other.goto(address);
  await other.getByLabel("Token of the operator").waitFor();
  stage.assertClean();
});

Deno.test("View ends all streams of one caller, and leaves those of others", async () => {
  await using stage = await openView({
    env: {
      ...CALM,
      MCP_AUTH_KEYS_FILE: "tests/browser/keys.json",
    },
  });
  const streams = await Promise.all(["ada", "ada", "grace"].map(async (name) => {
    const response = await fetch(`${stage.server.base}/mcp/sse`, {
      method: "POST",
      headers: { accept: "text/event-stream", authorization: `Bearer key-of-${name}-for-tests` },
    });
    return { name, response, text: response.text() };
  }));
  await stage.sees("#list-status", /^1–3 of 3$/);
  const endAda = stage.page.getByRole("button", { name: /End all of .*ada/ }).first();
  await endAda.click();
  await endAda.click();
  await stage.sees("#list-outcome", /^Ended 2 streams and 0 sessions of .*ada.*$/);
  await stage.sees("#list-status", /^1–1 of 1$/);
  for (const { text } of streams.filter(({ name }) => name === "ada")) {
    stage.holds((await text).includes('"reason":"disconnected"'), "Each is told");
  }
  stage.assertClean();
  await stage.server.stop("SIGTERM");
  await streams[2]?.text;
});

Deno.test("View says when the server is gone, goes on asking, and starts its counts anew", async () => {
  await using stage = await openView({ expectedErrors: /ERR_CONNECTION_REFUSED/ });
  using _client = await openAs(stage, "curl/8");
  await stage.sees("#list-status", /^1–1 of 1$/);
  const { port } = stage.server;
  await stage.server.stop("SIGTERM");
  await stage.sees("#view-badge", /^no answer$/);
  await stage.sees("#view-trouble", /does not answer.*keeps asking/);
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  await using _successor = await stage.follow(port);
  await stage.sees("#view-badge", /^live$/);
  await stage.sees("#list-status", /^No connection is open\.$/);
  stage.equals(await stage.find("#view-trouble").isVisible(), false, "Trouble that is over");
  stage.assertClean();
});

/** Waits until the page has asked the server so many times again, and has its answers. */
async function lookedAgain(stage: Stage, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const response = await stage.page.waitForResponse(/\/mcp\/connections\?/);
    await response.finished();
  }
}

/**
 * The stream test page in real Chromium, against the real server.
 *
 * @module
 */
import type { LedgerReport } from "../helpers/process.ts";
import { hasMoreRowsThan, readClipboard } from "./in_page.js";
import { Stage } from "./stage.ts";
import { saveScreenshot } from "./screenshots.ts";

const FAST_PINGS = { MCP_PING_INTERVAL_MS: "300" };
const DESKTOP = { viewport: { width: 1280, height: 1000 }, colorScheme: "light" } as const;

Deno.test("Page connects, makes a form from a tool's schema, and shows the result of the call", async () => {
  await using stage = await Stage.open({ env: FAST_PINGS, context: DESKTOP });
  await stage.sees("#state-badge", /^not connected$/);
  await stage.connect();
  const tools = await stage.find("#tool option").evaluateAll((options) =>
    options.map((option) => option.getAttribute("value"))
  );
  stage.equals(tools, ["echo", "add", "now", "countdown"], "The tools to choose from");
  await stage.button("List tools").click();
  await stage.sees("#result-body", /^4 tools: echo, add, now, countdown/);
  await stage.call("add", { a: "19.5", b: "22.5" });
  await stage.sees("#result-body", /"sum": 42\b/);
  await stage.sees("#result-tone", /^done in/);
  await stage.sees("#log-list", /req-3 · call add \{"a":19.5,"b":22.5\}/);
  await stage.sees("#fact-id", /^mcp_sse_[0-9a-f]{32}$/);
  await stage.call("countdown", { from: "40", interval_ms: "100" });
  await stage.call("add", { a: "19.5", b: "22.5" });
  await stage.sees("#ping-summary", /^Ping \d\d /);
  await saveScreenshot(stage.page, "sse-test", { isKept: true });
  await stage.call("echo", { message: '<img src=x onerror="alert(1)"><script>alert(2)</script>' });
  await stage.sees("#result-body", /^<img src=x onerror="alert\(1\)"><script>/);
  stage.equals(await stage.find("main img, main script").count(), 0, "Markup from the server");
  stage.assertClean();
});

Deno.test("Page checks a form before it is sent, takes raw JSON, and shows a tool's own error", async () => {
  await using stage = await Stage.open();
  await stage.connect();
  await stage.call("add", { a: "", b: "1" });
  stage.equals(await stage.find("#tool-fields :invalid").count(), 1, "The field left empty");
  await stage.call("countdown", { from: "-1" });
  stage.equals(await stage.find("#tool-fields :invalid").count(), 1, "A number out of bounds");
  stage.equals(await stage.find("[name=interval_ms]").inputValue(), "1000", "The default");
  await stage.call("now", { time_zone: "Nowhere/None" });
  await stage.sees("#result-tone", /^failed in/);
  await stage.sees("#result-body", /time_zone: Unknown time zone/);
  await stage.page.getByLabel("Write the arguments as JSON").check();
  stage.equals(
    JSON.parse(await stage.page.getByRole("textbox", { name: "Arguments as JSON" }).inputValue()),
    { time_zone: "Nowhere/None" },
    "What the form held",
  );
  await stage.page.getByRole("textbox", { name: "Arguments as JSON" }).fill('{"time_zone": ');
  await stage.button("Call").click();
  stage.equals(await stage.find("#tool-raw:invalid").count(), 1, "JSON that is none");
  await stage.page.getByRole("textbox", { name: "Arguments as JSON" }).fill('{"time_zone": "UTC"}');
  await stage.button("Call").click();
  await stage.sees("#result-body", /^\d{4}-\d\d-\d\d .* UTC$/);
  await stage.page.getByLabel("Write the arguments as JSON").uncheck();
  stage.equals(await stage.find("[name=time_zone]").inputValue(), "UTC", "JSON back in the form");
  await stage.find("[name=time_zone]").fill("");
  await stage.button("Call").click();
  await stage.sees("#log-list", /call now \{\}/);
  stage.assertClean();
});

Deno.test("Page draws pings as they come, and says the same in words and as a table", async () => {
  await using stage = await Stage.open({ env: FAST_PINGS });
  await stage.sees("#ping-summary", /^No ping yet\.$/);
  await stage.connect();
  await stage.sees("#ping-summary", /^Ping 4 came (on time|\d+ ms late)\. One every \d+ ms/);
  stage.holds(await stage.find("#ping-chart rect").count() >= 4, "A bar for each ping");
  stage.holds(await stage.find("#ping-rows tr").count() >= 4, "A row for each ping");
  await stage.sees("#ping-next", /^(Next due|Overdue)/);
  await stage.sees("#log-list", /#4 · open for \d s/);
  stage.assertClean();
});

Deno.test("Log filters by kind and by text, pauses, goes on and clears", async () => {
  await using stage = await Stage.open({ env: FAST_PINGS });
  await stage.connect();
  await stage.call("echo", { message: "needle" });
  await stage.sees("#log-list", /#2 · open/);
  const kinds = () =>
    stage.find("#log-list .kind").evaluateAll((all) => all.map((kind) => kind.textContent));
  const chip = stage.page.getByRole("checkbox", { name: /^ping/ });
  await chip.uncheck();
  stage.holds(!(await kinds()).includes("ping"), "No ping while their kind is off");
  await chip.check();
  stage.holds((await kinds()).includes("ping"), "Pings again");
  await stage.page.getByLabel("Filter by text").fill("NEEDLE");
  await stage.sees("#log-status", /^2 of/);
  stage.equals(await kinds(), ["response", "sent"], "What holds the text");
  await stage.find("#log-list summary").first().click();
  await stage.sees("#log-list pre", /"text": "needle"/);
  await stage.page.getByLabel("Filter by text").fill("");
  await stage.button("Pause").click();
  const before = await stage.find("#log-list li").count();
  await stage.sees("#log-status", /Paused, [2-9]\d* new/);
  stage.equals(await stage.find("#log-list li").count(), before, "Rows while paused");
  await stage.button("Pause").click();
  await stage.page.waitForFunction(hasMoreRowsThan, before);
  await stage.button("Pause").click();
  await stage.button("Clear").click();
  stage.equals(await stage.find("#log-list li").count(), 0, "Rows after Clear");
  stage.assertClean();
});

Deno.test("Page shows the progress of running calls and aborts one of them", async () => {
  await using stage = await Stage.open();
  await stage.connect();
  await stage.call("countdown", { from: "1000", interval_ms: "50" });
  await stage.sees("#running-list", /countdown req-2.*[3-9] of 1000 · \d+ left/);
  stage.equals(await stage.find("#running-list progress").getAttribute("max"), "1000", "The total");
  await stage.call("countdown", { from: "3", interval_ms: "100" });
  await stage.sees("#result-body", /^Counted down from 3$/);
  await stage.ledgerShows(inFlight(1));
  await stage.button("Abort countdown (req-2)").click();
  await stage.sees("#result-tone", /^aborted after/);
  await stage.ledgerShows(inFlight(0));
  stage.equals(await stage.find("#running-list li").count(), 0, "Calls still shown");
  await stage.sees("#log-list", /notifications\/cancelled req-2/);
  stage.assertClean();
});

Deno.test("Page copies the last request as a curl command", async () => {
  await using stage = await Stage.open({
    context: { permissions: ["clipboard-read", "clipboard-write"] },
  });
  await stage.connect();
  await stage.button("Ping").click();
  await stage.sees("#result-title", /^ping$/);
  await stage.button("Copy as curl").click();
  await stage.sees("#announcer", /^Copied\.$/);
  const copied = await stage.page.evaluate(readClipboard);
  stage.equals(
    copied.split(" \\\n  "),
    [
      "curl -N",
      "-H 'Content-Type: application/json'",
      "-H 'Accept: application/json'",
      `--data-raw '{"jsonrpc":"2.0","id":"req-2","method":"ping"}'`,
      `'${stage.server.base}/mcp/sse'`,
    ],
    "The command",
  );
  stage.assertClean();
});

Deno.test("Page tells why the connection closed, and reconnects with the last settings, also after a reload", async () => {
  await using stage = await Stage.open();
  stage.holds(await stage.button("Reconnect").isHidden(), "Nothing to come back to at first");
  await stage.page.getByLabel("First request").selectOption("initialize");
  await stage.button("Connect").click();
  await stage.sees("#result-body", /"protocolVersion": "\d{4}-/);
  const firstId = await stage.find("#fact-id").textContent();
  await stage.button("Disconnect").click();
  await stage.sees("#state-badge", /^closed: disconnected$/);
  await stage.sees("#state-text", /client asked to close it/);
  await stage.sees("#log-list", /disconnected after \d s, \d pings/);
  await stage.button("Reconnect").click();
  await stage.sees("#state-badge", /^connected$/);
  stage.holds(await stage.find("#fact-id").textContent() !== firstId, "A new connection");
  await stage.page.reload();
  await stage.ledgerShows(({ open }) => open === 0);
  await stage.button("Reconnect").click();
  await stage.sees("#result-title", /^initialize$/);
  const { closed } = await stage.server.ledger();
  stage.equals([closed.disconnected, closed.client_closed], [1, 1], "The reasons in the ledger");
  stage.assertClean();
});

Deno.test("Page refuses an endpoint on another host before anything is sent", async () => {
  await using stage = await Stage.open();
  await stage.page.getByLabel("Endpoint").fill("http://192.0.2.1/mcp/sse");
  await stage.button("Connect").click();
  stage.equals(await stage.find("#endpoint:invalid").count(), 1, "The field at fault");
  await stage.sees("#state-badge", /^not connected$/);
  await stage.page.getByLabel("Endpoint").fill("/mcp/sse");
  await stage.connect();
  stage.assertClean();
});

Deno.test("A drained server shows as drain, and the page comes back to its successor by itself", async () => {
  await using stage = await Stage.open({ expectedErrors: /ERR_CONNECTION_REFUSED/ });
  await stage.page.getByLabel("Connect again when the connection is lost").check();
  await stage.connect();
  const { port } = stage.server;
  const code = await stage.server.stop("SIGTERM");
  stage.equals(code, 0, "The exit code");
  await stage.sees("#log-list", /closedrain after \d+ s/);
  await stage.sees("#state-badge", /^closed: (drain|no answer)$/);
  await stage.sees("#state-retry", /^Trying again in \d+ s\.$/);
  await using successor = await stage.follow(port);
  await stage.sees("#state-badge", /^connected$/);
  stage.equals((await successor.ledger()).open, 1, "Streams of the successor");
  stage.assertClean();
});

Deno.test("A server that is stopped while the page is connected leaves the badge at drain", async () => {
  await using stage = await Stage.open();
  await stage.connect();
  await stage.server.stop("SIGTERM");
  await stage.sees("#state-badge", /^closed: drain$/);
  await stage.sees("#state-text", /stopping or restarting/);
  await saveScreenshot(stage.page, "drained");
  stage.assertClean();
});

Deno.test("A server that is killed shows as network lost", async () => {
  const expectedErrors = /ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/;
  await using stage = await Stage.open({ expectedErrors });
  await stage.connect();
  await stage.call("countdown", { from: "1000", interval_ms: "50" });
  await stage.sees("#running-list", /of 1000/);
  await stage.server.stop("SIGKILL");
  await stage.sees("#state-badge", /^closed: network lost$/);
  await stage.sees("#result-body", /The connection ended: network lost/);
  await stage.button("Ping").press("Enter");
  await stage.sees("#result-body", /^Not connected$/);
  stage.assertClean();
});

Deno.test("A refused connection shows the server's own words", async () => {
  await using stage = await Stage.open({
    env: { MCP_MAX_CONNECTIONS: "1" },
    expectedErrors: /status of 503/,
  });
  await stage.connect();
  const other = await stage.page.context().newPage();
  await other.goto(`${stage.server.base}/sse-test.html`);
  await other.getByRole("button", { name: "Connect", exact: true }).click();
  await other.getByText("All 1 connections are in use").first().waitFor();
  stage.equals(await other.locator("#state-badge").textContent(), "closed: refused", "The badge");
  await other.close();
  stage.assertClean();
});

function inFlight(count: number) {
  return ({ connections }: LedgerReport) => connections[0]?.requests_in_flight === count;
}

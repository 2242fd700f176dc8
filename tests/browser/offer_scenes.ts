/**
 * The features of a server on the test page: tools with every kind of field, questions, resources,
 * prompts, in every dialect.
 *
 * @module
 */
import { colorsOf, isInView, poorContrasts, readClipboard } from "./in_page.js";
import { cuttingProxy, prefixProxy } from "./proxies.ts";
import { saveScreenshot } from "./screenshots.ts";
import { Stage, type StageOptions } from "./stage.ts";

const LAPTOP = { viewport: { width: 1280, height: 900 }, colorScheme: "light" } as const;

function openFull(options: StageOptions = {}): Promise<Stage> {
  return Stage.open({ script: "tests/browser/full_server.ts", context: LAPTOP, ...options });
}

Deno.test("At 1280 x 900 the result of a call is in sight of its button, and so is the log", async () => {
  await using stage = await openFull();
  await stage.connect();
  await stage.choose("draw");
  await stage.find("[name='shape|0.radius']").fill("2");
  await stage.find("#call").scrollIntoViewIfNeeded();
  await stage.button("Call").click();
  await stage.sees("#result-body", /"radius":2/);
  for (const selector of ["#call", "#result-body", "#result-tone", "#log-list"]) {
    stage.holds(await stage.page.evaluate(isInView, selector), `${selector} is in view`);
  }
  await saveScreenshot(stage.page, "laptop-call", { scrolls: false });
  await stage.find("#get-prompt, #list-prompts").first().scrollIntoViewIfNeeded();
  await stage.button("List prompts").click();
  await stage.sees("#result-body", /^1 prompt: haiku/);
  stage.holds(await stage.page.evaluate(isInView, "#list-prompts"), "The button is in view");
  stage.holds(await stage.page.evaluate(isInView, "#result-body"), "Its result is in view");
  stage.assertClean();
});

Deno.test("Nested fields and unions have fields of their own, lists of objects an example", async () => {
  await using stage = await openFull();
  await stage.connect();
  await stage.choose("draw");
  await stage.page.getByLabel("Variant").selectOption({ label: "kind: square" });
  await stage.find("[name='shape|1.side']").fill("3");
  await stage.find("[name='style.color']").selectOption({ label: "green" });
  await stage.page.getByLabel("Include border").check();
  await stage.find("[name='style.border.width']").fill("0.5");
  stage.equals(
    await stage.find("[name=points]").getAttribute("placeholder"),
    '[{"x":0}]',
    "The example of a list",
  );
  await stage.button("Call").click();
  await stage.sees(
    "#result-body",
    /\{"shape":\{"kind":"square","side":3\},"style":\{"color":"green","border":\{"width":0\.5\}\}\}/,
  );
  await stage.page.getByLabel("Write the arguments as JSON").check();
  await stage.page.getByRole("textbox", { name: "Arguments as JSON" }).fill(
    '{"shape":{"kind":"circle","radius":7},"style":{"color":"red"}}',
  );
  await stage.page.getByLabel("Write the arguments as JSON").uncheck();
  stage.equals(await stage.find("[name='shape|0.radius']").inputValue(), "7", "JSON in the form");
  await saveScreenshot(stage.page, "nested-fields");
  stage.assertClean();
});

Deno.test("Tools are found by words of their name or description", async () => {
  await using stage = await openFull();
  await stage.connect();
  const names = () =>
    stage.find("#tool option").evaluateAll((all) => all.map((one) => one.getAttribute("value")));
  stage.equals((await names()).length, 67, "All tools");
  await stage.page.getByLabel("Find a tool").fill("COUNTS whales");
  stage.equals(await names(), ["report_42"], "Tools that match");
  await stage.sees("#tool-count", /^1 of 67 tools match\.$/);
  await stage.page.getByLabel("Find a tool").press("Enter");
  await stage.button("Call").click();
  await stage.sees("#result-body", /^report 42$/);
  await stage.page.getByLabel("Find a tool").fill("no such tool");
  await stage.sees("#tool-count", /^No tool matches\.$/);
  await stage.page.getByLabel("Find a tool").fill("");
  stage.equals((await names()).length, 67, "All tools again");
  stage.assertClean();
});

for (const dialect of ["plain", "modern", "streamable", "http_sse"]) {
  Deno.test(`Page calls tools, answers questions and reads what is offered in the dialect ${dialect}`, async () => {
    await using stage = await openFull();
    await stage.connectIn(dialect);
    await stage.call("add", { a: "19.5", b: "22.5" });
    await stage.sees("#result-body", /"sum": 42\b/);
    await stage.call("countdown", { from: "5", interval_ms: "50" });
    await stage.sees("#result-body", /^Counted down from 5$/);
    await stage.sees("#log-list", /of 5/);

    await stage.choose("greet");
    await stage.button("Call").click();
    await stage.sees("#question-text", /^Who are you\?$/);
    await saveScreenshot(stage.page, `question-${dialect}`, { scrolls: false });
    await stage.button("Send answer").click();
    stage.equals(await stage.find("#question-fields :invalid").count(), 1, "A name is missing");
    await stage.find("#question-fields [name=name]").fill("Ada");
    await stage.find("#question-fields [name=mood]").selectOption({ label: "tired" });
    await stage.button("Send answer").click();
    await stage.sees("#result-body", /^Hello Ada, you are tired$/);
    await stage.button("Call").click();
    await stage.sees("#question-text", /^Who are you\?$/);
    await stage.button("Decline").click();
    await stage.sees("#result-body", /^No greeting: decline$/);

    await stage.button("List resources").click();
    await stage.sees("#result-body", /^1 resource: notes:\/\/motto/);
    await stage.button("Read").click();
    await stage.sees("#result-body", /notes:\/\/motto · text\/plainStill <b>here<\/b>/);
    await stage.page.getByLabel("Resource", { exact: true }).selectOption("notes://{day}");
    await stage.button("Read").click();
    stage.equals(await stage.find("#resource-uri:invalid").count(), 1, "A variable without value");
    await stage.page.getByLabel("Address").fill("notes://monday");
    await stage.button("Read").click();
    await stage.sees("#result-body", /Diary of monday/);

    await stage.button("List prompts").click();
    await stage.sees("#prompt-about", /^Asks for a haiku$/);
    await stage.find("#prompt-fields [name=topic]").fill("rain");
    await stage.button("Get").click();
    await stage.sees("#result-body", /userWrite a haiku about rain/);
    await stage.button("Disconnect").click();
    await stage.sees("#state-badge", /^closed: disconnected$/);
    await stage.ledgerShows(({ open }) => open === 0);
    stage.equals(await stage.find("main b").count(), 0, "Markup from the server");
    stage.assertClean();
  });
}

for (const dialect of ["plain", "modern", "streamable"]) {
  Deno.test(`The copied curl command works alone in a terminal: ${dialect}`, async () => {
    await using stage = await openFull({
      context: { ...LAPTOP, permissions: ["clipboard-read", "clipboard-write"] },
    });
    await stage.page.getByLabel("Token").fill('it\'s a "secret"');
    await stage.connectIn(dialect);
    await stage.call("add", { a: "20", b: "22" });
    await stage.sees("#result-body", /"sum": 42/);
    await stage.sees("#curl", /Authorization: Bearer …/);
    await stage.button("Copy as curl").click();
    await stage.sees("#announcer", /^Copied\.$/);
    const command = await stage.page.evaluate(readClipboard);
    stage.holds(command.includes("Bearer it"), "What is copied has the token");
    // The page's own connection must not be needed.
    await stage.button("Disconnect").click();
    await stage.ledgerShows(({ open }) => open === 0);
    const { code, stdout } = await new Deno.Command("sh", {
      args: ["-c", `${command.replace("curl -N", "curl -sS -N")}`],
      stdin: "null",
    }).output();
    stage.equals(code, 0, "The exit code of curl");
    const { result } = JSON.parse(new TextDecoder().decode(stdout));
    stage.equals(result.structuredContent, { sum: 42 }, "What curl prints");
    stage.assertClean();
  });
}

Deno.test("Log messages show their levels apart, and the log is exported as a file", async () => {
  await using stage = await openFull();
  await stage.connectIn("streamable");
  await stage.choose("speak");
  await stage.button("Call").click();
  await stage.sees("#result-body", /^said$/);
  for (const [level, text] of [["warning", "it gets warm"], ["error", "it burns"]]) {
    await stage.sees(`#log-list [data-level=${level}] .what`, new RegExp(`${level} ${text}`));
  }
  const colors = await stage.page.evaluate(colorsOf, "#log-list .level");
  stage.equals(new Set(colors).size, 3, "A colour for each level");
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  await saveScreenshot(stage.page, "log-levels", { scrolls: false });
  const downloading = stage.page.waitForEvent("download");
  await stage.button("Export").click();
  const download = await downloading;
  stage.holds(/^lifeline-events-.*\.jsonl$/.test(download.suggestedFilename()), "The file's name");
  const text = await Deno.readTextFile(await download.path());
  const entries = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  stage.holds(entries.every(({ time, kind }) => time && kind), "Each line is an entry");
  const burning = entries.find(({ level }) => level === "error");
  stage.equals(burning.data.params.data, "it burns", "The whole message");
  stage.assertClean();
});

Deno.test("A call that is lost says so until it is dismissed", async () => {
  const expectedErrors = /ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|REFUSED/;
  await using stage = await openFull({ expectedErrors });
  await stage.page.getByLabel("Connect again when the connection is lost").check();
  await stage.connect();
  await stage.call("countdown", { from: "1000", interval_ms: "50" });
  await stage.sees("#running-list", /of 1000/);
  const { port } = stage.server;
  await stage.server.stop("SIGKILL");
  await stage.sees("#running-list .lost", /countdown req-2.*Lost\. The connection ended/);
  await using _successor = await stage.follow(port);
  await stage.sees("#state-badge", /^connected$/);
  await stage.call("add", { a: "1", b: "2" });
  await stage.sees("#result-body", /"sum": 3/);
  await stage.sees("#running-list .lost", /countdown req-2/);
  await saveScreenshot(stage.page, "lost-call", { scrolls: false });
  await stage.button("Dismiss countdown req-2").click();
  stage.equals(await stage.find("#running-list li").count(), 0, "Calls still shown");
  stage.assertClean();
});

for (const dialect of ["plain", "modern", "streamable", "http_sse"]) {
  Deno.test(`Behind a proxy that serves it under a path, every page works in the dialect ${dialect}`, async () => {
    await using stage = await openFull({ path: "/", isBehindProxy: true });
    await using proxy = prefixProxy(stage.server.port, "/ai/");
    const base = `http://127.0.0.1:${proxy.port}/ai`;
    await stage.goTo(`${base}/`);
    await stage.sees("#server-name", /^Full house/);
    await stage.sees("#client-url", new RegExp(`^${base}/mcp$`));
    await stage.page.getByRole("link", { name: "Test page" }).first().click();
    await stage.connectIn(dialect);
    stage.holds(
      (await stage.page.getByLabel("Endpoint").inputValue()).startsWith("/ai/mcp"),
      "The endpoint that the page proposes",
    );
    await stage.call("add", { a: "40", b: "2" });
    await stage.sees("#result-body", /"sum": 42/);
    await stage.button("Disconnect").click();
    await stage.sees("#state-badge", /^closed: disconnected$/);
    stage.assertClean();
  });
}

Deno.test("A stream of Streamable HTTP that is cut in a call is resumed, and the result arrives", async () => {
  await using stage = await openFull({ path: "/", isBehindProxy: true });
  await using proxy = cuttingProxy(stage.server.port, 700);
  await stage.goTo(`http://127.0.0.1:${proxy.port}/sse-test.html`);
  await stage.connectIn("streamable");
  await stage.call("countdown", { from: "20", interval_ms: "100" });
  await stage.sees("#result-body", /^Counted down from 20$/);
  stage.equals(await stage.find("#running-list .lost").count(), 0, "Lost calls");
  await stage.button("Disconnect").click();
  await stage.ledgerShows(({ open }) => open === 0);
  stage.assertClean();
});

Deno.test("A call of 2026-07-28 whose answer is cut is shown as lost, and the page stays connected", async () => {
  await using stage = await openFull({ path: "/", isBehindProxy: true });
  await using proxy = cuttingProxy(stage.server.port, 700);
  await stage.goTo(`http://127.0.0.1:${proxy.port}/sse-test.html`);
  await stage.connectIn("modern");
  await stage.call("countdown", { from: "20", interval_ms: "100" });
  await stage.sees("#running-list .lost", /countdown req-2.*Lost\. The answer ended without/);
  await stage.sees("#state-badge", /^connected$/);
  await stage.button("Disconnect").click();
  await stage.ledgerShows(({ open }) => open === 0);
  stage.assertClean();
});

Deno.test("A server that asks who is there refuses without the token, and takes calls and the doctor with it", async () => {
  await using stage = await openFull({
    env: { MCP_TEST_TOKEN: "t0ken" },
    expectedErrors: /status of 40[14]/,
  });
  await stage.button("Connect").click();
  await stage.sees("#state-badge", /^closed: refused$/);
  await stage.sees("#state-text", /401: Send the token of this test/);
  await stage.page.getByLabel("Token").fill("t0ken");
  for (const dialect of ["plain", "modern", "streamable", "http_sse"]) {
    await stage.connectIn(dialect);
    await stage.call("add", { a: "40", b: "2" });
    await stage.sees("#result-body", /"sum": 42/);
    await stage.button("Disconnect").click();
    await stage.sees("#state-badge", /^closed: disconnected$/);
  }
  await stage.button("Examine").click();
  await stage.sees("#path-badge", /^all is well$/);
  await stage.page.reload();
  stage.equals(await stage.page.getByLabel("Token").inputValue(), "t0ken", "Kept for the tab");
  await stage.page.getByRole("link", { name: "Overview" }).click();
  await stage.sees("#offer-list", /Tools \(67\)/);
  const other = await stage.page.context().newPage();
  await other.goto(`${stage.server.base}/sse-test.html`);
  stage.equals(await other.getByLabel("Token").inputValue(), "", "In another tab");
  await other.close();
  stage.assertClean();
});

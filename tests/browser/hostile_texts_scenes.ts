/**
 * Texts of servers and clients that are markup and scripts, on every page in real Chromium: they are
 * shown as texts, and a script that got into a page all the same would be refused.
 *
 * @module
 */
import { assertMatch } from "@std/assert";
import { SseStream } from "../faults/sse_stream.ts";
import { rpc } from "../helpers/app.ts";
import { OPERATOR_TOKEN } from "../helpers/operator.ts";
import { MARKUP, SCRIPT_LINK } from "./hostile_texts.ts";
import { injectScripts, scriptTraces } from "./in_page.js";
import { Stage, type StageOptions } from "./stage.ts";

const HOSTILE = { script: "tests/browser/hostile_texts_server.ts" };

function open(path: string, options: StageOptions = {}): Promise<Stage> {
  return Stage.open({ ...HOSTILE, path, ...options });
}

async function assertNoScript(stage: Stage): Promise<void> {
  stage.equals(
    await stage.page.evaluate(scriptTraces),
    { hasRun: undefined, images: 0, scripts: 0, links: 0 },
    "Scripts that ran, and elements that came from texts",
  );
}

Deno.test("Texts of a server that are markup are texts on the test page, whatever is listed, called and read", async () => {
  await using stage = await open("/sse-test.html");
  await stage.connect();
  await stage.sees("#tool-form", /<img src=x/);
  for (let call = 0; call < 2; call++) {
    await stage.button("Call").click();
    await stage.sees("#result-tone", /^failed/);
    await stage.sees("#result-body", /<img src=x onerror/);
    await assertNoScript(stage);
  }
  for (const list of ["List tools", "List resources", "List prompts"]) {
    await stage.button(list).click();
    await stage.sees("#result-body", /^1 [^]*<img src=x/);
    await assertNoScript(stage);
  }
  stage.assertClean();
});

Deno.test("Texts of clients that are markup are texts in the connection view", async () => {
  await using stage = await open(`/connections.html#token=${OPERATOR_TOKEN}`);
  const headers = { "User-Agent": MARKUP };
  using _stream = await SseStream.open({ port: stage.server.port }, { headers });
  const clientInfo = { name: MARKUP, title: MARKUP, version: SCRIPT_LINK };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };

  const response = await fetch(`${stage.server.base}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(rpc("initialize", params)),
  });
  await response.body?.cancel();
  const refused = { ...headers, "mcp-session-id": MARKUP, origin: "http://evil.test" };
  await (await fetch(`${stage.server.base}/mcp/${MARKUP}`, { headers: refused })).text();
  await stage.sees("#list-rows", /<img src=x/);
  await assertNoScript(stage);
  stage.assertClean();
});

Deno.test("A script that got into a page would be refused by each page's policy", async () => {
  for (const path of ["/", "/sse-test.html", "/connections.html"]) {
    const isRefusal = /Content Security Policy|violates the following|Failed to load resource/;
    await using stage = await open(path, { expectedErrors: isRefusal });
    const answer = await stage.page.request.get(`${stage.server.base}${path}`, {
      headers: { accept: "text/html" },
    });
    const policy = answer.headers()["content-security-policy"] ?? "none";
    assertMatch(policy, /default-src 'none'; script-src 'self';/, path);
    assertMatch(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'/, path);
    await stage.page.evaluate(injectScripts, [MARKUP, SCRIPT_LINK]);
    const { hasRun } = await stage.page.evaluate(scriptTraces);
    stage.equals(hasRun, undefined, `A script ran at ${path}`);
  }
});

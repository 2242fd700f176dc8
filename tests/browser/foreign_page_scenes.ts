/**
 * Foreign pages in a real browser: the requests that they can send, and the answers that they get.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "../deps/playwright.ts";
import { Scrape } from "../helpers/metrics.ts";
import { initializeRequest } from "../helpers/app.ts";
import { ServerProcess } from "../helpers/process.ts";
import { BOTH } from "../helpers/session.ts";
import { launchChromium } from "./chromium.ts";
import { callHonestly, tryEventSource, tryEverything, tryWebSocket } from "./foreign_page.js";

/** A name that resolves to this machine, as an attacker's DNS server may say. */
const FOREIGN_HOST = "evil.test";
const RESOLVE = `--host-resolver-rules=MAP ${FOREIGN_HOST} 127.0.0.1`;
const JSON_TYPE = { "content-type": "application/json" };
const STREAM = { accept: "text/event-stream" };
const PATIENCE_MS = 30_000;
/** Pages that no other page may show in a frame. */
const PAGES = ["/", "/sse-test.html", "/connections.html"];

/** Effects on the server. */
interface Effects {
  readonly requests: number;
  readonly opened: number;
  readonly open: number;
}

/** Streams of a client that is no page. */
class Victim implements Disposable {
  plainId = "";
  sessionId = "";
  oldEndpoint = "";
  /** All that came on its streams. */
  heard = "";
  readonly #base: string;
  readonly #left = new AbortController();

  constructor(base: string) {
    this.#base = base;
  }

  async open(): Promise<void> {
    const plain = await this.#stream("/mcp/sse", { method: "POST", headers: STREAM });
    this.plainId = plain.headers.get("mcp-connection-id") ?? "";
    const old = await this.#stream("/mcp", { headers: STREAM });
    assertEquals(old.status, 200);
    this.oldEndpoint = `/mcp${(await this.#endpoint()).replace(/^\/mcp/, "")}`;
    const opened = await fetch(`${this.#base}/mcp`, {
      method: "POST",
      headers: { ...JSON_TYPE, accept: BOTH },
      body: JSON.stringify(initializeRequest()),
    });
    await opened.text();
    this.sessionId = opened.headers.get("mcp-session-id") ?? "";
    const headers = { ...STREAM, "mcp-session-id": this.sessionId };
    await this.#stream("/mcp", { headers });
  }

  /** The message endpoint that the 2024-11-05 stream names. */
  async #endpoint(): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const data = /event: endpoint\n(?:retry: \d+\n)?data: (\S+)\n/.exec(this.heard)?.[1];
      if (data !== undefined) return data;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`No endpoint in ${this.heard}`);
  }

  async #stream(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(this.#base + path, { ...init, signal: this.#left.signal });
    void this.#hear(response);
    return response;
  }

  async #hear({ body }: Response): Promise<void> {
    try {
      for await (const text of body!.pipeThrough(new TextDecoderStream())) this.heard += text;
    } catch {
      // It left.
    }
  }

  [Symbol.dispose](): void {
    this.#left.abort();
  }
}

/** A foreign web server with one empty page. */
function servePage(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response("<!doctype html><title>Foreign</title><body></body>", {
        headers: { "content-type": "text/html" },
      }),
  );
}

async function effects(server: ServerProcess): Promise<Effects> {
  const scrape = new Scrape(await server.look("/metrics"));
  const { opened, open } = await server.ledger();
  return { requests: scrape.value("lifeline_requests_total"), opened, open };
}

/** The possible effects of a page at `host` on a server with streams of others. */
async function onForeignPage(
  host: string,
  play: (page: Page, server: ServerProcess, victim: Victim) => Promise<void>,
): Promise<void> {
  await using server = await ServerProcess.startOperated();
  await using resources = new AsyncDisposableStack();
  const pages = servePage();
  resources.defer(() => pages.shutdown());
  const browser = await launchChromium([RESOLVE]);
  resources.defer(() => browser.close());
  using victim = new Victim(server.base);
  await victim.open();
  const page = await browser.newPage();
  await page.goto(`http://${host}:${pages.addr.port}/`);
  await play(page, server, victim);
}

/** Tries all, and checks that the server did nothing for the page. */
async function assertNothingGot(page: Page, server: ServerProcess, victim: Victim) {
  const before = await effects(server);
  assertEquals(before.open, 3, "streams of the victim");
  const { plainId, sessionId, oldEndpoint } = victim;
  const base = `http://localhost:${server.port}`;
  const seen = await page.evaluate(tryEverything, { base, plainId, sessionId, oldEndpoint });
  assertEquals(await effects(server), before, "what the server did");
  assertEquals(/foreign/.test(victim.heard), false, victim.heard);
  for (const frame of page.frames().filter((frame) => PAGES.includes(frame.name()))) {
    const shown = await frame.content();
    assertEquals(shown.includes("Lifeline"), false, `${frame.name()} in a frame: ${shown}`);
  }
  return seen;
}

Deno.test("A page on another host name reads nothing, opens nothing and runs nothing", async () => {
  await onForeignPage(FOREIGN_HOST, async (page, server, victim) => {
    const seen = await assertNothingGot(page, server, victim);
    // The answer to a request without CORS cannot be read, whatever it is.
    const got = Object.entries(seen).filter(([, what]) =>
      !["blocked", "opaque", "error"].includes(what)
    );
    assertEquals(got, []);
    const before = await effects(server);
    for (const path of ["/mcp", "/mcp/sse", "/mcp/connections", "/metrics"]) {
      const at = `localhost:${server.port}${path}`;
      assertEquals(await page.evaluate(tryEventSource, `http://${at}`), "error", path);
      assertEquals(await page.evaluate(tryWebSocket, `ws://${at}`), "error", path);
    }
    assertEquals(await effects(server), before, "what the server did");
  });
});

Deno.test("A page on another port of localhost gets nothing of the operator or of other clients", async () => {
  await onForeignPage("localhost", async (page, server, victim) => {
    const seen = await assertNothingGot(page, server, victim);
    // It may be a client, so it may read why it gets nothing.
    const got = Object.entries(seen).filter(([, what]) =>
      !["blocked", "opaque", "error", "403", "404"].includes(what)
    );
    assertEquals(got, []);
    const ofOperator = Object.entries(seen).filter(([name]) => /connections|metrics/.test(name));
    assertEquals(ofOperator.filter(([, what]) => /^\d/.test(what)), [], "of the operator");
  });
});

Deno.test("A page on another port of localhost can be a client of its own", async () => {
  await onForeignPage("localhost", async (page, server) => {
    const text = await page.evaluate(callHonestly, `http://localhost:${server.port}/mcp`);
    assertStringIncludes(text, "from an honest page");
  });
});

/** Follows a link of a page in the same tab, and returns the status of the answer. */
async function followLink(page: Page, href: string): Promise<number | undefined> {
  await page.setContent(`<!doctype html><a href="${href}">Link</a>`);
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.request().isNavigationRequest()),
    page.getByRole("link", { name: "Link" }).click(),
  ]);
  await page.waitForLoadState();
  return response.status();
}

for (const host of [FOREIGN_HOST, "localhost"]) {
  Deno.test(`A link on a page of ${host} leads to the server's pages, and to nothing else`, async () => {
    await onForeignPage(host, async (page, server) => {
      const home = page.url();
      const before = await effects(server);
      for (const path of PAGES) {
        assertEquals(await followLink(page, `http://localhost:${server.port}${path}`), 200, path);
        assertStringIncludes(await page.title(), "Lifeline", path);
        await page.goto(home);
      }
      for (const path of ["/mcp", "/mcp/sse", "/mcp/info", "/mcp/connections", "/metrics"]) {
        assertEquals(await followLink(page, `http://localhost:${server.port}${path}`), 403, path);
        await page.goto(home);
      }
      // The pages themselves may ask the server, but open no stream unasked.
      assertEquals((await effects(server)).opened, before.opened);
    });
  });
}

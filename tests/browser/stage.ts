/**
 * A server, a browser and a page, watched for everything a page must not do.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { BrowserContextOptions, Locator, Page } from "../deps/playwright.ts";
import { type LedgerReport, ServerProcess } from "../helpers/process.ts";
import { launchChromium } from "./chromium.ts";
import { textMatches } from "./in_page.js";

/** How long a check waits for what it wants to see. */
const PATIENCE_MS = 30_000;
/** Checks passed in all scenes. */
let total = 0;

/** What a {@linkcode Stage} is set up with. */
export interface StageOptions {
  /** Settings of the server. */
  readonly env?: Record<string, string>;
  /** A server of one's own in place of Lifeline's `main.ts`. */
  readonly script?: string;
  /** The page to open, or the URL that the server's log has; the stream test page by default. */
  readonly path?: string | ((log: string) => string);
  readonly context?: BrowserContextOptions;
  /** Whether the scene goes on at the address of a proxy on this machine. */
  readonly isBehindProxy?: boolean;
  /** Console errors that the browser itself must show in this scene. */
  readonly expectedErrors?: RegExp;
  /** Other servers that pages of this scene may ask: the beginnings of their URLs. */
  readonly otherServers?: readonly string[];
}

/** Starts a server on a free port; a script in place of `main.ts` greets with its test page. */
function startServer(env = {}, script?: string): Promise<ServerProcess> {
  const options = { script, env: { PORT: "0", ...env } };
  return ServerProcess.startOperated(options, /Test page +(http\S+)\/sse-test\.html\n/);
}

export class Stage implements AsyncDisposable {
  readonly page: Page;
  server: ServerProcess;
  readonly #resources: AsyncDisposableStack;
  readonly #complaints: string[];
  #checks = 0;

  private constructor(
    parts: {
      page: Page;
      server: ServerProcess;
      resources: AsyncDisposableStack;
      complaints: string[];
    },
  ) {
    this.page = parts.page;
    this.server = parts.server;
    this.#resources = parts.resources;
    this.#complaints = parts.complaints;
  }

  /** Opens a page in a browser of its own, on a server of its own. */
  static async open(options: StageOptions = {}): Promise<Stage> {
    const { env, script, path = "/sse-test.html", context, expectedErrors, otherServers } = options;
    const { isBehindProxy = false } = options;
    await using resources = new AsyncDisposableStack();
    const server = resources.use(await startServer(env, script));
    const browser = await launchChromium();
    resources.defer(() => browser.close());
    const page = await (await browser.newContext(context)).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const url = new URL(typeof path === "string" ? path : path(server.stderr), server.base);
    const base = isBehindProxy ? "http://127.0.0.1:" : `${url.origin}/`;
    const complaints = watch(page, [base, ...otherServers ?? []], expectedErrors);
    await page.goto(url.href);
    return new Stage({ page, server, complaints, resources: resources.move() });
  }

  find(selector: string, options?: { readonly hasText: string }): Locator {
    return this.page.locator(selector, options);
  }

  /** Opens a page at another address, such as that of a proxy before the server. */
  async goTo(url: string): Promise<void> {
    await this.page.goto(url);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** Waits until an element's text matches. */
  async sees(selector: string, wanted: RegExp): Promise<void> {
    try {
      await this.page.waitForFunction(textMatches, { selector, source: wanted.source });
    } catch (error) {
      const text = await this.find(selector).first().textContent({ timeout: 1_000 });
      throw new Error(`${selector} never showed ${wanted}, but ${JSON.stringify(text)}`, {
        cause: error,
      });
    }
    this.#count();
  }

  equals<T>(actual: T, expected: T, message: string): void {
    assertEquals(actual, expected, message);
    this.#count();
  }

  holds(condition: boolean, message: string): void {
    assert(condition, message);
    this.#count();
  }

  /** Connects with what the page proposes, and waits for the tools. */
  async connect(): Promise<void> {
    await this.button("Connect").click();
    await this.sees("#state-badge", /^connected$/);
    await this.find("#tool-form").waitFor();
  }

  /** Connects in a dialect, and waits for the tools. */
  async connectIn(dialect: string): Promise<void> {
    await this.page.getByLabel("Dialect").selectOption(dialect);
    await this.connect();
  }

  /** Chooses a tool. */
  async choose(tool: string): Promise<void> {
    await this.page.getByLabel("Tool", { exact: true }).selectOption(tool);
  }

  /** Chooses a tool, fills its form in and calls it. */
  async call(tool: string, args: Record<string, string>): Promise<void> {
    await this.choose(tool);
    for (const [name, value] of Object.entries(args)) {
      await this.find(`#tool-fields [name="${name}"]`).fill(value);
    }
    await this.button("Call").click();
  }

  /** Starts the successor of a server that has ended, at its address. */
  async follow(port: number): Promise<ServerProcess> {
    return this.server = await ServerProcess.startOperated({ args: [`--port=${port}`] });
  }

  /** Waits until the server's ledger is as wanted: an effect in another process. */
  async ledgerShows(isWanted: (ledger: LedgerReport) => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const ledger = await this.server.ledger();
      if (isWanted(ledger)) return this.#count();
      assert(performance.now() < deadline, `The ledger stays at ${JSON.stringify(ledger)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The end of every scene: nothing went wrong in the background. */
  assertClean(): void {
    this.equals(this.#complaints, [], "Errors, CSP violations and requests to other hosts");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    report(`${this.#checks} checks passed`);
  }

  #count(): void {
    this.#checks++;
    total++;
  }
}

/** Collects console errors, CSP violations, exceptions and requests to other hosts. */
function watch(
  page: Page,
  servers: readonly string[],
  expected: RegExp | undefined,
): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    const isBad = message.type() === "error" || message.type() === "warning";
    if (isBad && !expected?.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => void complaints.push(`Uncaught: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    const isKnown = ["data:", ...servers].some((start) => url.startsWith(start));
    if (!isKnown) complaints.push(`Asked ${url}`);
  });
  return complaints;
}

/** Prints how many checks have passed in all scenes. */
export function reportTotal(): void {
  report(`${total} checks passed in all`);
}

/** Prints a line of figures. */
export function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`  ${line}\n`));
}

/** The examples that mount an app, unchanged from docs/examples. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mcp as freshMiddleware } from "../../docs/examples/fresh.ts";
import { mcp } from "../../docs/examples/oak.ts";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url);
const LOCK = new URL("deno.lock", EXAMPLES).pathname;

const CALL = {
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json" },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "greet", arguments: { name: "Ada" } },
  }),
};

/** A running example, which is killed if it has not ended by then. */
class Example implements AsyncDisposable {
  url = "";
  output = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  readonly #listening = Promise.withResolvers<void>();

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = Promise.all([this.#read(child.stdout), this.#read(child.stderr)])
      .then(() => this.#listening.reject(new Error(`It ended: ${this.output}`)));
    this.#listening.promise.catch(() => {});
  }

  static async start(args: readonly string[], env: Record<string, string>): Promise<Example> {
    const example = new Example(
      new Deno.Command(Deno.execPath(), {
        args: [...args],
        env: { NO_COLOR: "1", ...env },
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    await example.#listening.promise;
    return example;
  }

  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
      this.output += text;
      const port = /(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)\//.exec(this.output)?.[1];
      if (port === undefined || this.url !== "") continue;
      this.url = `http://127.0.0.1:${port}`;
      this.#listening.resolve();
    }
  }
}

async function greeting(url: string): Promise<unknown> {
  const response = await fetch(url, CALL);
  return (await response.json()).result;
}

/** The statuses that a browser gets at paths under the prefix `/ai` and beside it. */
async function statusesOf(url: string): Promise<Record<string, number>> {
  const paths = ["/ai", "/ai/", "/ai/sse-test.html", "/ai/other", "/aix"];
  const found: Record<string, number> = {};
  for (const path of [...paths, "/.well-known/oauth-protected-resource/ai/mcp"]) {
    const response = await fetch(url + path, { headers: { accept: "text/html" } });
    found[path] = response.status;
    await response.body?.cancel();
  }
  return found;
}

/** A stream is told why it ends, down to its last byte, and the log tells of the end. */
async function assertDrains(example: Example, path: string): Promise<void> {
  const stream = await fetch(example.url + path, {
    method: "POST",
    headers: { accept: "text/event-stream" },
  });
  const code = example.stop();
  assertMatch(await stream.text(), /"reason":"drain"/);
  assertEquals(await code, 0);
  assertStringIncludes(example.output, "[INFO] Stopped");
}

const GREETING = { content: [{ type: "text", text: "Hello Ada" }] };

for (const name of ["plain", "hono"]) {
  Deno.test(`docs/examples/${name}.ts serves the app under its prefix, and drains`, async () => {
    const path = new URL(`${name}.ts`, EXAMPLES).pathname;
    await using example = await Example.start(
      ["run", "-A", "--no-check", "--frozen", `--lock=${LOCK}`, path],
      { PORT: "0" },
    );
    assertEquals(await greeting(`${example.url}/ai/mcp`), GREETING);
    assertEquals(await (await fetch(`${example.url}/`)).text(), "My own page");
    assertMatch(example.output, /http:\/\/127\.0\.0\.1:/, "it listens on loopback");
    assertEquals(await statusesOf(example.url), {
      "/ai": 200,
      "/ai/": 200,
      "/ai/sse-test.html": 200,
      "/ai/other": 404,
      "/aix": 404,
      "/.well-known/oauth-protected-resource/ai/mcp": 404,
    });
    await assertDrains(example, "/ai/mcp/sse");
  });
}

Deno.test("docs/examples/serve.ts listens, logs and drains as main.ts does", async () => {
  const path = new URL("serve.ts", EXAMPLES).pathname;
  await using example = await Example.start(
    ["run", "-A", "--no-check", "--frozen", `--lock=${LOCK}`, path, "--port=0"],
    { MCP_DRAIN_MS: "1000" },
  );
  assertEquals(await greeting(`${example.url}/mcp`), GREETING);
  assertEquals(await example.stop(), 0);
  assertStringIncludes(example.output, "[INFO] Stopped");
});

Deno.test("docs/examples/deno_serve.ts works with `deno serve`, and drains", async () => {
  const path = new URL("deno_serve.ts", EXAMPLES).pathname;
  await using example = await Example.start(
    ["serve", "-A", "--no-check", "--frozen", `--lock=${LOCK}`, "--port=0", path],
    {},
  );
  assertEquals(await greeting(`${example.url}/mcp`), GREETING);
  await assertDrains(example, "/mcp/sse");
});

const ADDRESS = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;

/** The app of an example lives as long as its module. */
const LIVES_ON = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "docs/examples/fresh.ts answers requests under its prefix and passes on all others",
  LIVES_ON,
  async () => {
    const info = { remoteAddr: ADDRESS, completed: Promise.resolve() };
    const next = () => Promise.resolve(new Response("Not found", { status: 404 }));
    // Fresh does not say that its server listens on TCP.
    type Context = { req: Request; info: Deno.ServeHandlerInfo; next: () => Promise<Response> };
    const middleware: (context: Context) => Promise<Response> = freshMiddleware;
    const at = (path: string, init: RequestInit = CALL) =>
      middleware({ req: new Request(`http://localhost${path}`, init), info, next });
    assertEquals((await (await at("/ai/mcp")).json()).result, GREETING);
    const page = await at("/ai/", { headers: { accept: "text/html" } });
    assertMatch(await page.text(), /^<!DOCTYPE html>/i);
    assertEquals((await at("/mcp")).status, 404);
  },
);

Deno.test(
  "docs/examples/oak.ts answers requests under its prefix and passes on all others",
  LIVES_ON,
  async () => {
    const responses: Response[] = [];
    let passedOn = 0;
    for (const path of ["/ai/mcp", "/other"]) {
      const source = new Request(`http://localhost${path}`, CALL);
      await mcp({
        request: { source, ip: "127.0.0.1" },
        response: { with: (response) => void responses.push(response) },
      }, () => Promise.resolve(passedOn++));
    }
    assertEquals([responses.length, passedOn], [1, 1]);
    assertEquals((await responses[0]!.json()).result, GREETING);
  },
);

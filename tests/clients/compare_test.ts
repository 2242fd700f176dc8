/** The three servers of docs/examples/compare, called by the same official client. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { OfficialClient } from "./official_client.ts";
import { connectV1 } from "./sdk_v1.ts";
import { connectV2 } from "./sdk_v2.ts";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url);
const LOCK = new URL("deno.lock", EXAMPLES).pathname;

/** An example that runs as a process on its own port. */
class Server implements AsyncDisposable {
  readonly url: URL;
  readonly #child: Deno.ChildProcess;
  readonly #output: Output;

  private constructor(url: URL, child: Deno.ChildProcess, output: Output) {
    this.url = url;
    this.#child = child;
    this.#output = output;
  }

  static async start(name: string): Promise<Server> {
    const path = new URL(`compare/${name}.ts`, EXAMPLES).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--frozen", `--lock=${LOCK}`, path],
      env: { PORT: "0", NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const output = new Output(child.stderr);
    const [, port] = await output.until(/(?:localhost|127\.0\.0\.1):(\d+)/);
    return new Server(new URL(`http://127.0.0.1:${port}/mcp`), child, output);
  }

  /** Settles when the server has said so on stderr. */
  async says(pattern: RegExp): Promise<void> {
    await this.#output.until(pattern);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#output.ended;
  }
}

/** The output of a process, as it arrives. */
class Output {
  readonly ended: Promise<void>;
  #text = "";
  #isOver = false;
  #arrival = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  /** The first match of a pattern, now or when it comes. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended: ${this.#text}`);
      await this.#arrival.promise;
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      this.#text += decoder.decode(bytes, { stream: true });
      this.#wake();
    }
    this.#isOver = true;
    this.#wake();
  }

  #wake(): void {
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers<void>();
  }
}

/** The abilities of one of these servers; the README's table says the same. */
interface Row {
  readonly name: string;
  readonly version: string;
  readonly asksUsers: boolean;
  readonly completes: boolean;
}

const ROWS: readonly Row[] = [
  { name: "lifeline", version: "2026-07-28", asksUsers: true, completes: true },
  { name: "sdk", version: "2026-07-28", asksUsers: true, completes: true },
  { name: "mcp_lite", version: "2025-03-26", asksUsers: false, completes: false },
];

const ADA = [
  { id: 1, customer: "Ada", day: "2026-11-01", total: 20 },
  { id: 3, customer: "Ada", day: "2026-11-20", total: 12 },
];

async function checkTools(client: OfficialClient): Promise<void> {
  const steps: number[] = [];
  const onProgress = (progress: number) => void steps.push(progress);
  const imported = await client.call("import_orders", { rows: 3 }, { onProgress });
  assertEquals([imported.structured, steps], [{ imported: 3 }, [1, 2, 3]]);
  const where = { by: "customer", name: "Ada" };
  assertEquals((await client.call("find_orders", { where })).structured, { orders: ADA });
  const page = { offset: 1, limit: 1 };
  assertEquals((await client.call("find_orders", { where, page })).structured, {
    orders: [ADA[1]],
  });
}

async function checkQuestion(client: OfficialClient, asksUsers: boolean): Promise<void> {
  const refund = () => client.call("refund", { id: 1 });
  if (asksUsers) assertEquals((await refund()).text, "Order 1 is paid back");
  else await assertRejects(refund);
}

for (const { name, version, asksUsers, completes } of ROWS) {
  Deno.test(`docs/examples/compare/${name}.ts serves what the others serve`, async () => {
    await using server = await Server.start(name);
    await using client = await connectV2({ mode: "auto", transport: "http" }, server);
    assertEquals(client.version, version);
    const names = ["import_orders", "find_orders", "chart", "refund"];
    assertEquals(await client.listTools(), names);
    await checkTools(client);
    await checkQuestion(client, asksUsers);
    assertEquals(await client.readResource("shop://stock"), "Tea: 12");
    assertMatch(await client.readResource("shop://orders/2"), /"customer":"Grace"/);
    assertMatch(await client.getPrompt("complaint", { order: "2" }), /about order 2/);
    const completed = () => client.complete("shop://orders/{id}", "id", "2");
    if (completes) assertEquals(await completed(), ["2"]);
    else await assertRejects(completed);
  });
}

/** Clients by the revision that they speak with Lifeline. */
const CLIENTS: readonly (readonly [string, Connect])[] = [
  ["2026-07-28", (server) => connectV2({ mode: "auto", transport: "http" }, server)],
  ["2025-11-25", (server) => connectV1("http", server)],
];

type Connect = (server: Server) => Promise<OfficialClient>;

for (const [version, connect] of CLIENTS) {
  Deno.test(`docs/examples/compare/lifeline.ts: a handler learns that a client of ${version} has cancelled`, async () => {
    await using server = await Server.start("lifeline");
    await using client = await connect(server);
    assertEquals(client.version, version);
    const abort = new AbortController();
    const running = client.call("import_orders", { rows: 10_000 }, {
      onProgress: () => abort.abort(),
      signal: abort.signal,
    });
    await assertRejects(() => running);
    await server.says(/The import was cancelled/);
  });
}

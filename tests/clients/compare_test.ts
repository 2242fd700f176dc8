/** The three servers of docs/examples/compare, called by the same official client. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { OfficialClient } from "./official_client.ts";
import { connectV2 } from "./sdk_v2.ts";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url);
const LOCK = new URL("deno.lock", EXAMPLES).pathname;

/** An example that runs as a process on a port of its own. */
class Server implements AsyncDisposable {
  readonly url: URL;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  private constructor(url: URL, child: Deno.ChildProcess, reading: Promise<void>) {
    this.url = url;
    this.#child = child;
    this.#reading = reading;
  }

  static async start(name: string): Promise<Server> {
    const path = new URL(`compare/${name}.ts`, EXAMPLES).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--frozen", `--lock=${LOCK}`, path],
      env: { PORT: "0", NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const listening = Promise.withResolvers<URL>();
    const reading = readLines(child.stderr, (output) => {
      const port = /(?:localhost|127\.0\.0\.1):(\d+)/.exec(output)?.[1];
      if (port !== undefined) listening.resolve(new URL(`http://127.0.0.1:${port}/mcp`));
    }).then((output) => listening.reject(new Error(`It ended: ${output}`)));
    return new Server(await listening.promise, child, reading);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#reading;
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onOutput: (output: string) => void,
): Promise<string> {
  let output = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) onOutput(output += decoder.decode(bytes, { stream: true }));
  return output;
}

/** What a server of these can do; the table of the README says the same. */
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

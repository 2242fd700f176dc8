/**
 * The inspector's command-line mode, as its own process.
 *
 * It has its own lock file, so that only this test downloads its hundred packages. Over HTTP it
 * stays with the revisions that have `initialize`: under Deno its modern mode gets no further than
 * `subscriptions/listen`, as it reads `response.clone()` to the end, and in Deno such a clone keeps
 * the stream from its other reader (under Node the same calls work).
 */
import { assertEquals } from "@std/assert";
import { serveFixture } from "./serve_fixture.ts";

const HERE = new URL("./", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;
const STDIO = [Deno.execPath(), "run", "--allow-read", "--allow-env", `${ROOT}main.ts`, "--stdio"];

interface Ended {
  readonly code: number;
  // deno-lint-ignore no-explicit-any -- whatever the inspector prints
  readonly printed: any;
}

/** Runs the inspector in an empty home. */
async function inspect(target: readonly string[], ...args: string[]): Promise<Ended> {
  const home = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--frozen", "--config", `${HERE}inspector/deno.json`],
        ...["npm:@modelcontextprotocol/inspector@2.12.0", "--cli"],
        ...target,
        ...["--format", "json", "--quiet", ...args],
      ],
      env: { HOME: home, DENO_DIR: await denoDir(), NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(code === 0 ? stdout : stderr);
    return { code, printed: JSON.parse(text.trim().split("\n").at(-1) ?? "") };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Where Deno keeps its packages, which must not depend on the home. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const ADD = ["--method", "tools/call", "--tool-name", "add", "--tool-arg", "a=1", "b=2"];

for (const [transport, path] of [["http", "/mcp"], ["http", "/mcp/sse"], ["sse", "/mcp/sse"]]) {
  Deno.test(`the inspector lists and calls over ${transport} at ${path}`, async () => {
    await using server = serveFixture();
    const target = [`${server.origin}${path}`, "--transport", `${transport}`];
    const listed = await inspect(target, "--method", "tools/list");
    assertEquals(listed.printed.result.tools[0].name, "add");
    const called = await inspect(target, ...ADD);
    assertEquals(called, {
      code: 0,
      printed: {
        result: {
          content: [{ type: "text", text: '{"sum":3}' }],
          structuredContent: { sum: 3 },
        },
      },
    });
  });
}

for (const era of ["legacy", "modern"]) {
  Deno.test(`the inspector lists and calls over stdio, era ${era}`, async () => {
    const env = `DENO_DIR=${await denoDir()}`;
    const target = [...STDIO, "--transport", "stdio", "-e", env, "--protocol-era", era];
    const listed = await inspect(target, "--method", "tools/list");
    assertEquals(listed.printed.result.tools[0].name, "echo");
    const called = await inspect(target, ...ADD);
    assertEquals(called.printed.result.structuredContent, { sum: 3 });
  });
}

Deno.test("the inspector names the tool that does not exist", async () => {
  await using server = serveFixture();
  const call = ["--method", "tools/call", "--tool-name", "nonsense"];
  const { code, printed } = await inspect([`${server.origin}/mcp`, "--transport", "http"], ...call);
  assertEquals(code === 0, false);
  assertEquals(JSON.stringify(printed).includes("nonsense"), true);
});

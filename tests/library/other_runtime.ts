/** Runs an example of docs/examples on a runtime that npm brings. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { EventReader } from "../helpers/sse.ts";
import { Child } from "../helpers/child.ts";
import { toolCall } from "../helpers/app.ts";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url);
const ROOT = new URL("../../", import.meta.url).pathname;
const START_MS = 60_000;

/** An example, and the runtime for it. */
export interface RuntimeExample {
  /** Folder in docs/examples. */
  readonly name: string;
  readonly files: readonly string[];
  /** The package of the runtime, with its version. */
  readonly runtime: string;
  /** Path of the program in `node_modules`. */
  readonly program: string;
  readonly args: readonly string[];
}

/** The example answers a call and a stream, and ends on SIGTERM with a goodbye. */
export async function tryExample(example: RuntimeExample): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await install(example, folder);
    await using server = new Child({
      program: `${folder}/node_modules/${example.program}`,
      args: example.args.map((arg) => arg.replace("./", `${folder}/`)),
      env: { LIFELINE: ROOT, PORT: "0" },
      reads: "stderr",
    });
    const isAddress = ({ text }: { readonly text: string }) => text.startsWith("http");
    const { text: url } = await server.line("address", isAddress, START_MS);
    const post = (path: string, accept: string, body: string) =>
      fetch(url + path, {
        method: "POST",
        headers: { accept, "content-type": "application/json" },
        body,
      });
    const body = JSON.stringify(toolCall("shout", { text: "hello" }));
    const answer = await (await post("", "application/json", body)).json();
    assertEquals(answer.result.content[0].text, "HELLO");
    const page = await fetch(new URL("/sse-test.html", url));
    assertStringIncludes(await page.text(), "<!DOCTYPE html>");
    const events = new EventReader(await post("/sse", "text/event-stream", body));
    assertEquals((await events.nextNamed("welcome")).json.result.status, "connected");
    assertEquals((await events.nextNamed("response")).json.result.content[0].text, "HELLO");
    server.kill("SIGTERM");
    assertStringIncludes((await events.nextNamed("close")).data, "drain");
    assertEquals(await events.next(), undefined);
    assertEquals((await server.exit).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function install({ name, files, runtime }: RuntimeExample, folder: string): Promise<void> {
  for (const file of ["package.json", ...files]) {
    await Deno.copyFile(new URL(`${name}/${file}`, EXAMPLES), `${folder}/${file}`);
  }
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, runtime],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

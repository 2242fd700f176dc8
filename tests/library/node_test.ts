/** The example of docs/examples/node on Node 24, which npm brings. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { EventReader } from "../helpers/sse.ts";
import { Child } from "../helpers/child.ts";
import { toolCall } from "../helpers/app.ts";

const EXAMPLE = new URL("../../docs/examples/node/", import.meta.url);
const ROOT = new URL("../../", import.meta.url).pathname;
const NODE = "node@24.21.0";

async function install(folder: string): Promise<void> {
  for (const name of ["loader.mjs", "server.mjs", "package.json"]) {
    await Deno.copyFile(new URL(name, EXAMPLE), `${folder}/${name}`);
  }
  const args = [
    "install",
    "--no-audit",
    "--no-fund",
    "--no-save",
    "--prefix",
    folder,
    NODE,
  ];
  const { success, stderr } = await new Deno.Command("npm", {
    args,
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

Deno.test("on Node 24 the example answers a call, streams, and stops on SIGTERM", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await install(folder);
    await using server = new Child({
      program: `${folder}/node_modules/node/bin/node`,
      args: [`${folder}/server.mjs`],
      env: { LIFELINE: ROOT, PORT: "0" },
      reads: "stderr",
    });
    const { text: url } = await server.line(
      "address",
      ({ text }) => text.startsWith("http"),
      60_000,
    );
    const headers = {
      "content-type": "application/json",
      accept: "application/json",
    };
    const body = JSON.stringify(toolCall("shout", { text: "hello" }));
    const answer = await (await fetch(url, { method: "POST", headers, body }))
      .json();
    assertEquals(answer.result.content[0].text, "HELLO");
    const events = new EventReader(
      await fetch(`${url}/sse`, {
        method: "POST",
        headers: { accept: "text/event-stream" },
      }),
    );
    assertEquals(
      (await events.nextNamed("welcome")).json.result.status,
      "connected",
    );
    server.kill("SIGTERM");
    assertStringIncludes((await events.nextNamed("close")).data, "drain");
    assertEquals(await events.next(), undefined);
    assertEquals((await server.exit).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

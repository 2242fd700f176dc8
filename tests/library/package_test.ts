/** Lifeline in another project: linked, and as a package to publish. */
import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url).pathname;

async function deno(args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, output);
  return output;
}

Deno.test("the package can be published: no slow types, and no tests in it", async () => {
  const output = await deno(["publish", "--dry-run", "--allow-dirty"], ROOT);
  const files = [...output.matchAll(/file:\/\/(\S+)/g)].map(([, path = ""]) =>
    path.slice(ROOT.length)
  );
  assert(files.includes("lib/mod.ts") && files.includes("lib/testing.ts"), output);
  assertEquals(files.filter((path) => /^(tests|docs)\//.test(path)), []);
});

Deno.test("a project that links the package type-checks and runs its tests", async () => {
  const project = new URL("./project", import.meta.url).pathname;
  await deno(["check", "--no-lock", "server.ts", "greet_test.ts"], project);
  await deno(["test", "--no-lock", "--no-check", "greet_test.ts"], project);
});

Deno.test("a project in a workspace with the package type-checks and runs its tests", async () => {
  const root = await Deno.makeTempDir({ prefix: "lifeline-workspace-" });
  try {
    const project = new URL("./project/", import.meta.url);
    await Deno.mkdir(`${root}/my_server`);
    for (const path of manifest.publish.include) await copy(path, `${root}/lifeline`);
    const workspace = ["./lifeline", "./my_server"];
    await Deno.writeTextFile(`${root}/deno.json`, JSON.stringify({ workspace }));
    const { imports: { zod } } = JSON.parse(await Deno.readTextFile(new URL("deno.json", project)));
    const own = JSON.stringify({ imports: { zod } });
    await Deno.writeTextFile(`${root}/my_server/deno.json`, own);
    for (const name of ["greet.ts", "greet_test.ts", "server.ts"]) {
      await Deno.copyFile(new URL(name, project), `${root}/my_server/${name}`);
    }
    await deno(["check", "--no-lock", "server.ts", "greet_test.ts"], `${root}/my_server`);
    await deno(["test", "--no-lock", "--no-check", "greet_test.ts"], `${root}/my_server`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

/** Copies a file or a folder of the package. */
async function copy(path: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(`${ROOT}${path}`);
  const folder = isDirectory ? path : path.split("/").slice(0, -1).join("/");
  await Deno.mkdir(`${to}/${folder}`, { recursive: true });
  if (!isDirectory) return await Deno.copyFile(`${ROOT}${path}`, `${to}/${path}`);
  for await (const { name } of Deno.readDir(`${ROOT}${path}`)) await copy(`${path}/${name}`, to);
}

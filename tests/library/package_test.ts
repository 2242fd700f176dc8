/** Lifeline as another project uses it: linked, and as a package to publish. */
import { assert, assertEquals } from "@std/assert";

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

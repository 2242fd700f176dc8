/** The tests' own net has no hole: leaks and unhandled rejections fail them, by default. */
import { assertEquals, assertMatch } from "@std/assert";
import { withDeadline } from "./helpers/deadline.ts";

const ROOT = new URL("../", import.meta.url);

/** Runs one of the breaches as `deno task test` would. */
async function runBreach(name: string): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--frozen",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--filter=${name}`,
      "tests/fixtures/breaches.ts",
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

for (
  const [name, says] of [
    ["leaves a rejection unhandled", /unhandled on purpose/],
    ["leaves a timer running", /timer was started .*but never completed/],
    ["leaves a socket open", /TCP listener was .*but not closed|listener was opened/i],
  ] as const
) {
  Deno.test(`a test that ${name} fails`, async () => {
    const { code, text } = await runBreach(name);
    assertEquals(code, 1, text);
    assertMatch(text, says);
  });
}

Deno.test("a test that hangs fails by its name", async () => {
  const { code, text } = await runBreach("never ends");
  assertEquals(code, 1, text);
  assertMatch(text, /never ends.*FAILED/);
});

Deno.test("every form of Deno.test() gets a deadline, unless it has its own", () => {
  const run = () => {};
  function named() {}
  const timeoutOf = (args: readonly unknown[]) =>
    withDeadline(args).map((arg) => (arg as { timeout?: number }).timeout).find(Boolean);
  assertEquals(timeoutOf(["name", run]), 60_000);
  assertEquals(timeoutOf([named]), 60_000);
  assertEquals(timeoutOf([{ name: "name", fn: run }]), 60_000);
  assertEquals(timeoutOf(["name", { only: false }, run]), 60_000);
  assertEquals(timeoutOf([{ name: "name" }, run]), 60_000);
  assertEquals(timeoutOf([{ name: "name", timeout: 5, fn: run }]), 5);
  assertEquals(timeoutOf(["name", { timeout: 5 }, run]), 5);
});

Deno.test("a test that keeps to the rules passes", async () => {
  assertEquals((await runBreach("keeps to the rules")).code, 0);
});

/** docs/operations/lifeline.service, as systemd itself reads it (apt-get install systemd). */
import { assertEquals, assertMatch } from "@std/assert";

const UNIT = new URL("../../docs/operations/lifeline.service", import.meta.url);
/**
 * Highest result of `systemd-analyze security`, in tenths; 10.0 is a service without any bounds.
 */
const MAX_EXPOSURE = 20;

/** Runs `systemd-analyze` on the unit, changed as `change` says. */
async function analyze(
  args: readonly string[],
  change: (unit: string) => string = (unit) => unit,
): Promise<{ code: number; text: string }> {
  const folder = await Deno.makeTempDir({ prefix: "lifeline-unit-" });
  try {
    const unit = (await Deno.readTextFile(UNIT)).replace("/usr/local/bin/deno", Deno.execPath());
    await Deno.writeTextFile(`${folder}/lifeline.service`, change(unit));
    const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
      args: [...args, `${folder}/lifeline.service`],
    }).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("systemd finds nothing wrong with lifeline.service", async () => {
  const { code, text } = await analyze(["verify", "--man=no"]);
  assertEquals([code, text.includes("lifeline.service")], [0, false], text);
});

Deno.test("systemd says so when a line of lifeline.service is none of its settings", async () => {
  const { text } = await analyze(
    ["verify", "--man=no"],
    (unit) => unit.replace("TimeoutStopSec=", "TimeoutStopSecs="),
  );
  assertMatch(text, /Unknown key (name )?'TimeoutStopSecs'/);
});

Deno.test("systemd rates lifeline.service as well locked in, and worse without its bounds", async () => {
  const rate = ["security", "--offline=true", "--no-pager", `--threshold=${MAX_EXPOSURE}`];
  const rated = await analyze(rate);
  assertEquals(rated.code, 0, rated.text);
  const { code } = await analyze(
    rate,
    (unit) => unit.replace(/^(Protect|Restrict|System).*\n/gm, ""),
  );
  assertEquals(code, 1);
});

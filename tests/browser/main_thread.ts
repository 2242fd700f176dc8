import type { Stage } from "./stage.ts";

/**
 * CPU time that the page's main thread spends on scripts, styles and layout from now on (ms).
 * Painting is left out: without a graphics card its cost depends on the machine.
 */
export async function mainThreadClock({ page }: Stage): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const counted = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"];
    const seconds = metrics.filter(({ name }) => counted.includes(name)).map(({ value }) => value);
    return 1_000 * seconds.reduce((sum, value) => sum + value, 0);
  };
  const start = await read();
  return async () => await read() - start;
}

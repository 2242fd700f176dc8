/**
 * The stream test page on a phone, in the dark, in few colours of contrast, and under a storm.
 *
 * @module
 */
import {
  countAnimations,
  frameFigures,
  isGroundDark,
  poorContrasts,
  smallTargets,
  watchFrames,
  widths,
} from "./in_page.js";
import { saveScreenshot } from "./screenshots.ts";
import { mainThreadClock } from "./main_thread.ts";
import { report, Stage } from "./stage.ts";

const PHONE = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
} as const;
const FAST_PINGS = { MCP_PING_INTERVAL_MS: "300" };
/** The least size of a thing to tap (WCAG 2.2, 2.5.8), in CSS pixels. */
const LEAST_TARGET = 24;

Deno.test("Page fits a phone in dark mode without horizontal scrolling, in every state", async () => {
  const context = { ...PHONE, colorScheme: "dark" } as const;
  await using stage = await Stage.open({ env: FAST_PINGS, context });
  await assertFits(stage, "at first");
  await stage.button("Connect").tap();
  await stage.sees("#state-badge", /^connected$/);
  await stage.call("countdown", { from: "1000", interval_ms: "50" });
  await stage.find("#running-list li").waitFor();
  await stage.call("echo", { message: "W".repeat(500) });
  await stage.sees("#result-body", /^W{500}$/);
  await stage.find("#log-list [data-kind=response] summary").first().tap();
  await stage.find("#log-list pre").waitFor();
  await stage.page.getByText("The last ten as a table").tap();
  await assertFits(stage, "connected, with results");
  await saveScreenshot(stage.page, "phone-dark");
  await stage.page.getByLabel("Write the arguments as JSON").tap();
  await assertFits(stage, "with raw JSON");
  stage.equals(await stage.page.evaluate(smallTargets, LEAST_TARGET), [], "Targets too small");
  await stage.button("Disconnect").tap();
  await stage.sees("#state-badge", /^closed: disconnected$/);
  await assertFits(stage, "closed");
  stage.assertClean();
});

for (const colorScheme of ["light", "dark"] as const) {
  Deno.test(`Page has enough contrast in ${colorScheme} mode, and moves nothing when asked not to`, async () => {
    const context = { colorScheme, reducedMotion: "reduce" } as const;
    await using stage = await Stage.open({ env: FAST_PINGS, context });
    const isDark = await stage.page.evaluate(isGroundDark);
    stage.equals(isDark, colorScheme === "dark", "A dark ground in dark mode alone");
    await stage.connect();
    await stage.call("now", { time_zone: "Nowhere/None" });
    await stage.sees("#result-tone", /^failed/);
    await stage.call("countdown", { from: "1000", interval_ms: "50" });
    await stage.find("#running-list li").waitFor();
    await stage.sees("#ping-summary", /^Ping 3/);
    await stage.button("Pause").click();
    stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
    const moving = await stage.page.evaluate(countAnimations);
    stage.equals(moving, 0, "Animations");
    await saveScreenshot(stage.page, `desktop-${colorScheme}`);
    await stage.button("Disconnect").click();
    await stage.sees("#state-badge", /^closed/);
    stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
    stage.assertClean();
  });
}

Deno.test("Log stays bounded under thousands of events, and tells its figures", async () => {
  await using stage = await Stage.open();
  await stage.connect();
  await stage.page.evaluate(watchFrames);
  const busy = await mainThreadClock(stage);
  for (let i = 0; i < 4; i++) {
    await stage.call("countdown", { from: "2000", interval_ms: "1" });
  }
  await stage.sees("#log-status", /^300 of 5\d\d\d shown/);
  await stage.ledgerShows(({ connections }) => connections[0]?.requests_in_flight === 0);
  await stage.sees("#fact-events", /^(8\d\d\d|[9]\d\d\d)$/);
  stage.equals(await stage.find("#log-list li").count(), 300, "Rows in the page");
  await stage.page.getByLabel("Filter by text").fill("req-3 · 1999 of 2000");
  await stage.sees("#log-status", /^1 of/);
  const { worstMs } = await stage.page.evaluate(frameFigures);
  const busyMs = await busy();
  report(
    `8,000 events: the page computed for ${Math.round(busyMs)} ms, and the longest time between ` +
      `two frames was ${Math.round(worstMs)} ms`,
  );
  stage.assertClean();
});

async function assertFits(stage: Stage, when: string): Promise<void> {
  const [content, window] = await stage.page.evaluate(widths);
  stage.equals(content, window, `Width of the page ${when}`);
}

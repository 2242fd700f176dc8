/**
 * The stream test page without a pointer.
 *
 * @module
 */
import { namelessControls } from "./in_page.js";
import { tabTo } from "./keyboard.ts";
import { Stage } from "./stage.ts";

Deno.test("Page works by keyboard alone, with a focus that can be seen at every step", async () => {
  await using stage = await Stage.open();
  const { keyboard } = stage.page;

  await keyboard.press("Tab");
  await stage.sees(":focus", /^Skip to the controls$/);
  const skipLink = await stage.find(":focus").boundingBox();
  stage.holds((skipLink?.x ?? -1) >= 0, "The skip link comes into view");

  await tabTo(stage, "#connect");
  await keyboard.press("Enter");
  await stage.sees("#state-badge", /^connected$/);
  stage.equals(await focusedId(stage), "connect", "Focus after connecting");

  await tabTo(stage, "#tool");
  await keyboard.type("add");
  await tabTo(stage, "[name=a]");
  await keyboard.type("20");
  await tabTo(stage, "[name=b]");
  await keyboard.type("22");
  await keyboard.press("Enter");
  await stage.sees("#result-body", /"sum": 42/);

  await tabTo(stage, "#tool", "Shift+Tab");
  await keyboard.type("countdown");
  await tabTo(stage, "[name=from]");
  await keyboard.type("1000");
  await keyboard.press("Enter");
  await stage.find("#running-list button").waitFor();
  await tabTo(stage, "#running-list button");
  await keyboard.press("Enter");
  await stage.sees("#result-tone", /^aborted/);
  stage.equals(await focusedId(stage), "call", "Focus after the Abort button is gone");

  await tabTo(stage, "#log-search");
  await keyboard.type("req-2");
  await stage.sees("#log-status", /^2 of/);
  await tabTo(stage, "#log-list summary");
  await keyboard.press("Enter");
  await stage.sees("#log-list [open] pre", /"sum": 42/);
  await tabTo(stage, "#log-kinds input", "Shift+Tab");
  await keyboard.press("Space");
  await stage.sees("#log-status", /^2 of/);

  await tabTo(stage, "#connect", "Shift+Tab");
  await keyboard.press("Enter");
  await stage.sees("#state-badge", /^closed: disconnected$/);
  stage.equals(await focusedId(stage), "connect", "Focus after disconnecting");
  stage.assertClean();
});

Deno.test("Page tells assistive technology its state, its results and what each control is", async () => {
  await using stage = await Stage.open();
  await stage.connect();
  await stage.call("countdown", { from: "1000" });
  await stage.find("#running-list li").waitFor();
  const { page } = stage;
  const status = page.getByRole("status", { name: "Connection state" });
  stage.equals(await status.locator(".badge").textContent(), "connected", "A live region");
  stage.equals(await page.getByRole("status", { name: "Result" }).count(), 1, "Another one");
  stage.equals(await page.getByRole("img", { name: "Pings" }).count(), 1, "The chart has a name");
  stage.equals(
    await page.getByRole("progressbar", { name: "Progress of countdown" }).count(),
    1,
    "The progress has a name",
  );
  stage.equals(await page.getByRole("heading", { level: 1 }).count(), 1, "One main heading");
  const nameless = await page.evaluate(namelessControls);
  stage.equals(nameless, [], "Controls without a name");
  const described = page.getByRole("spinbutton", { name: "from" });
  const hint = await described.getAttribute("aria-describedby");
  await stage.sees(`#${hint}`, /Number to count down from · 0 to 100000/);
  stage.assertClean();
});

async function focusedId(stage: Stage): Promise<string | null> {
  return await stage.find(":focus").getAttribute("id");
}

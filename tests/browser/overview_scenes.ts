/**
 * `/` in a browser, and the way from page to page.
 *
 * @module
 */
import { poorContrasts, smallTargets, widths } from "./in_page.js";
import { saveScreenshot } from "./screenshots.ts";
import { Stage } from "./stage.ts";

const PHONE = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
  colorScheme: "dark",
} as const;

Deno.test("The overview says what the server is, and leads to all pages", async () => {
  const context = { viewport: { width: 1280, height: 900 }, colorScheme: "light" } as const;
  await using stage = await Stage.open({
    script: "tests/browser/full_server.ts",
    path: "/",
    context,
    // The connection view asks before it has the operator's token.
    expectedErrors: /status of 401/,
  });
  await stage.sees("#server-name", /^Full house 3\.2\.1$/);
  await stage.sees("#server-instructions", /^Ask before you draw\.$/);
  await stage.sees("#offer-list", /Tools \(67\)echo, add, now, countdown, greet/);
  await stage.sees("#offer-list", /Resource templates \(1\)notes:\/\/\{day\}/);
  await stage.sees("#client-url", new RegExp(`^${stage.server.base}/mcp$`));
  await saveScreenshot(stage.page, "overview");
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  const nav = stage.page.getByRole("navigation", { name: "Pages" });
  for (
    const [name, title] of [
      ["Test page", "Lifeline · test page"],
      ["Connections", "Lifeline · connections"],
      ["Overview", "Lifeline"],
    ] as const
  ) {
    await nav.getByRole("link", { name }).click();
    await nav.locator("[aria-current=page]", { hasText: name }).waitFor();
    stage.equals(await stage.page.title(), title, `The title of ${name}`);
  }
  stage.assertClean();
});

Deno.test("The overview fits a phone in dark mode", async () => {
  await using stage = await Stage.open({ path: "/", context: PHONE });
  await stage.sees("#server-name", /^Lifeline \d/);
  const [page, window] = await stage.page.evaluate(widths);
  stage.equals(page, window, "Horizontal scrolling");
  stage.equals(await stage.page.evaluate(smallTargets, 24), [], "Targets too small");
  await saveScreenshot(stage.page, "overview-phone-dark");
  stage.assertClean();
});

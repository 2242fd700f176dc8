/**
 * The connection view of a gateway in real Chromium: the children of its servers, and the button
 * that starts one anew.
 *
 * @module
 */
import { OPERATOR_TOKEN } from "../helpers/operator.ts";
import { saveScreenshot } from "./screenshots.ts";
import { Stage } from "./stage.ts";

const ROWS = "#servers-rows tr";

Deno.test("View shows the children of a gateway's servers, and restarts one after two presses", async () => {
  await using stage = await Stage.open({
    script: "tests/browser/gateway_server.ts",
    path: `/connections.html#token=${OPERATOR_TOKEN}`,
    context: { viewport: { width: 1280, height: 1180 }, colorScheme: "light" },
  });
  await stage.sees("#servers-status", /^files: up, 0 calls, 0 errors, 0 restarts\. search: up/);
  await stage.sees(`${ROWS}:nth-child(1)`, /^files\.1filesupnoneall clients0.*out of luck/);
  await stage.sees(`${ROWS}:nth-child(2)`, /^search\.1searchup/);
  const restart = stage.find(`${ROWS}:nth-child(2) button`);
  await restart.click();
  await stage.sees(`${ROWS}:nth-child(2) button`, /^Sure\?$/);
  await restart.click();
  await stage.sees("#servers-outcome", /^Restarted search\.1\.$/);
  await stage.sees("#servers-status", /search: up, 0 calls, 0 errors, 1 restarts\.$/);
  await saveScreenshot(stage.page, "gateway");
  stage.assertClean();
});

import { lookAtFocus } from "./in_page.js";
import type { Stage } from "./stage.ts";

const MAX_TABS = 60;

/** Presses Tab until the focus is there; at each stop it must be visible. */
export async function tabTo(stage: Stage, selector: string, key = "Tab"): Promise<void> {
  for (let i = 0; i < MAX_TABS; i++) {
    await stage.page.keyboard.press(key);
    const { isThere, isVisible, html } = await stage.page.evaluate(lookAtFocus, selector);
    stage.holds(isVisible, `A focus that can be seen on ${html}`);
    if (isThere) return;
  }
  throw new Error(`Focus never came to ${selector}`);
}

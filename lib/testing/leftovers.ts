import type { App } from "../http/app.ts";
import { settled } from "./test_time.ts";

/** How often the event loop may turn until everything is gone. */
const MAX_TURNS = 50;

/**
 * Waits until an app has no stream, session, running request or timer left.
 *
 * @throws {Error} naming what is left
 */
export async function assertNothingLeft(app: App): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS && leftIn(app) !== ""; turn++) await settled();
  const left = leftIn(app);
  if (left !== "") throw new Error(`Left in the app: ${left}`);
}

function leftIn(app: App): string {
  return Object.entries(app.activity())
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
}

import type { App } from "../http/app.ts";
import { settled } from "./test_time.ts";

/** How often the event loop may turn until everything is gone. */
const MAX_TURNS = 50;
/** Time for handlers to clean up after their calls were stopped (ms). */
const MAX_HANDLER_MS = 500;
const LOOK_MS = 10;

/**
 * Waits until an app has no stream, session, running request, handler or timer left.
 *
 * @throws {Error} naming what is left
 */
export async function assertNothingLeft(app: App): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS && leftIn(app) !== ""; turn++) await settled();
  for (let ms = 0; ms < MAX_HANDLER_MS && app.activity().handlers > 0; ms += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const left = leftIn(app);
  if (left !== "") throw new Error(`Left in the app: ${left}`);
}

function leftIn(app: App): string {
  return Object.entries(app.activity())
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}${what === "handlers" ? HANDLERS_HINT : ""}`)
    .join(", ");
}

const HANDLERS_HINT = " that go on after their calls were stopped (they must heed ctx.signal)";

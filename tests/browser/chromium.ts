/**
 * Real Chromium, with a temporary profile.
 *
 * @module
 */
import { type Browser, chromium } from "../deps/playwright.ts";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Path of Chromium; see the task `test:browser`. */
export const CHROMIUM_PATH = Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium";

/**
 * Starts Chromium.
 *
 * @param more command-line switches
 * @throws {Error} if there is none; the message says what to install
 */
export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  if (!await isFile(CHROMIUM_PATH)) {
    throw new Error(
      `Chromium is not at ${CHROMIUM_PATH}. Install it (Debian and Ubuntu: apt-get install ` +
        "chromium), or set CHROMIUM_PATH to where it is",
    );
  }
  return await chromium.launch({ executablePath: CHROMIUM_PATH, args: [...ARGUMENTS, ...more] });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

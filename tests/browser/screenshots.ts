import type { Page } from "../deps/playwright.ts";
import { scrollToTop } from "./in_page.js";

/**
 * Takes a picture of the page. Those that the documents show are kept under `docs/images` when
 * `UPDATE_SCREENSHOTS` is set; all else goes to a folder for temporary files.
 */
export async function saveScreenshot(
  page: Page,
  name: string,
  { isKept = false, scrolls = true }: { readonly isKept?: boolean; readonly scrolls?: boolean } =
    {},
): Promise<void> {
  const isUpdate = isKept && Deno.env.get("UPDATE_SCREENSHOTS") !== undefined;
  const folder = isUpdate
    ? new URL("../../docs/images/", import.meta.url).pathname
    : `${Deno.env.get("TMPDIR") ?? "/tmp"}/lifeline-screenshots/`;
  await Deno.mkdir(folder, { recursive: true });
  if (scrolls) await page.evaluate(scrollToTop);
  await page.screenshot({ path: `${folder}${name}.png` });
}

/**
 * Lists that come in pages.
 *
 * @module
 */

/** Limits a list that never ends. */
const MAX_PAGES = 100;

/**
 * @param {(params: object | undefined) => Promise<any>} askPage one page of the list
 * @param {string} key of the list in each result
 * @param {Promise<any>} [firstPage] where it has been asked for already
 * @returns {Promise<any[]>}
 */
export async function listAll(askPage, key, firstPage = askPage(undefined)) {
  const found = [];
  let page = await firstPage;
  for (let i = 1;; i++) {
    found.push(...page[key] ?? []);
    if (page.nextCursor === undefined || i === MAX_PAGES) return found;
    page = await askPage({ cursor: page.nextCursor });
  }
}

/**
 * The operator's token in a link to a page: `connections.html#token=…`, as the greeting of the server
 * prints it. Browsers send a fragment to no server.
 *
 * @module
 */

/**
 * Takes the token out of the page's URL, so that it stays in no history, bookmark or picture.
 *
 * @returns {string | undefined} undefined where the URL has none
 */
export function takeLinkToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null || token === "") return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

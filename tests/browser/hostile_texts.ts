/** Texts that would run as scripts on a page that shows them as markup or follows them as links. */

/** Markup, with a script in each place that browsers run. */
export const MARKUP =
  `"'><img src=x onerror="globalThis.hasRun=1"><script>globalThis.hasRun=2</script><svg/onload="globalThis.hasRun=3">`;
/** A link that is a script. */
export const SCRIPT_LINK = "javascript:globalThis.hasRun=4";

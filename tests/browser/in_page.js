/**
 * Functions that run in the page: each is sent there as text and stands for itself.
 *
 * @module
 */

/** @param {{ selector: string, source: string }} wanted */
export function textMatches({ selector, source }) {
  return new RegExp(source).test(document.querySelector(selector)?.textContent ?? "");
}

/** How wide the page is, and how wide what shows it. */
export function widths() {
  return [document.documentElement.scrollWidth, document.documentElement.clientWidth];
}

/** @param {number} count */
export function hasMoreRowsThan(count) {
  return document.querySelectorAll("#log-list li").length > count;
}

/** Marks the rows that are there now, so that new ones can be told from them. @param {string} selector */
export function markRows(selector) {
  for (const row of document.querySelectorAll(selector)) row.setAttribute("data-marked", "");
}

/**
 * Counts what is written into a part of the page from now on: nodes that come, go or change.
 *
 * @param {string} selector
 */
export function watchChanges(selector) {
  const changes = { nodes: 0, texts: /** @type {string[]} */ ([]) };
  Object.assign(globalThis, { changes });
  const target = /** @type {Element} */ (document.querySelector(selector));
  new MutationObserver((records) => {
    changes.nodes += records.length;
    changes.texts.push(...records.map(({ target }) => target.textContent ?? ""));
  }).observe(target, { subtree: true, childList: true, characterData: true });
}

/** @returns {{ nodes: number, texts: string[] }} */
export function changeFigures() {
  return /** @type {any} */ (globalThis).changes;
}

/** @param {string} selector */
export function colorsOf(selector) {
  return [...document.querySelectorAll(selector)].map((one) => getComputedStyle(one).color);
}

/** Whether the whole width and some height of an element can be seen. @param {string} selector */
export function isInView(selector) {
  const element = document.querySelector(selector);
  if (element === null) return false;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const visible = Math.min(bottom, innerHeight) - Math.max(top, 0);
  if (left < 0 || right > innerWidth || visible < Math.min(24, bottom - top)) return false;
  // Nothing else may lie over it, such as a header that stays.
  const at = document.elementFromPoint((left + right) / 2, Math.max(top, 0) + visible / 2);
  return at !== null && element.contains(at);
}

export function scrollToTop() {
  scrollTo(0, 0);
}

export function readClipboard() {
  return navigator.clipboard.readText();
}

/** Controls without a name that could be read out. */
export function namelessControls() {
  const controls = document.querySelectorAll("button, input, select, textarea");
  return [...controls].filter((control) =>
    !(/** @type {HTMLInputElement} */ (control).labels?.length) &&
    !control.getAttribute("aria-label") && control.textContent?.trim() === ""
  ).map((control) => control.outerHTML);
}

/**
 * Whether the focus is there, and whether one can see where it is.
 *
 * @param {string} selector
 */
export function lookAtFocus(selector) {
  const focused = document.activeElement ?? document.body;
  // A small box in a chip shows its focus on the chip.
  const isOutlined = [focused, focused.closest(".chip")].some((element) => {
    if (element === null) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
  return {
    isThere: focused.matches(selector),
    // Between its last control and its first, the browser's own controls have the focus.
    isVisible: isOutlined || focused === document.body,
    html: focused.outerHTML.slice(0, 100),
  };
}

/**
 * Things to tap that are smaller than they should be.
 *
 * @param {number} least in CSS pixels
 */
export function smallTargets(least) {
  const controls = document.querySelectorAll("button, select, input, textarea, summary, nav a");
  return [...controls].filter((control) => {
    // A tick box is tapped by its label as well.
    const labels = /** @type {HTMLInputElement} */ (control).labels;
    const boxes = [control, ...(labels ?? [])].map((one) => one.getBoundingClientRect());
    const isShown = boxes.some(({ width }) => width > 0);
    return isShown && boxes.every(({ width, height }) => width < least || height < least);
  }).map((control) => control.outerHTML.slice(0, 120));
}

export function countAnimations() {
  return document.getAnimations().filter((one) => one instanceof CSSAnimation).length;
}

/**
 * Texts whose contrast with what is behind them is under 4.5 to 1 (WCAG 2.2, 1.4.3). Controls that
 * are disabled are exempt there, and here.
 */
export function poorContrasts() {
  /** @param {string} color */
  const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);

  /** @param {number[]} color */
  function luminance(color) {
    const [r = 0, g = 0, b = 0] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** @param {Element} element */
  function backgroundOf(element) {
    for (let one = /** @type {Element | null} */ (element); one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  }

  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent?.trim() ?? "";
    if (text === "" || element === null || !element.checkVisibility()) continue;
    if (element.closest("[aria-disabled=true], title, option")) continue;
    const colors = [parse(getComputedStyle(element).color), backgroundOf(element)];
    const [bright = 0, dim = 0] = colors.map(luminance).sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dim + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)}: ${text.slice(0, 60)}`);
  }
  return poor;
}

export function isGroundDark() {
  const ground = getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? [];
  return Math.max(...ground.map(Number)) < 64;
}

/** Keeps the longest time between two frames, from now on. */
export function watchFrames() {
  const figures = { worstMs: 0, last: performance.now() };
  Object.assign(globalThis, { figures });
  const frame = (/** @type {number} */ now) => {
    figures.worstMs = Math.max(figures.worstMs, now - figures.last);
    figures.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** @returns {{ worstMs: number }} */
export function frameFigures() {
  return /** @type {any} */ (globalThis).figures;
}

/** What the tab holds of a sign-in; null for nothing. @returns {any} */
export function readGrant() {
  return JSON.parse(sessionStorage.getItem("lifeline.grant") || "null");
}

/** Changes what the tab holds of a sign-in. @param {object} change */
export function spoilGrant(change) {
  const grant = JSON.parse(sessionStorage.getItem("lifeline.grant") || "{}");
  sessionStorage.setItem("lifeline.grant", JSON.stringify({ ...grant, ...change }));
}

/** What scripts have left behind, and elements that a text of a server or client has made. */
export function scriptTraces() {
  const count = (/** @type {string} */ selector) => document.querySelectorAll(selector).length;
  return {
    hasRun: /** @type {any} */ (globalThis).hasRun,
    images: count("img[src='x'], [onerror], [onload]"),
    scripts: count("script:not([src])"),
    links: count("[href^='javascript:' i], [src^='javascript:' i], [src*='evil.test']"),
  };
}

/**
 * Puts scripts into the page in each way in which a fault could.
 *
 * @param {string[]} texts markup, and a link
 */
export async function injectScripts([markup = "", link = ""]) {
  const holder = document.createElement("div");
  holder.innerHTML = markup;
  const script = document.createElement("script");
  script.textContent = "globalThis.hasRun = 5";
  const remote = document.createElement("script");
  remote.src = "data:text/javascript,globalThis.hasRun=6";
  const anchor = document.createElement("a");
  anchor.href = link;
  document.body.append(holder, script, remote, anchor);
  anchor.click();
  await new Promise((resolve) => setTimeout(resolve, 200));
}

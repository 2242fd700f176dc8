/**
 * The latest answer.
 *
 * @module
 */
import { CallFailed } from "../client/calls.js";
import { showBadge } from "../shared/badge.js";
import { formatMs } from "../shared/formats.js";
import { tryParse } from "../shared/json.js";
import { byId, createElement } from "./dom.js";

const IMAGE_TYPES = /^image\/(png|jpeg|gif|webp|avif)$/;

export class ResultView {
  #card = byId("result-card", HTMLElement);
  #title = byId("result-title", HTMLElement);
  #tone = byId("result-tone", HTMLElement);
  #body = byId("result-body", HTMLElement);

  /**
   * @param {string} title
   * @param {any} result of a request
   * @param {number} ms how long it took
   */
  show(title, result, ms) {
    const isError = result?.isError === true;
    this.#draw(title, isError ? "bad" : "ok", `${isError ? "failed" : "done"} in ${formatMs(ms)}`);
    this.#body.replaceChildren(...listing(result) ?? parts(result));
    this.#card.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {string} title
   * @param {unknown} error
   * @param {number} ms
   */
  fail(title, error, ms) {
    const isCancelled = error instanceof CallFailed && error.kind === "cancelled";
    const word = isCancelled ? "aborted" : "failed";
    this.#draw(title, isCancelled ? "warn" : "bad", `${word} after ${formatMs(ms)}`);
    const message = error instanceof Error ? error.message : String(error);
    this.#body.replaceChildren(createElement("p", {}, message));
    if (error instanceof CallFailed && error.data !== undefined) {
      this.#body.append(json(error.data));
    }
  }

  /** @param {string} title @param {import("../shared/badge.js").Tone} tone @param {string} word */
  #draw(title, tone, word) {
    this.#title.textContent = title;
    showBadge(this.#tone, tone, word);
  }
}

/**
 * The blocks of MCP content and the structured result; the contents of resources, the messages of
 * prompts; everything else as JSON.
 *
 * @param {any} result
 * @returns {HTMLElement[]}
 */
function parts(result) {
  if (Array.isArray(result?.contents)) return result.contents.flatMap(toContents);
  if (Array.isArray(result?.messages)) return result.messages.flatMap(toMessage);
  const structured = result?.structuredContent;
  const content = Array.isArray(result?.content) ? result.content : [];
  const blocks = content.filter((/** @type {any} */ block) => !repeats(block, structured))
    .map(toBlock);
  const rest = structured ?? (content.length > 0 ? undefined : result);
  return rest === undefined ? blocks : [...blocks, json(rest)];
}

/** @param {any} contents of a resource */
function toContents(contents) {
  const { uri, mimeType, text, blob } = contents ?? {};
  const head = createElement("p", { class: "quiet" }, [uri, mimeType].filter(Boolean).join(" · "));
  const isImage = blob !== undefined && IMAGE_TYPES.test(mimeType);
  const body = isImage
    ? toBlock({ type: "image", mimeType, data: blob })
    : text === undefined
    ? json(contents)
    : toBlock({ type: "text", text });
  return [head, body];
}

/** @param {any} message of a prompt */
function toMessage(message) {
  return [createElement("p", { class: "quiet" }, String(message?.role)), toBlock(message?.content)];
}

/** The lists in results, and the member that names an entry. */
const LISTS = [
  { key: "tools", one: "tool", name: "name" },
  { key: "resources", one: "resource", name: "uri" },
  { key: "resourceTemplates", one: "resource template", name: "uriTemplate" },
  { key: "prompts", one: "prompt", name: "name" },
];

/**
 * A list in one line; a click shows its JSON.
 *
 * @param {any} result
 * @returns {HTMLElement[] | undefined} undefined for a value that is not a list
 */
function listing(result) {
  const list = LISTS.find(({ key }) => Array.isArray(result?.[key]));
  if (list === undefined) return undefined;
  const entries = result[list.key];
  const names = entries.map((/** @type {any} */ entry) => String(entry?.[list.name])).join(", ");
  const count = entries.length === 1 ? `1 ${list.one}` : `${entries.length} ${list.one}s`;
  const all = createElement("details", {}, createElement("summary", {}, "As JSON"), json(result));
  return [
    createElement("p", {}, entries.length === 0 ? `No ${list.one}s` : `${count}: ${names}`),
    all,
  ];
}

/**
 * Whether a text block repeats the structured result.
 *
 * @param {any} block
 * @param {unknown} structured
 */
function repeats(block, structured) {
  if (structured === undefined || block?.type !== "text") return false;
  return JSON.stringify(tryParse(block.text)) === JSON.stringify(structured);
}

/** @param {any} block of MCP content */
function toBlock(block) {
  if (block?.type === "text") return createElement("pre", { class: "text" }, String(block.text));
  if (block?.type === "image" && IMAGE_TYPES.test(block.mimeType)) {
    return createElement("img", {
      src: `data:${block.mimeType};base64,${block.data}`,
      alt: "Image result",
    });
  }
  return json(block);
}

/** @param {unknown} value */
function json(value) {
  return createElement("pre", {}, JSON.stringify(value, null, 2));
}

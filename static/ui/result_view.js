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
    this.#body.replaceChildren(...Array.isArray(result?.tools) ? listing(result) : parts(result));
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
 * The blocks of MCP content and the structured result; what is neither is shown as it is.
 *
 * @param {any} result
 * @returns {HTMLElement[]}
 */
function parts(result) {
  const structured = result?.structuredContent;
  const content = Array.isArray(result?.content) ? result.content : [];
  const blocks = content.filter((/** @type {any} */ block) => !repeats(block, structured))
    .map(toBlock);
  const rest = structured ?? (content.length > 0 ? undefined : result);
  return rest === undefined ? blocks : [...blocks, json(rest)];
}

/**
 * A list of tools in a line; its schemas only for who wants them.
 *
 * @param {any} result
 */
function listing(result) {
  const names = result.tools.map((/** @type {any} */ tool) => String(tool?.name)).join(", ");
  const count = result.tools.length === 1 ? "1 tool" : `${result.tools.length} tools`;
  const all = createElement("details", {}, createElement("summary", {}, "As JSON"), json(result));
  return [createElement("p", {}, names === "" ? "No tools" : `${count}: ${names}`), all];
}

/**
 * Whether a text block only says once more what the structured result says.
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

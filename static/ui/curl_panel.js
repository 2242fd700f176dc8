/**
 * The last request as a command for a terminal.
 *
 * @module
 */
import { toCurl } from "../client/dialects/curl.js";
import { byId } from "./dom.js";

/** @typedef {import("../client/dialects/curl.js").HttpRequest} HttpRequest */

/** Shown instead of a token; the copied text contains the token. */
const MASK = "Bearer …";

export class CurlPanel {
  #box = byId("curl", HTMLElement);
  #announcer = byId("announcer", HTMLElement);
  /** @type {HttpRequest | undefined} */
  #request;

  constructor() {
    byId("copy-curl", HTMLButtonElement).addEventListener("click", () => void this.#copy());
  }

  /** @param {HttpRequest} request that works without the page's connection */
  show(request) {
    this.#request = request;
    const { Authorization: token, ...headers } = request.headers;
    const shown = token === undefined ? headers : { Authorization: MASK, ...headers };
    this.#box.textContent = toCurl({ ...request, headers: shown });
  }

  async #copy() {
    if (this.#request === undefined) return;
    const text = toCurl(this.#request);
    try {
      await navigator.clipboard.writeText(text);
      this.#announcer.textContent = "Copied.";
    } catch {
      // Without HTTPS there is no clipboard: the text is selected instead, ready for the keyboard.
      this.#box.textContent = text;
      getSelection()?.selectAllChildren(this.#box);
      this.#announcer.textContent = "Selected; copy it with the keyboard.";
    }
  }
}

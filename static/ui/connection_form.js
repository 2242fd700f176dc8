/**
 * The form for the endpoint, the dialect and the token.
 *
 * @module
 */
import { dialectOf, DIALECTS } from "../client/dialects/mod.js";
import { initializeParams } from "../client/dialects/legacy_client.js";
import { readToken, storeToken } from "../shared/token.js";
import { byId, createElement } from "./dom.js";

/** @typedef {import("../client/session.js").Target} Target */

const VERSION = "2025-11-25";

export class ConnectionForm {
  #dialect = byId("dialect", HTMLSelectElement);
  #endpoint = byId("endpoint", HTMLInputElement);
  #token = byId("token", HTMLInputElement);
  #first = byId("first", HTMLSelectElement);
  #reconnect = byId("auto-reconnect", HTMLInputElement);
  #settings;

  /** @param {import("./settings.js").Settings} settings that are shown and changed */
  constructor(settings) {
    this.#settings = settings;
    const names = Object.keys(DIALECTS);
    this.#dialect.append(
      ...names.map((name) => createElement("option", { value: name }, dialectOf(name).label)),
    );
    this.#dialect.addEventListener("change", () => this.#changeDialect());
    this.#endpoint.addEventListener("input", () => this.#endpoint.setCustomValidity(""));
    this.#token.value = readToken() ?? "";
    this.show();
  }

  /** Shows the last used settings. */
  show() {
    const { dialect, endpoint, first, reconnect } = this.#settings;
    this.#dialect.value = dialect in DIALECTS ? dialect : "plain";
    this.#endpoint.value = endpoint;
    this.#first.value = first;
    this.#reconnect.checked = reconnect;
  }

  /** Saves the form's values in the settings. */
  save() {
    this.#settings.dialect = this.#dialect.value;
    this.#settings.endpoint = this.#endpoint.value;
    this.#settings.first = this.#first.value;
    this.#settings.reconnect = this.#reconnect.checked;
    storeToken(this.#token.value.trim());
  }

  /** The URL to connect to; undefined if the page may not connect to it, with the error shown. */
  get url() {
    try {
      const url = new URL(this.#settings.endpoint, document.baseURI);
      if (url.origin === location.origin) return url.href;
      this.#endpoint.setCustomValidity(`This page may talk to ${location.origin} only`);
    } catch {
      this.#endpoint.setCustomValidity("This is no URL");
    }
    this.#endpoint.reportValidity();
    return undefined;
  }

  /**
   * @param {import("../client/sign_in/credential.js").Credential} credential
   * @returns {Target | undefined} undefined where the URL is wrong
   */
  target(credential) {
    const { url } = this;
    if (url === undefined) return undefined;
    const { dialect, first: method, reconnect } = this.#settings;
    const params = method === "initialize" ? initializeParams(VERSION) : undefined;
    // The other dialects initialize by themselves, or have no sessions.
    const isSent = method !== "" && (method !== "initialize" || dialect === "plain");
    const first = isSent ? { method, params } : undefined;
    return { dialect, url, credential, first, reconnect };
  }

  /** An endpoint that was not changed by hand follows the dialect. */
  #changeDialect() {
    const paths = Object.values(DIALECTS).map(({ path }) => defaultEndpoint(path));
    if (!paths.includes(this.#endpoint.value)) return;
    this.#endpoint.value = defaultEndpoint(dialectOf(this.#dialect.value).path);
  }
}

/** @param {string} path from where the page is */
export function defaultEndpoint(path) {
  return new URL(path, document.baseURI).pathname;
}

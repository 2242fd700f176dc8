/**
 * A question of the server, as a form. Several questions are shown one after the other.
 *
 * @module
 */
import { formOf } from "../client/schema_fields.js";
import { byId } from "./dom.js";
import { FieldForm } from "./field_form.js";

/**
 * @typedef {import("../client/questions.js").Question} Question
 * @typedef {import("../client/questions.js").Answer} Answer
 */

export class QuestionPanel {
  #card = byId("question", HTMLElement);
  #text = byId("question-text", HTMLElement);
  #form = byId("question-form", HTMLFormElement);
  #fields = new FieldForm(byId("question-fields", HTMLElement), "question");
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** @type {(answer: Answer) => void} */
  #answer = () => {};

  constructor() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const content = this.#fields.read();
      if (content !== undefined) this.#answer({ action: "accept", content });
    });
    for (const action of /** @type {const} */ (["decline", "cancel"])) {
      byId(`question-${action}`, HTMLButtonElement)
        .addEventListener("click", () => this.#answer({ action }));
    }
  }

  /**
   * Shows a question once those before it are answered.
   *
   * @type {import("../client/questions.js").Ask}
   */
  async ask(question, signal) {
    const shown = this.#last.catch(() => {}).then(() => this.#show(question, signal));
    this.#last = shown;
    return await shown;
  }

  /** @param {Question} question @param {AbortSignal} signal @returns {Promise<Answer>} */
  async #show({ message, requestedSchema }, signal) {
    signal.throwIfAborted();
    const { promise, resolve, reject } =
      /** @type {PromiseWithResolvers<Answer>} */ (Promise.withResolvers());
    const withdraw = () => reject(signal.reason);
    signal.addEventListener("abort", withdraw, { once: true });
    this.#answer = resolve;
    this.#text.textContent = message;
    const field = formOf(requestedSchema);
    if (field !== undefined) this.#fields.show(field);
    this.#card.hidden = false;
    this.#card.scrollIntoView({ block: "nearest" });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", withdraw);
      this.#hide();
    }
  }

  #hide() {
    const hadFocus = this.#card.contains(document.activeElement);
    this.#card.hidden = true;
    this.#answer = () => {};
    if (hadFocus) byId("result-card", HTMLElement).focus();
  }
}

import { createElement } from "./dom.js";

/** Time for the second press (ms). */
const SURE_MS = 4_000;

/**
 * A button that takes two presses, as rows may move under the pointer.
 *
 * @param {string} text
 * @param {string} label that says what is ended
 * @param {() => void} act
 */
export function sureButton(text, label, act) {
  const button = createElement("button", { type: "button", class: "small" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isArmed = false;
  const disarm = () => {
    clearTimeout(timer);
    isArmed = false;
    button.textContent = text;
    button.setAttribute("aria-label", label);
  };
  button.addEventListener("blur", disarm);
  button.addEventListener("click", () => {
    const isSure = isArmed;
    disarm();
    if (isSure) return act();
    isArmed = true;
    button.textContent = "Sure?";
    button.setAttribute("aria-label", `Sure? Press again: ${label}`);
    timer = setTimeout(disarm, SURE_MS);
  });
  disarm();
  return button;
}

/**
 * The fields of a form, with the controls that they need.
 *
 * @module
 */
import { FieldError, pathIn, rawValues, readValue, variantPath } from "../client/field_values.js";
import { createControl, readControl, writeControl } from "./controls.js";
import { createElement } from "./dom.js";

/**
 * @typedef {import("../client/schema_fields.js").Field} Field
 * @typedef {import("./controls.js").Control} Control
 */

export class FieldForm {
  #box;
  #prefix;
  /** @type {Field | undefined} */
  #field;
  /** @type {Map<string, Control>} */
  #controls = new Map();
  /** Called when a control that shows and hides others is changed. @type {(() => void)[]} */
  #updates = [];

  /**
   * @param {HTMLElement} box that the fields go into
   * @param {string} prefix of the controls' ids
   */
  constructor(box, prefix) {
    this.#box = box;
    this.#prefix = prefix;
  }

  /**
   * Shows a form.
   *
   * @param {Field} field a group, or a union of groups
   * @param {Record<string, unknown>} [values] filled in, where they fit
   */
  show(field, values) {
    this.#field = field;
    this.#controls.clear();
    this.#updates = [];
    this.#box.replaceChildren(...this.#content(field, ""));
    if (this.#box.childElementCount === 0) {
      this.#box.append(createElement("p", { class: "quiet" }, "Takes no arguments."));
    }
    for (const [path, raw] of rawValues(field, values)) {
      const control = this.#controls.get(path);
      if (control !== undefined) writeControl(control, raw);
    }
    this.#update();
  }

  /**
   * The form's values; undefined if one is invalid, with the error shown at its field.
   *
   * @returns {Record<string, unknown> | undefined}
   */
  read() {
    try {
      return this.readOrThrow();
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      const control = this.#controls.get(error.path);
      control?.setCustomValidity(error.message);
      control?.reportValidity();
      return undefined;
    }
  }

  /**
   * @returns {Record<string, unknown>}
   * @throws {FieldError}
   */
  readOrThrow() {
    const rawOf = (/** @type {string} */ path) => {
      const control = this.#controls.get(path);
      return control === undefined ? "" : readControl(control);
    };
    const value = this.#field === undefined ? {} : readValue(this.#field, rawOf);
    return /** @type {Record<string, unknown>} */ (value ?? {});
  }

  /** A field that cannot be seen must not hold up the form. @param {boolean} isDisabled */
  disable(isDisabled) {
    for (const control of this.#controls.values()) control.disabled = isDisabled;
    if (!isDisabled) this.#update();
  }

  #update() {
    for (const update of this.#updates) update();
  }

  /** The inside of a group or union. @param {Field} field @param {string} path @returns {HTMLElement[]} */
  #content(field, path) {
    if (field.kind === "group") {
      return (field.fields ?? []).map((one) => this.#row(one, pathIn(path, one)));
    }
    return field.kind === "union" ? this.#union(field, path) : [this.#row(field, path)];
  }

  /** @param {Field} field @param {string} path @returns {HTMLElement} */
  #row(field, path) {
    if (field.kind === "constant") {
      return createElement("p", { class: "quiet" }, `Sends ${JSON.stringify(field.initial)}.`);
    }
    if (field.kind === "group" || field.kind === "union") return this.#fieldset(field, path);
    const control = this.#control(field, path);
    return simpleRow(field, control);
  }

  /** @param {Field} field @param {string} path */
  #fieldset(field, path) {
    const legend = createElement("legend", {}, ...labelOf(field));
    const set = createElement("fieldset", { class: "group" }, legend);
    if (field.hint !== "") set.append(createElement("p", { class: "hint" }, field.hint));
    if (field.kind === "group" && !field.required) {
      const tick = this.#control({ ...field, kind: "boolean", label: "Include" }, path);
      const label = createElement("label", { for: tick.id }, `Include ${field.label}`);
      set.append(createElement("div", { class: "field tick" }, tick, label));
      const inner = createElement("div", { class: "fields" }, ...this.#content(field, path));
      set.append(inner);
      this.#shows(tick, () => readControl(tick) === true ? inner : undefined, [inner]);
    } else set.append(...this.#content(field, path));
    return set;
  }

  /** @param {Field} field @param {string} path @returns {HTMLElement[]} */
  #union(field, path) {
    const variants = field.variants ?? [];
    const choice = {
      ...field,
      kind: /** @type {const} */ ("choice"),
      options: variants.map((_, i) => i),
      titles: variants.map(({ label }) => label),
    };
    const select = this.#control(choice, path);
    const label = createElement("label", { for: select.id }, "Variant");
    const boxes = variants.map((variant, i) =>
      createElement("div", { class: "fields" }, ...this.#content(variant, variantPath(path, i)))
    );
    this.#shows(select, () => {
      const raw = readControl(select);
      return raw === "" ? undefined : boxes[Number(raw)];
    }, boxes);
    return [createElement("div", { class: "field" }, label, select), ...boxes];
  }

  /** @param {Field} field @param {string} path */
  #control(field, path) {
    const control = createControl(field, `${this.#prefix}-${this.#controls.size}`, path);
    control.addEventListener("input", () => control.setCustomValidity(""));
    this.#controls.set(path, control);
    return control;
  }

  /**
   * Shows one of several parts, selected by a control.
   *
   * @param {Control} control
   * @param {() => HTMLElement | undefined} chosen
   * @param {readonly HTMLElement[]} parts
   */
  #shows(control, chosen, parts) {
    const update = () => {
      const shown = chosen();
      for (const part of parts) {
        part.hidden = part !== shown;
        for (const inner of part.querySelectorAll("input, select, textarea")) {
          /** @type {Control} */ (inner).disabled = part.hidden || control.disabled;
        }
      }
    };
    this.#updates.push(update);
    control.addEventListener("change", () => this.#update());
  }
}

/** @param {Field} field @param {Control} control */
function simpleRow(field, control) {
  const label = createElement("label", { for: control.id }, ...labelOf(field));
  const example = field.kind === "json"
    ? `Raw JSON, for example ${JSON.stringify(field.example)}`
    : "";
  const hints = [field.hint, boundsText(field), example].filter(Boolean);
  const hint = createElement("p", { id: `${control.id}-hint`, class: "hint" }, hints.join(" · "));
  return field.kind === "boolean"
    ? createElement("div", { class: "field tick" }, control, label, hint)
    : createElement("div", { class: "field" }, label, control, hint);
}

/** @param {Field} field @returns {(Node | string)[]} */
function labelOf({ name, label, required }) {
  return [
    label,
    ...(label === name ? [] : [" ", createElement("code", {}, name)]),
    ...(required ? [] : [" ", createElement("span", { class: "quiet" }, "optional")]),
  ];
}

/** @param {Field} field */
function boundsText({ min, max }) {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "" : `at most ${max}`;
}

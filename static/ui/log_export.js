/**
 * The log as a file of JSON lines, oldest first.
 *
 * @module
 */
import { tryParse } from "../shared/json.js";
import { createElement } from "./dom.js";

/** @typedef {import("./event_store.js").StoredEvent} StoredEvent */

/** @param {readonly StoredEvent[]} events */
export function toJsonLines(events) {
  return events.map(({ time, kind, level, summary, data }) =>
    `${
      JSON.stringify({
        time: time.toISOString(),
        kind,
        level,
        summary,
        data: tryParse(data) ?? data,
      })
    }\n`
  ).join("");
}

/** Offers a text as a download. @param {string} name of the file @param {string} text */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  createElement("a", { href: url, download: name }).click();
  // The download has started by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Numbers, sizes, times and spans of time, for people.
 *
 * @module
 */

const NUMBER = new Intl.NumberFormat("en");
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK_PARTS = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const CLOCK = new Intl.DateTimeFormat("en-GB", CLOCK_PARTS);
const CLOCK_MS = new Intl.DateTimeFormat("en-GB", { ...CLOCK_PARTS, fractionalSecondDigits: 3 });

/** `12,345` @param {number} value */
export function formatNumber(value) {
  return NUMBER.format(value);
}

/** `23:59:59` @param {Date | number} time a number is in ms since 1970 */
export function formatClock(time) {
  return CLOCK.format(time);
}

/** `23:59:59.123` @param {Date | number} time a number is in ms since 1970 */
export function formatClockMs(time) {
  return CLOCK_MS.format(time);
}

/** A span of time: `12 ms`, `1.5 s`, `2 min 5 s`. @param {number} ms */
export function formatMs(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** A span of time that counts up, in whole seconds. @param {number} ms */
export function formatAge(ms) {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : formatMs(seconds * 1_000);
}

/** `12.3 KiB` @param {number} bytes */
export function formatBytes(bytes) {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576
    ? `${(bytes / 1_024).toFixed(1)} KiB`
    : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

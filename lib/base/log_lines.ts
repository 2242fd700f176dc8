/**
 * A log line and its two forms.
 *
 * @module
 */
import { messageOf } from "./errors.ts";

/** Levels that `MCP_LOG_LEVEL` may name, least urgent first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** How urgent a log line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Forms that `MCP_LOG_FORMAT` may name. */
export const LOG_FORMATS = ["text", "json"] as const;
/** The form of log lines as text. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Fields of a log line; values that JSON cannot hold are written as text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The content of a log line. */
export interface LogRecord {
  /** The part of the server that logs, such as `stream`. */
  readonly area: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Longest text in a line, in characters: errors may quote what clients send. */
const MAX_TEXT = 8_192;

const UNREADABLE = { log_error: "Fields cannot be written as JSON" };

/** A log line. It becomes text when it is written, which is cheaper for many lines at once. */
export class LogLine implements LogRecord {
  readonly area: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  /** When it was logged (ms since the Unix epoch). */
  readonly timestamp: number = Date.now();
  readonly #format: LogFormat;

  constructor({ area, level, message, fields }: LogRecord, format: LogFormat) {
    this.area = area;
    this.level = level;
    this.message = message;
    this.fields = fields;
    this.#format = format;
  }

  /** Never throws: the line is written together with others, which must not be lost with it. */
  toString(): string {
    const toText = this.#format === "json" ? jsonLine : textLine;
    try {
      return printable(toText(this, this.fields));
    } catch {
      return printable(toText(this, UNREADABLE));
    }
  }
}

/**
 * Characters that control terminals, end lines, or change the direction of text. JSON escapes only
 * those below U+0020.
 */
const UNPRINTABLE_REGEXP =
  // deno-lint-ignore no-control-regex -- it is about them
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** The line with such characters as JSON escapes them, which readers of its JSON undo. */
function printable(line: string): string {
  // Perf: nearly all lines are printable, and a search costs less than replacing nothing.
  if (line.search(UNPRINTABLE_REGEXP) < 0) return line;
  return line.replace(
    UNPRINTABLE_REGEXP,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The levels as lines of text have them. */
const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warning: "WARNING",
  error: "ERROR",
};

/** `2026-11-29T12:00:00.000Z [INFO] SSE Connection establishing {"connection_id":"…"}` */
function textLine({ timestamp, level, message }: LogLine, fields: LogFields): string {
  return `${isoTime(timestamp)} [${LEVEL_NAMES[level]}] ${message} ${stringify(fields)}`;
}

/** One object: timestamp, level, message and the fields. */
function jsonLine({ timestamp, level, message }: LogLine, fields: LogFields): string {
  const head = { timestamp: isoTime(timestamp), level, message };
  // Spread twice: first for the order of the keys, last so that no field overrides them.
  return stringify({ ...head, ...fields, ...head });
}

let lastTime = NaN;
let lastText = "";

/** Lines often share a millisecond, so the last text is kept. */
function isoTime(timestamp: number): string {
  if (timestamp !== lastTime) {
    lastText = new Date(timestamp).toISOString();
    lastTime = timestamp;
  }
  return lastText;
}

function stringify(fields: LogFields): string {
  // Perf: a replacer function would be called for each value.
  return isPlain(fields) ? JSON.stringify(fields) : JSON.stringify(fields, asPlainValue);
}

/** Whether the line holds all values unchanged, and no value is an object. */
function isPlain(fields: LogFields): boolean {
  for (const name in fields) {
    const value = fields[name];
    const kind = typeof value;
    if (kind === "object" || kind === "bigint") return false;
    if (kind === "string" && (value as string).length > MAX_TEXT) return false;
  }
  return true;
}

function asPlainValue(_key: string, value: unknown): unknown {
  if (value instanceof Error) return bounded(messageOf(value));
  if (typeof value === "string") return bounded(value);
  return typeof value === "bigint" ? String(value) : value;
}

function bounded(text: string): string {
  return text.length <= MAX_TEXT
    ? text
    : `${text.slice(0, MAX_TEXT)}… (${text.length} characters in all)`;
}

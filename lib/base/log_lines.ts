/**
 * A log line and its two forms.
 *
 * @module
 */
import type { LogRecord } from "@logtape/logtape";
import { messageOf } from "./errors.ts";

/** Fields of a log line; values that JSON cannot hold are written as text. */
export type LogFields = Readonly<Record<string, unknown>>;

const UNREADABLE = { log_error: "Fields cannot be written as JSON" };

/**
 * A line that is made into text when it is written: with others, which takes half the time of making
 * each as it comes.
 */
export class LogLine {
  readonly #record: LogRecord;
  readonly #toText: (record: LogRecord) => string;

  constructor(record: LogRecord, toText: (record: LogRecord) => string) {
    this.#record = record;
    this.#toText = toText;
  }

  /** Never throws: it is made into text among other lines, which must not be lost with it. */
  toString(): string {
    try {
      return this.#toText(this.#record);
    } catch {
      return this.#toText({ ...this.#record, properties: UNREADABLE });
    }
  }
}

/** `[INFO] SSE Connection establishing {"connection_id":"…"}` */
export function textLine(record: LogRecord): string {
  const level = record.level.toUpperCase();
  return `[${level}] ${String(record.rawMessage)} ${stringify(record.properties)}`;
}

/** One object: timestamp, level, message and the fields. */
export function jsonLine(record: LogRecord): string {
  const head = {
    timestamp: new Date(record.timestamp).toISOString(),
    level: record.level,
    message: record.rawMessage,
  };
  // Twice: the first gives the order, the second keeps a field from taking their place.
  return stringify({ ...head, ...record.properties, ...head });
}

function stringify(fields: LogFields): string {
  // Without a function to call for each value, JSON is written in a third of the time.
  return isPlain(fields) ? JSON.stringify(fields) : JSON.stringify(fields, asPlainValue);
}

/** Whether all values are such as JSON has, and no objects. */
function isPlain(fields: LogFields): boolean {
  for (const name in fields) {
    const kind = typeof fields[name];
    if (kind === "object" || kind === "bigint") return false;
  }
  return true;
}

function asPlainValue(_key: string, value: unknown): unknown {
  if (value instanceof Error) return messageOf(value);
  return typeof value === "bigint" ? String(value) : value;
}

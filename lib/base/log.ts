/**
 * Logging: a level, a fixed message, snake_case fields. LogTape carries the records; this file
 * gives them Lifeline's two forms and makes sure that a fault in logging stays in logging.
 *
 * @module
 */
import {
  configureSync,
  getLogger,
  type Logger as LogTapeLogger,
  type LogLevel as LogTapeLevel,
  type LogRecord,
  resetSync,
} from "@logtape/logtape";
import { messageOf } from "./errors.ts";

/** Levels that `MCP_LOG_LEVEL` may name, least urgent first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Fields of a log line; values that JSON cannot hold are written as text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the code logs through. No call throws, whatever the sink does. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** True where a record of this level would be written, so that costly fields can be spared. */
  enabled(level: LogLevel): boolean;
}

/** Settings of {@linkcode configureLog}. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one finished line without its line end. */
  readonly write: (line: string) => void;
}

/**
 * LogTape's mark of a sink that keeps no record. For any other it copies each record first, which
 * takes more time than all the rest of a line.
 */
const IMMEDIATE = Symbol.for("LogTape.sinkSnapshotPolicy.immediate");

/** Directs all of Lifeline's logging to `write`; calling it again replaces the direction. */
export function configureLog({ level, format, write }: LogOptions): void {
  const toLine = format === "json" ? jsonLine : textLine;
  const lines = (record: LogRecord): void => {
    try {
      write(toLine(record));
    } catch {
      // Nobody is left to tell.
    }
  };
  configureSync({
    reset: true,
    sinks: { lines: Object.assign(lines, { [IMMEDIATE]: true }) },
    loggers: [
      { category: "lifeline", lowestLevel: level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "fatal", sinks: [] },
    ],
  });
}

/** Stops all logging, as tests do when they end. */
export function resetLog(): void {
  resetSync();
}

/**
 * The log of one part of the server.
 *
 * @param area for example `stream` or `mcp`; becomes the second part of the LogTape category
 */
export function logFor(area: string): Log {
  const logger = getLogger(["lifeline", area]);
  const at = (level: LogLevel) => (message: string, fields: LogFields = {}): void => {
    try {
      write(logger, level, message, fields);
    } catch {
      // A fault in logging never touches a connection.
    }
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    enabled: (level) => logger.isEnabledFor(level),
  };
}

const UNREADABLE = { log_error: "Fields cannot be written as JSON" };

function write(
  logger: LogTapeLogger,
  level: LogLevel,
  message: string,
  fields: LogFields,
): void {
  // The message is passed whole: LogTape would take braces in a template for placeholders. With
  // its category, a record is complete, and LogTape need not make another of it.
  const record: LogRecord = {
    category: logger.category,
    level: level satisfies LogTapeLevel,
    message: [message],
    rawMessage: message,
    timestamp: Date.now(),
    properties: fields,
  };
  logger.emit(record);
}

function textLine(record: LogRecord): string {
  const level = record.level.toUpperCase();
  return `[${level}] ${String(record.rawMessage)} ${stringify(record.properties)}`;
}

function jsonLine(record: LogRecord): string {
  const head = {
    timestamp: new Date(record.timestamp).toISOString(),
    level: record.level,
    message: record.rawMessage,
  };
  // Twice: the first gives the order, the second keeps a field from taking their place.
  return stringify({ ...head, ...record.properties, ...head }, head);
}

/** @param kept written also where the fields cannot be */
function stringify(fields: LogFields, kept: LogFields = {}): string {
  try {
    // Without a function to call for each value, JSON is written in a third of the time.
    return isPlain(fields) ? JSON.stringify(fields) : JSON.stringify(fields, asPlainValue);
  } catch {
    return JSON.stringify({ ...kept, ...UNREADABLE });
  }
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

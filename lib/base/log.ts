/**
 * Logging: a level, a fixed message, snake_case fields. LogTape carries the records; this file
 * gives them Lifeline's two forms and makes sure that a fault in logging stays in logging.
 *
 * @module
 */
import type {
  Logger as LogTapeLogger,
  LogLevel as LogTapeLevel,
  LogRecord,
} from "@logtape/logtape";
import { jsonLine, type LogFields, LogLine, textLine } from "./log_lines.ts";

/** Levels that `MCP_LOG_LEVEL` may name, least urgent first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

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
  /** Takes one line without its line end; made into a string it is its text. */
  readonly write: (line: LogLine) => void;
}

/**
 * LogTape's mark of a sink that keeps no record. For any other it copies each record first, which
 * takes more time than all the rest of a line.
 */
const IMMEDIATE = Symbol.for("LogTape.sinkSnapshotPolicy.immediate");

type LogTape = typeof import("@logtape/logtape");

/**
 * LogTape is loaded for the first line that is written: with what it takes of Node it is an eighth
 * of a start, in which nothing is said.
 */
let logTape: LogTape | undefined;
let loading: Promise<void> | undefined;
/** Lines that wait for it. */
const waiting: (() => void)[] = [];
/** Where lines go, unless a library user has told LogTape. */
let direction: LogOptions | undefined;
/** The place in {@linkcode LOG_LEVELS} of the least urgent that is written. */
let least = 0;

/** Directs all of Lifeline's logging to `write`; calling it again replaces the direction. */
export function configureLog(options: LogOptions): void {
  direction = options;
  least = LOG_LEVELS.indexOf(options.level);
  if (logTape !== undefined) configure(logTape, options);
}

/** Stops all logging, as tests do when they end. */
export function resetLog(): void {
  direction = undefined;
  // Where a library user directs the lines, LogTape knows what is wanted.
  least = 0;
  logTape?.resetSync();
}

/** Resolves when LogTape is there; from then on a line is written as it is logged. */
export function loadLogTape(): Promise<void> {
  return loading ??= import("@logtape/logtape").then((module) => {
    logTape = module;
    if (direction !== undefined) configure(module, direction);
    for (const emit of waiting.splice(0)) emit();
  }).catch(() => {
    // Nobody is left to tell; the next line tries again.
    waiting.length = 0;
    loading = undefined;
  });
}

/** Resolves when no line waits for LogTape any more. */
export async function flushLog(): Promise<void> {
  await loading;
}

function configure({ configureSync }: LogTape, { level, format, write }: LogOptions): void {
  const toLine = format === "json" ? jsonLine : textLine;
  const lines = (record: LogRecord): void => {
    try {
      write(new LogLine(record, toLine));
    } catch {
      // Nobody is left to tell.
    }
  };
  configureSync({
    reset: true,
    sinks: { lines: Object.assign(lines, { [IMMEDIATE]: true }) },
    loggers: [
      // Nothing is directed above it, and to ask there is a part of what a line costs.
      { category: "lifeline", lowestLevel: level, sinks: ["lines"], parentSinks: "override" },
      { category: ["logtape", "meta"], lowestLevel: "fatal", sinks: [] },
    ],
  });
}

/**
 * The log of one part of the server.
 *
 * @param area for example `stream` or `mcp`; becomes the second part of the LogTape category
 */
export function logFor(area: string): Log {
  const category = ["lifeline", area];
  let known: LogTapeLogger | undefined;
  const logger = () => known ??= logTape?.getLogger(category);
  const at = (level: LogLevel) => {
    const urgency = LOG_LEVELS.indexOf(level);
    return (message: string, fields: LogFields = {}): void => {
      if (urgency < least) return;
      const record = recordOf(category, level, message, fields);
      if (logTape !== undefined) return emit(logger(), record);
      waiting.push(() => emit(logger(), record));
      void loadLogTape();
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    enabled: (level) => logger()?.isEnabledFor(level) ?? LOG_LEVELS.indexOf(level) >= least,
  };
}

function recordOf(
  category: readonly string[],
  level: LogLevel,
  message: string,
  fields: LogFields,
): LogRecord {
  // The message is passed whole: LogTape would take braces in a template for placeholders. With
  // its category, a record is complete, and LogTape need not make another of it.
  return {
    category,
    level: level satisfies LogTapeLevel,
    message: [message],
    rawMessage: message,
    timestamp: Date.now(),
    properties: fields,
  };
}

function emit(logger: LogTapeLogger | undefined, record: LogRecord): void {
  try {
    logger?.emit(record);
  } catch {
    // A fault in logging never touches a connection.
  }
}

/**
 * Logging: a level, a fixed message, snake_case fields. A fault in logging stays in logging.
 *
 * @module
 */
import { ConfigError } from "./errors.ts";
import {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type LogLevel,
  LogLine,
} from "./log_lines.ts";

import { FUNCTION, type MemberChecks, oneOf, requireOptions } from "./members.ts";

export { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel, LogLine } from "./log_lines.ts";

/** Writes log lines. No call throws, whatever the sink does. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /**
   * Whether lines of a level are written, for callers with fields that are expensive to compute.
   */
  isEnabled(level: LogLevel): boolean;
}

/** The sink of log lines, and which lines it gets. */
export interface LogOptions {
  /** Least urgent level that is logged. */
  readonly level: LogLevel;
  /** Form of the lines as text; default `text`. */
  readonly format?: LogFormat;
  /** Takes one line; `String(line)` is its text, without a line end. Its errors are ignored. */
  readonly write: (line: LogLine) => void;
}

const OPTIONS: MemberChecks<LogOptions> = {
  level: oneOf(...LOG_LEVELS),
  format: oneOf(...LOG_FORMATS),
  write: FUNCTION,
};

/** Urgency of each level: its index in {@linkcode LOG_LEVELS}. */
const URGENCY = Object.fromEntries(
  LOG_LEVELS.map((level, index) => [level, index]),
) as Readonly<Record<LogLevel, number>>;
/** Undefined while logging is off. */
let options: LogOptions | undefined;
/** The urgency from which on lines are written. */
let minLevel = Infinity;

/**
 * Sends the log lines of this process to `write`, until it is called again. Before the first call
 * nothing is logged.
 *
 * @throws {ConfigError} for a level that does not exist, and for a wrong option
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { configureLog, createApp } from "../mod.ts";
 *
 * const messages: string[] = [];
 * configureLog({ level: "debug", write: (line) => messages.push(line.message) });
 * const app = createApp();
 * await app.fetch(new Request("http://localhost/nowhere"));
 * assertEquals(messages, ["Request refused"]);
 * app.stop();
 * ```
 */
export function configureLog(given: LogOptions): void {
  const refuse = (message: string) => new ConfigError(message);
  requireOptions(given, { owner: "configureLog()", checks: OPTIONS, refuse });
  options = given;
  minLevel = URGENCY[given.level];
}

/** Stops all logging. */
export function resetLog(): void {
  options = undefined;
  minLevel = Infinity;
}

/**
 * The log of one part of the server.
 *
 * @param area for example `stream` or `mcp`; each line names it in {@linkcode LogLine.area}
 */
export function logFor(area: string): Log {
  const at = (level: LogLevel) => {
    const urgency = URGENCY[level];
    return (message: string, fields: LogFields = {}): void => {
      if (urgency >= minLevel) write({ area, level, message, fields });
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    isEnabled: (level) => URGENCY[level] >= minLevel,
  };
}

function write(record: Pick<LogLine, "area" | "level" | "message" | "fields">): void {
  try {
    options?.write(new LogLine(record, options.format ?? "text"));
  } catch {
    // Nobody is left to tell.
  }
}

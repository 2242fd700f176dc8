/**
 * The log lines of the code under test.
 *
 * @module
 */
import { configureLog, type LogFormat, type LogLevel, resetLog } from "../../lib/base/log.ts";

/** One line in the text form, taken apart. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** Collects log lines until its block ends: `using log = new CapturedLog()`. */
export class CapturedLog implements Disposable {
  /** The lines for stderr, without the time of the text form. */
  readonly lines: string[] = [];

  constructor(level: LogLevel = "debug", format: LogFormat = "text") {
    configureLog({
      level,
      format,
      write: (line) => void this.lines.push(String(line).replace(TIME_REGEXP, "")),
    });
  }

  /** The lines of the text form, in order. */
  parsed(): LoggedLine[] {
    return this.lines.map((line) => {
      const [, level = "", message = "", fields = "{}"] = LINE_REGEXP.exec(line) ?? [];
      return { level, message, fields: JSON.parse(fields) };
    });
  }

  /** The lines with that message. */
  of(message: string): LoggedLine[] {
    return this.parsed().filter((line) => line.message === message);
  }

  /** The messages in order, without their fields. */
  messages(): string[] {
    return this.parsed().map((line) => line.message);
  }

  [Symbol.dispose](): void {
    resetLog();
  }
}

const TIME_REGEXP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
const LINE_REGEXP = /^\[([A-Z]+)\] (.*?) (\{.*\})$/s;

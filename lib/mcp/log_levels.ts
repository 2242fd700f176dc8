import type { LoggingLevel } from "../wire/mcp_types.ts";

/** The protocol's log levels (RFC 5424, section 6.2.1), the more urgent the higher. */
export const LOG_SEVERITY: Readonly<Record<LoggingLevel, number>> = {
  debug: 0,
  info: 1,
  notice: 2,
  warning: 3,
  error: 4,
  critical: 5,
  alert: 6,
  emergency: 7,
};

/** The level of a session that has set none. */
export const DEFAULT_LOG_LEVEL: LoggingLevel = "info";

/** Whether a value is the name of a log level. */
export function isLogLevel(level: unknown): level is LoggingLevel {
  return typeof level === "string" && Object.hasOwn(LOG_SEVERITY, level);
}

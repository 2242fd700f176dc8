import { ConfigError } from "../base/errors.ts";
import { wordsFor } from "../base/members.ts";

/** The error for wrong options. */
export function refuse(message: string): ConfigError {
  return new ConfigError(message);
}

/** @throws {ConfigError} naming the option at fault */
export function requirePositive(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) continue;
    throw new ConfigError(`Invalid ${name}: ${wordsFor(value)}; give a positive number`);
  }
}

/** @throws {ConfigError} for less than one: there would be none at all */
export function requireOne(options: Readonly<Record<string, number>>): void {
  requirePositive(options);
  for (const [name, value] of Object.entries(options)) {
    if (value < 1) throw new ConfigError(`Invalid ${name}: ${value}; give at least 1`);
  }
}

/**
 * Reads the command line as far as possible, so that all errors are reported at once.
 *
 * Perf: loading `node:util` for `parseArgs()` would slow down each start.
 *
 * @module
 */
import { SECRET_SETTINGS, SETTING_NAMES } from "../base/settings.ts";
import { nearestOf } from "../base/nearest.ts";
import { nearestSetting } from "./misspelled.ts";
import { fileOf } from "./secrets.ts";

/** A flag without a value. */
export type Switch = "stdio" | "checkConfig" | "help";

/** The flags of a command line, and an error for each part that cannot be understood. */
export interface Flags {
  /** By the name of the setting. */
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<Switch>;
  /** They never contain a given value, because it may be a secret after a misspelt flag. */
  readonly faults: string[];
}

const NAMES = [...SETTING_NAMES, ...SECRET_SETTINGS.map(fileOf)];
const FLAGS = new Map(NAMES.map((name) => [flagName(name), name]));
const SECRET_FLAGS = SECRET_SETTINGS.map(flagName);
const SWITCHES = new Map<string, Switch>([
  ["--stdio", "stdio"],
  ["--check-config", "checkConfig"],
  ["--help", "help"],
  ["-h", "help"],
]);
const LONG_SWITCHES = [...SWITCHES.keys()].filter((name) => name.startsWith("--"));
const SEE_HELP = "--help lists the flags";

/** Reads the arguments of a command line. */
export function parseFlags(args: readonly string[]): Flags {
  const values = new Map<string, string>();
  const switches = new Set<Switch>();
  const faults: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, flag = "", joined] = /^([^=]*)(?:=(.*))?$/s.exec(args[at]!) ?? [];
    const name = FLAGS.get(flag);
    const asked = SWITCHES.get(flag);
    // A text that looks like a flag is one, unless it is joined to this flag.
    const hasNext = joined === undefined && args[at + 1]?.startsWith("-") === false;
    if (name !== undefined) {
      const value = joined ?? (hasNext ? args[++at] : undefined);
      if (value === undefined) faults.push(`${flag}: needs a value`);
      else values.set(name, value);
    } else if (asked !== undefined) {
      if (joined === undefined) switches.add(asked);
      else faults.push(`${flag}: takes no value`);
    } else if (flag.startsWith("-")) {
      faults.push(`${printable(flag)}: unknown flag; ${hintFor(flag)}`);
      // Its value, most likely.
      if (hasNext) at++;
    } else {
      faults.push(`argument ${at + 1}: not a flag (not shown, as it may be a secret); ${SEE_HELP}`);
    }
  }
  return { values, switches, faults };
}

/** The flag of a setting: `--mcp-log-level` for `MCP_LOG_LEVEL`. */
export function flagName(setting: string): string {
  return `--${setting.toLowerCase().replaceAll("_", "-")}`;
}

/** The flag that was probably meant, or where the flags are listed. */
function hintFor(flag: string): string {
  const name = written(flag);
  const setting = nearestSetting(name.replace(/^-+/, "").toUpperCase().replaceAll("-", "_"));
  const nearest = setting === undefined ? nearestOf(name, LONG_SWITCHES) : flagName(setting);
  return nearest === undefined ? SEE_HELP : `did you mean ${nearest}?`;
}

/** The part of an argument that can be a flag: what follows may be a secret. */
function written(flag: string): string {
  return /^--?[a-z_-]*/i.exec(flag)?.[0] ?? "";
}

/** An unknown flag without what may be a secret that was joined to it by something else than `=`. */
function printable(flag: string): string {
  const name = /^--?[a-z-]*/.exec(flag)?.[0] ?? "";
  const secret = SECRET_FLAGS.find((known) => name.startsWith(known));
  if (secret !== undefined) return `${secret}…`;
  return name === flag ? flag : `${name}…`;
}

/**
 * From environment and flags to settings, with every fault told at once.
 *
 * @module
 */
import type * as z from "zod";
import { ConfigError } from "../base/errors.ts";
import {
  defaultText,
  SETTING_TOPICS,
  type SettingName,
  type Settings,
  SETTINGS_SCHEMA,
  WITHOUT_JIT,
} from "../base/settings.ts";

/** What the command line asks for. */
export interface Command {
  readonly settings: Settings;
  /** Serve over stdin and stdout, not over HTTP. */
  readonly stdio: boolean;
  readonly checkConfig: boolean;
  readonly help: boolean;
}

const SECRETS: readonly SettingName[] = [
  "MCP_ADMIN_TOKEN",
  "MCP_SESSION_KEY",
  "MCP_AUTH_INTROSPECTION_CLIENT_SECRET",
];
const NAMES = Object.keys(SETTINGS_SCHEMA.shape) as SettingName[];

/**
 * Reads the settings; a flag such as `--mcp-ping-interval-ms=5000` or `--port 0` goes before the
 * environment variable of the same name.
 *
 * @param args of the command line
 * @param env reads an environment variable
 * @throws {ConfigError} naming every setting at fault and what is allowed
 */
export function readCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): Command {
  const { values, switches, faults } = parseFlags(args);
  const given: Record<string, string> = {};
  for (const name of NAMES) {
    const value = values.get(name) ?? env(name);
    if (value !== undefined && value.trim() !== "") given[name] = value;
  }
  const parsed = SETTINGS_SCHEMA.safeParse(given, WITHOUT_JIT);
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => faultLine(issue, given)));
  if (!parsed.success || faults.length > 0) {
    throw new ConfigError(["These settings cannot be used:", ...faults].join("\n  "));
  }
  return {
    settings: parsed.data,
    stdio: switches.has("stdio"),
    checkConfig: switches.has("checkConfig"),
    help: switches.has("help"),
  };
}

/** The settings as `--check-config` prints them, one a line; secrets stay hidden. */
export function describeSettings(settings: Settings): string {
  const width = Math.max(...NAMES.map((name) => name.length));
  const show = (name: SettingName): string => {
    const value = settings[name];
    if (value === undefined) return "(not set)";
    if (SECRETS.includes(name)) return "(set)";
    return Array.isArray(value) ? value.join(",") : String(value);
  };
  return NAMES.map((name) => `${name.padEnd(width)}  ${show(name)}`).join("\n");
}

/** The text of `--help`: the settings by topic, each with its default. */
export function helpText(): string {
  const width = Math.max(...NAMES.map((name) => flagName(name).length));
  const line = (flag: string, text: string) => `  ${flag.padEnd(width)}  ${text}`;
  const settingLine = (name: SettingName) =>
    line(
      flagName(name),
      `${SETTINGS_SCHEMA.shape[name].description ?? ""} (default: ${defaultText(name)})`,
    );
  return [
    "Lifeline, an MCP server that keeps its connections healthy.",
    "",
    "  deno task start [flags]",
    "",
    line("--stdio", "Serve over stdin and stdout, not over HTTP"),
    line("--check-config", "Print the settings and end"),
    line("--help", "Print this text and end"),
    "",
    "Every setting is a flag, or an environment variable of the same name in capitals.",
    ...SETTING_TOPICS.flatMap(({ title, names }) => ["", title, ...names.map(settingLine)]),
  ].join("\n");
}

const FLAGS = new Map<string, SettingName>(NAMES.map((name) => [flagName(name), name]));
const SWITCHES = new Map<string, Exclude<keyof Command, "settings">>([
  ["--stdio", "stdio"],
  ["--check-config", "checkConfig"],
  ["--help", "help"],
  ["-h", "help"],
]);
const SEE_HELP = "--help lists the flags";

/** What a command line says, and a line for each part that cannot be understood. */
interface Flags {
  readonly values: ReadonlyMap<SettingName, string>;
  readonly switches: ReadonlySet<keyof Command>;
  readonly faults: string[];
}

/**
 * Understands what it can, so that all faults are told at once. By hand: `node:util`, where
 * `parseArgs()` is, is a tenth of a start.
 */
function parseFlags(args: readonly string[]): Flags {
  const values = new Map<SettingName, string>();
  const switches = new Set<keyof Command>();
  const faults: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, flag = "", joined] = /^([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    const name = FLAGS.get(flag);
    const asked = SWITCHES.get(flag);
    if (name !== undefined) {
      // What looks like the next flag is one, unless it is joined to this one.
      const value = joined ?? (rest[0]?.startsWith("-") === false ? rest.shift() : undefined);
      if (value === undefined) faults.push(`${flag}: needs a value`);
      else values.set(name, value);
    } else if (asked !== undefined) {
      if (joined === undefined) switches.add(asked);
      else faults.push(`${flag}: takes no value`);
    } else {
      const isFlag = arg.startsWith("-");
      faults.push(
        isFlag
          ? `${flag}: unknown flag; ${SEE_HELP}`
          : `${JSON.stringify(arg)}: not a flag; ${SEE_HELP}`,
      );
    }
  }
  return { values, switches, faults };
}

function flagName(setting: string): string {
  return `--${setting.toLowerCase().replaceAll("_", "-")}`;
}

function faultLine(
  { path, message }: z.core.$ZodIssue,
  given: Readonly<Record<string, string>>,
): string {
  const name = String(path[0]);
  const isSecret = SECRETS.some((secret) => secret === name);
  return isSecret ? `${name}: ${message}` : `${name}=${JSON.stringify(given[name])}: ${message}`;
}

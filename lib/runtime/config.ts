/**
 * Reads the settings from environment and flags, and reports all errors at once.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import type { LogFormat } from "../base/log.ts";
import {
  checkSettings,
  defaultText,
  requireNoFaults,
  SECRET_SETTINGS,
  SETTING_NAMES,
  SETTING_TOPICS,
  type SettingName,
  SETTINGS,
  type Settings,
} from "../base/settings.ts";
import { withoutCredentials } from "../base/urls.ts";
import { flagName, parseFlags, type Switch } from "./flags.ts";
import { fileOf, readSecretFile } from "./secrets.ts";

/** The parsed command line. */
export interface Command {
  readonly settings: Settings;
  /** Files that secrets were read from. */
  readonly secretFiles: readonly string[];
  /** Serve over stdin and stdout, not over HTTP. */
  readonly stdio: boolean;
  readonly checkConfig: boolean;
  readonly help: boolean;
}

/**
 * Reads the settings; a flag such as `--mcp-ping-interval-ms=5000` or `--port 0` wins over the
 * environment variable of the same name. A secret may also be in a file, which `MCP_…_FILE` names.
 *
 * @param args of the command line
 * @param env reads an environment variable
 * @throws {ConfigError} naming every invalid setting and its allowed values
 */
export function readCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): Command {
  const { values, switches, faults } = parseFlags(args);
  const given: Record<string, string> = {};
  const read = (name: string): string | undefined => {
    const value = values.get(name) ?? env(name);
    return value === undefined || value.trim() === "" ? undefined : value;
  };
  for (const name of SETTING_NAMES) {
    const value = read(name);
    if (value !== undefined) given[name] = value;
  }
  const secretFiles: string[] = [];
  for (const name of SECRET_SETTINGS) {
    const path = read(fileOf(name));
    if (path === undefined) continue;
    secretFiles.push(path);
    try {
      if (given[name] !== undefined) throw new Error(`${name} is set as well; keep one of them`);
      given[name] = readSecretFile(path);
    } catch (error) {
      faults.push(`${fileOf(name)}=${JSON.stringify(path)}: ${messageOf(error)}`);
    }
  }
  const checked = checkSettings(given);
  requireNoFaults([...faults, ...checked.faults]);
  return { settings: checked.settings, secretFiles, ...switchesOf(switches) };
}

function switchesOf(switches: ReadonlySet<Switch>): Readonly<Record<Switch, boolean>> {
  return {
    stdio: switches.has("stdio"),
    checkConfig: switches.has("checkConfig"),
    help: switches.has("help"),
  };
}

/** The form of log lines that is asked for, also where other settings are wrong. */
export function askedLogFormat(
  args: readonly string[],
  env: (name: string) => string | undefined,
): LogFormat {
  const name = "MCP_LOG_FORMAT";
  try {
    return (parseFlags(args).values.get(name) ?? env(name)) === "json" ? "json" : "text";
  } catch {
    return "text";
  }
}

/** The settings as `--check-config` prints them, one a line; secrets stay hidden. */
export function describeSettings(settings: Settings): string {
  const width = Math.max(...SETTING_NAMES.map((name) => name.length));
  const show = (name: SettingName): string => {
    const value = settings[name];
    if (value === undefined) return "(not set)";
    if (SECRET_SETTINGS.includes(name)) return "(set)";
    return withoutCredentials(Array.isArray(value) ? value.join(",") : String(value));
  };
  return SETTING_NAMES.map((name) => `${name.padEnd(width)}  ${show(name)}`).join("\n");
}

/** The text of `--help`: the settings by topic, each with its default. */
export function helpText(): string {
  const width = Math.max(...SETTING_NAMES.map((name) => flagName(name).length));
  const line = (flag: string, text: string) => `  ${flag.padEnd(width)}  ${text}`;
  const settingLine = (name: SettingName) => {
    const description = SETTINGS[name].description;
    const hasOwnDefault = description.includes("default: ");
    return line(
      flagName(name),
      hasOwnDefault ? description : `${description} (default: ${defaultText(name)})`,
    );
  };
  return [
    "Lifeline, an MCP server that keeps its connections healthy.",
    "",
    "  deno task start [flags]",
    "",
    line("--stdio", "Serve over stdin and stdout, not over HTTP"),
    line("--check-config", "Print the settings and end"),
    line("--help", "Print this text and end"),
    "",
    "Every setting is a flag, or an environment variable: --mcp-log-level is MCP_LOG_LEVEL.",
    `A secret is best read from a file: ${SECRET_SETTINGS.map(fileOf).join(", ")}.`,
    ...SETTING_TOPICS.flatMap(({ title, names }) => ["", title, ...names.map(settingLine)]),
  ].join("\n");
}

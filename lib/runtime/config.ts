/**
 * From environment and flags to settings, with every fault told at once.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type * as z from "zod";
import { ConfigError } from "../base/errors.ts";
import { type SettingName, type Settings, SETTINGS_SCHEMA } from "../base/settings.ts";

/** What the command line asks for. */
export interface Command {
  readonly settings: Settings;
  /** Serve over stdin and stdout, not over HTTP. */
  readonly stdio: boolean;
  readonly checkConfig: boolean;
  readonly help: boolean;
}

const SECRETS: readonly SettingName[] = ["MCP_ADMIN_TOKEN", "MCP_SESSION_KEY"];
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
  const flags = parseFlags(args);
  const given: Record<string, string> = {};
  for (const name of NAMES) {
    const value = flags[flagName(name)] ?? env(name);
    if (typeof value === "string" && value !== "") given[name] = value;
  }
  const parsed = SETTINGS_SCHEMA.safeParse(given);
  if (!parsed.success) throw new ConfigError(faultReport(parsed.error, given));
  return {
    settings: parsed.data,
    stdio: flags.stdio === true,
    checkConfig: flags["check-config"] === true,
    help: flags.help === true,
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

/** The text of `--help`. */
export function helpText(): string {
  const width = Math.max(...NAMES.map((name) => flagName(name).length));
  const lines = NAMES.map((name) =>
    `  --${flagName(name).padEnd(width)}  ${SETTINGS_SCHEMA.shape[name].description ?? ""}`
  );
  return [
    "Lifeline, an MCP server whose connections are looked after.",
    "",
    "  deno task start [flags]",
    "",
    `  --${"stdio".padEnd(width)}  Serve over stdin and stdout, not over HTTP`,
    `  --${"check-config".padEnd(width)}  Print the settings and end`,
    `  --${"help".padEnd(width)}  Print this text and end`,
    "",
    "Every setting is a flag, or an environment variable of the same name in capitals:",
    "",
    ...lines,
  ].join("\n");
}

function parseFlags(args: readonly string[]): Record<string, unknown> {
  const options: ParseArgsConfig["options"] = {
    "check-config": { type: "boolean" },
    stdio: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  };
  for (const name of NAMES) options[flagName(name)] = { type: "string" };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false })
      .values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${message}; --help lists the flags`);
  }
}

function flagName(setting: string): string {
  return setting.toLowerCase().replaceAll("_", "-");
}

function faultReport(
  error: z.ZodError,
  given: Readonly<Record<string, string>>,
): string {
  const lines = error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `  ${name}=${JSON.stringify(given[name])}: ${issue.message}`;
  });
  return ["These settings cannot be used:", ...lines].join("\n");
}

/**
 * From environment and flags to settings, with every fault told at once.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type * as z from "zod";
import { ConfigError } from "../base/errors.ts";
import { ONCE, type SettingName, type Settings, SETTINGS_SCHEMA } from "../base/settings.ts";

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
  const { flags, faults } = parseFlags(args);
  const given: Record<string, string> = {};
  for (const name of NAMES) {
    const value = flags[flagName(name)] ?? env(name);
    if (typeof value === "string" && value.trim() !== "") given[name] = value;
  }
  const parsed = SETTINGS_SCHEMA.safeParse(given, ONCE);
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => faultLine(issue, given)));
  if (!parsed.success || faults.length > 0) {
    throw new ConfigError(["These settings cannot be used:", ...faults].join("\n  "));
  }
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

type Options = NonNullable<ParseArgsConfig["options"]>;

const OPTIONS: Options = {
  "check-config": { type: "boolean" },
  stdio: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  ...Object.fromEntries(NAMES.map((name) => [flagName(name), { type: "string" }])),
};

/** Understands what it can, so that all faults are told at once. */
function tokenize(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
}

/** The flags by their names, and a line for each that cannot be understood. */
function parseFlags(
  args: readonly string[],
): { readonly flags: Record<string, unknown>; readonly faults: string[] } {
  const { values, tokens } = tokenize(args);
  const faults: string[] = [];
  for (const token of tokens) {
    const fault = faultOf(token);
    if (fault === undefined) continue;
    faults.push(fault);
    if (token.kind === "option") delete values[token.name];
  }
  return { flags: values, faults };
}

const SEE_HELP = "--help lists the flags";

function faultOf(token: ReturnType<typeof tokenize>["tokens"][number]): string | undefined {
  if (token.kind === "positional") return `${JSON.stringify(token.value)}: not a flag; ${SEE_HELP}`;
  if (token.kind !== "option") return undefined;
  if (!Object.hasOwn(OPTIONS, token.name)) return `${token.rawName}: unknown flag; ${SEE_HELP}`;
  const isSwitch = OPTIONS[token.name]?.type === "boolean";
  // What looks like the next flag is one, unless it is joined to this one.
  const hasValue = token.inlineValue || token.value?.startsWith("-") === false;
  if (isSwitch) return hasValue ? `${token.rawName}: takes no value` : undefined;
  return hasValue ? undefined : `${token.rawName}: needs a value`;
}

function flagName(setting: string): string {
  return setting.toLowerCase().replaceAll("_", "-");
}

function faultLine(
  { path, message }: z.core.$ZodIssue,
  given: Readonly<Record<string, string>>,
): string {
  const name = String(path[0]);
  const isSecret = SECRETS.some((secret) => secret === name);
  return isSecret ? `${name}: ${message}` : `${name}=${JSON.stringify(given[name])}: ${message}`;
}

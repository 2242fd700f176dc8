/**
 * The path doctor on the command line.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ConfigError, messageOf } from "../lib/base/errors.ts";
import { endpointsOf, examine, type Options } from "./engine/examine.js";
import { MAX_IDLE_MS } from "./engine/idle_probe.js";
import { inspectConnection } from "./socket.ts";
import { printable, reportJson, reportText } from "./report_text.ts";

/** The doctor's output. */
export interface DoctorOutput {
  /** The report. */
  print(text: string): void;
  /** Progress, and what went wrong. */
  tell(text: string): void;
}

/** The parsed command line. */
interface DoctorCommand {
  readonly url: string;
  readonly json: boolean;
  readonly options: Options;
}

const EXIT_CODES = { ok: 0, problems: 1, unreachable: 2 } as const;
const WRONG_USAGE = 2;
const MAX_TIMEOUT_S = 600;

const HELP = `
Measures whether event streams get through to a Lifeline server, and says which proxy setting to
change where they do not.

  deno task doctor URL [flags]

  URL                  of the endpoint (…/mcp/sse or …/mcp), or of the server
  --idle SECONDS       try a silence of this length, up to ${
  MAX_IDLE_MS / 1000
}; without it, the time
                       between two keepalives is tried
  --timeout SECONDS    time limit for each answer (5)
  --header 'NAME: VALUE'  sent with every request; may be repeated
  --json               the report as JSON
  --help               this text

Exit code: 0 when all is well, 1 when something is wrong, 2 for wrong usage or when the server
cannot be reached.
`.trim();

/**
 * Runs the doctor.
 *
 * @returns the exit code
 */
export async function runDoctor(
  args: readonly string[],
  { print, tell }: DoctorOutput,
): Promise<number> {
  let command: DoctorCommand | undefined;
  try {
    command = readDoctorCommand(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tell(`Wrong usage: ${error.message}\n\n${HELP}`);
    return WRONG_USAGE;
  }
  if (command === undefined) {
    print(HELP);
    return 0;
  }
  const report = await examine(command.url, {
    ...command.options,
    inspectConnection,
    onStep: (step) => tell(`… ${step}`),
  });
  print(command.json ? reportJson(report) : reportText(report));
  const [finding] = report.findings;
  if (report.verdict === "unreachable") {
    tell(printable(`Unreachable: ${finding?.title}: ${finding?.evidence}`));
  }
  return EXIT_CODES[report.verdict];
}

/** @throws {ConfigError} if the usage is wrong */
function readDoctorCommand(args: readonly string[]): DoctorCommand | undefined {
  const { values, positionals } = parseFlags(args);
  if (values.help) return undefined;
  const [url, ...more] = positionals;
  if (url === undefined) throw new ConfigError("name the URL to examine");
  if (more.length > 0) throw new ConfigError(`name one URL only, without ${more.join(" ")}`);
  requireUrl(url);
  const idleMs = milliseconds("--idle", values.idle, MAX_IDLE_MS / 1000);
  const patienceMs = milliseconds("--timeout", values.timeout, MAX_TIMEOUT_S);
  return {
    url,
    json: values.json === true,
    options: {
      headers: headersOf(values.header ?? []),
      ...(idleMs !== undefined && { idleMs }),
      ...(patienceMs !== undefined && { patienceMs }),
    },
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        idle: { type: "string" },
        timeout: { type: "string" },
        header: { type: "string", multiple: true },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new ConfigError(messageOf(error));
  }
}

function requireUrl(url: string): void {
  try {
    endpointsOf(url);
  } catch {
    throw new ConfigError(`${JSON.stringify(url)} is not a URL that begins with http: or https:`);
  }
}

function milliseconds(flag: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= max) return seconds * 1000;
  throw new ConfigError(`${flag} takes seconds, more than 0 and up to ${max}, not ${text}`);
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(line) ??
      [];
    if (name !== undefined && value !== undefined) return [name.toLowerCase(), value.trim()];
    throw new ConfigError(`--header takes 'NAME: VALUE', not ${JSON.stringify(line)}`);
  }));
}

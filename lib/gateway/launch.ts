/**
 * How a server is reached: by a program that is started, or by a URL.
 *
 * @module
 */
import { isObject, type JsonObject } from "../wire/json_rpc.ts";

/** A program that speaks over its input and output. */
export interface ProgramLaunch {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that it gets beside `PATH`, `HOME`, `LANG` and `TMPDIR`. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** Whether it gets the whole environment of the gateway. */
  readonly inheritEnv: boolean;
}

/** The transports of remote servers: `auto` is `http` first, and `sse` if the server refuses it. */
const REMOTE_TRANSPORTS = ["auto", "http", "sse"] as const;

/** A server elsewhere. */
export interface RemoteLaunch {
  readonly url: string;
  /** Headers of every request, such as the gateway's own credentials. */
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: (typeof REMOTE_TRANSPORTS)[number];
}

/** How a server is reached. */
export type Launch = ProgramLaunch | RemoteLaunch;

/** The functions that are needed to read an entry. */
export interface LaunchReading {
  readonly fault: (what: string) => void;
  /** Replaces variables in a text. */
  readonly expand: (text: string) => string;
}

const TYPES: Readonly<Record<string, RemoteLaunch["transport"]>> = {
  http: "http",
  "streamable-http": "http",
  streamableHttp: "http",
  sse: "sse",
};
const HEADER_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The keys of an entry, by the way in which its server is reached. */
export const PROGRAM_KEYS = ["command", "args", "env", "cwd", "type", "disabled", "lifeline"];
export const REMOTE_KEYS = ["url", "headers", "type", "disabled", "lifeline"];

/** Reads the program of an entry. */
export function readProgram(
  { command, args = [], env = {}, cwd }: JsonObject,
  inheritEnv: boolean,
  { fault, expand }: LaunchReading,
): ProgramLaunch {
  if (typeof command !== "string" || command === "") fault('"command" must be a text');
  if (!isTextList(args)) fault('"args" must be a list of texts');
  if (!isTextMap(env)) fault('"env" must map names to texts');
  if (cwd !== undefined && typeof cwd !== "string") fault('"cwd" must be a text');
  return {
    command: expandedText(command, expand),
    args: isTextList(args) ? args.map(expand) : [],
    env: isTextMap(env) ? expandedMap(env, expand) : {},
    cwd: typeof cwd === "string" ? expand(cwd) : undefined,
    inheritEnv,
  };
}

/** Reads the remote server of an entry. */
export function readRemote(
  { url, headers = {}, type }: JsonObject,
  { fault, expand }: LaunchReading,
): RemoteLaunch {
  const address = expandedText(url, expand);
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? "")) {
    fault('"url" must be a URL that begins with https:// or http://');
  }
  if (!isTextMap(headers) || !Object.keys(headers).every((name) => HEADER_REGEXP.test(name))) {
    fault('"headers" must map names of headers to texts');
  }
  if (type !== undefined && (typeof type !== "string" || !Object.hasOwn(TYPES, type))) {
    fault(`"type" of a remote server must be one of ${Object.keys(TYPES).join(", ")}`);
  }
  return {
    url: address,
    headers: isTextMap(headers) ? expandedMap(headers, expand) : {},
    transport: TYPES[String(type)] ?? "auto",
  };
}

/** Whether a value is a list of texts. */
export function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && isTextList(Object.values(value));
}

function expandedText(value: unknown, expand: LaunchReading["expand"]): string {
  return typeof value === "string" ? expand(value) : "";
}

function expandedMap(
  map: Readonly<Record<string, string>>,
  expand: LaunchReading["expand"],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).map(([key, text]) => [key, expand(text)]));
}

/**
 * The member `lifeline` of an entry in the file of servers.
 *
 * @module
 */
import { isScope } from "../auth/scopes.ts";
import { nearestOf } from "../base/nearest.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import type { Selection } from "./features.ts";
import { type Protocol, PROTOCOLS } from "./handshake.ts";
import { isTextList } from "./launch.ts";
import { ALL } from "./relay.ts";
import { type Restart, RESTARTS } from "./running_server.ts";
import { type Share, SHARES } from "./share.ts";

/** The options of a server. */
export interface ServerOptions extends Selection {
  /** Most processes for single clients; undefined for the default. */
  readonly maxChildren: number | undefined;
  /** After so long without a call and a stream, such a process ends (ms). */
  readonly idleMs: number | undefined;
  /** Time to answer `initialize` and to list all features; undefined for the default (ms). */
  readonly startMs: number | undefined;
  /** The clients that share a process. */
  readonly share: Share;
  readonly restart: Restart;
  readonly protocol: Protocol;
}

/** The options of a server that has none. */
export const DEFAULT_OPTIONS: ServerOptions = {
  ...ALL,
  maxChildren: undefined,
  idleMs: undefined,
  startMs: undefined,
  share: "auto",
  restart: "always",
  protocol: "auto",
};

const KNOWN = [
  ...["prefix", "tools", "inheritEnv", "scopes", "timeoutMs", "maxChildren", "idleMs"],
  ...["startMs", "share", "restart", "protocol"],
];
const KNOWN_OF_TOOLS = ["allow", "block", "scopes"];
const MAX_MS = 86_400_000;
const MAX_CHILDREN = 10_000;

/** Reads the options of a server. A key that is not known is a fault: it may be a rule, misspelt. */
export function readServerOptions(
  name: string,
  options: JsonObject,
  { isAlone, fault }: { readonly isAlone: boolean; readonly fault: (what: string) => void },
): ServerOptions {
  requireKnown(options, KNOWN, fault);
  const { prefix, tools = {}, inheritEnv = false, scopes = [] } = options;
  if (prefix !== undefined && prefix !== "always" && prefix !== "never") {
    fault('"prefix" must be "always" or "never"');
  }
  if (typeof inheritEnv !== "boolean") fault('"inheritEnv" must be true or false');
  if (!isScopeList(scopes)) fault('"scopes" must be a list of scopes');
  const hasPrefix = prefix === "always" || (prefix !== "never" && !isAlone);
  return {
    prefix: hasPrefix ? `${name}__` : "",
    ...readTools(tools, fault),
    scopes: isScopeList(scopes) ? scopes : [],
    timeoutMs: readNumber(options, "timeoutMs", [100, MAX_MS], fault),
    maxChildren: readNumber(options, "maxChildren", [1, MAX_CHILDREN], fault),
    idleMs: readNumber(options, "idleMs", [1_000, MAX_MS], fault),
    startMs: readNumber(options, "startMs", [100, MAX_MS], fault),
    share: readWord(options, "share", SHARES, fault),
    restart: readWord(options, "restart", RESTARTS, fault),
    protocol: readWord(options, "protocol", PROTOCOLS, fault),
  };
}

function readTools(
  tools: unknown,
  fault: (what: string) => void,
): Pick<Selection, "allow" | "block" | "toolScopes"> {
  if (!isObject(tools)) {
    fault('"tools" must be an object with "allow", "block" and "scopes"');
    return { allow: undefined, block: [], toolScopes: {} };
  }
  requireKnown(tools, KNOWN_OF_TOOLS, (what) => fault(`"tools": ${what}`));
  const { allow, block = [], scopes = {} } = tools;
  if ((allow !== undefined && !isTextList(allow)) || !isTextList(block)) {
    fault('"tools" may have "allow" and "block", lists of the names of tools');
  }
  const hasScopes = isObject(scopes) && Object.values(scopes).every(isScopeList);
  if (!hasScopes) fault('"tools" may have "scopes", which maps names of tools to lists of scopes');
  return {
    allow: isTextList(allow) ? allow : undefined,
    block: isTextList(block) ? block : [],
    toolScopes: hasScopes ? scopes as Record<string, string[]> : {},
  };
}

function readNumber(
  options: JsonObject,
  key: string,
  [min, max]: readonly [number, number],
  fault: (what: string) => void,
): number | undefined {
  const value = options[key];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number;
  }
  fault(`"${key}" must be a whole number from ${min} to ${max}`);
  return undefined;
}

/** One of several words, the first by default. */
function readWord<Word extends string>(
  options: JsonObject,
  key: string,
  words: readonly [Word, ...Word[]],
  fault: (what: string) => void,
): Word {
  const { [key]: value = words[0] } = options;
  const found = words.find((word) => word === value);
  if (found === undefined) fault(`"${key}" must be one of ${words.join(", ")}`);
  return found ?? words[0];
}

function requireKnown(
  object: JsonObject,
  known: readonly string[],
  fault: (what: string) => void,
): void {
  for (const key of Object.keys(object).filter((one) => !known.includes(one))) {
    fault(unknownKey(`"${key}"`, key, known));
  }
}

/** The fault of a key that is not known, with the one that was probably meant. */
export function unknownKey(where: string, key: string, known: readonly string[]): string {
  const nearest = nearestOf(key, known);
  const hint = nearest === undefined ? "" : `did you mean "${nearest}"? `;
  return `${where} is not known; ${hint}known are ${known.join(", ")}`;
}

function isScopeList(value: unknown): value is string[] {
  return isTextList(value) && value.every(isScope);
}

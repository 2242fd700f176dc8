/**
 * Finds environment variables with names that are nearly settings, so that typing errors are
 * reported.
 *
 * A server started as documented may read variables named `MCP_…`, but may not list them. So this
 * module reads each name that differs from a setting by one typing error, in small portions between
 * the server's other work.
 *
 * @module
 */
import { nearestOf } from "../base/nearest.ts";
import { SECRET_SETTINGS, SETTING_NAMES } from "../base/settings.ts";
import { fileOf } from "./secrets.ts";

/** A variable that is set, and the setting that was probably meant. */
export interface Misspelled {
  readonly name: string;
  /** Undefined where no setting is near. */
  readonly nearest: string | undefined;
}

/** Access to the environment. */
export interface Environment {
  /** Whether a variable with a name that begins with `MCP_` is set. */
  isSet(name: string): boolean;
  /** The names of all variables; undefined where they may not be listed. */
  names(): readonly string[] | undefined;
}

const PREFIX = "MCP_";
const NAMES = [...SETTING_NAMES, ...SECRET_SETTINGS.map(fileOf)];
const KNOWN = new Set(NAMES);
const CHARACTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ_"];
/** Endings that people confuse. */
const ENDINGS = ["_MS", "_BYTES", "_SECONDS", "_SEC", "_S", "_MB", "_KB", ""];
/** Names that are asked for before other work gets its turn; they take about half a millisecond. */
const PORTION = 200;

/**
 * Finds the variables that are nearly settings.
 *
 * @param pause yields to other work
 */
export async function findMisspelled(
  environment: Environment,
  pause: () => Promise<void>,
): Promise<Misspelled[]> {
  const names = environment.names();
  if (names !== undefined) {
    return names.filter(looksLikeSetting).map((name) => ({ name, nearest: nearestSetting(name) }));
  }
  const found = new Map<string, Misspelled>();
  let asked = 0;
  for (const setting of NAMES) {
    for (const name of nearNames(setting)) {
      if (++asked % PORTION === 0) await pause();
      if (KNOWN.has(name) || found.has(name) || !environment.isSet(name)) continue;
      found.set(name, { name, nearest: setting });
    }
  }
  return [...found.values()];
}

function looksLikeSetting(name: string): boolean {
  return name.startsWith(PREFIX) && !KNOWN.has(name);
}

/** The setting that was probably meant by a name in capitals; undefined if none is near. */
export function nearestSetting(name: string): string | undefined {
  const bare = name.slice(PREFIX.length);
  if (KNOWN.has(bare)) return bare;
  if (KNOWN.has(PREFIX + name)) return PREFIX + name;
  const sameStem = NAMES.find((setting) => stemOf(setting) === stemOf(name));
  return sameStem ?? nearestOf(name, NAMES);
}

/** A name without its unit. */
function stemOf(name: string): string {
  const ending = ENDINGS.find((each) => name.endsWith(each)) ?? "";
  return name.slice(0, name.length - ending.length);
}

/** Names that differ from a setting's by one typing error, a word or an ending. */
function* nearNames(setting: string): Generator<string> {
  if (!setting.startsWith(PREFIX)) {
    yield PREFIX + setting;
    return;
  }
  for (const ending of ENDINGS) yield stemOf(setting) + ending;
  const words = setting.slice(PREFIX.length).split("_");
  for (const index of words.keys()) yield PREFIX + words.toSpliced(index, 1).join("_");
  for (let at = PREFIX.length; at <= setting.length; at++) {
    const [before, after] = [setting.slice(0, at), setting.slice(at)];
    if (after !== "") yield before + after.slice(1);
    if (after.length > 1) yield before + after[1] + after[0] + after.slice(2);
    for (const character of CHARACTERS) {
      yield before + character + after;
      if (after !== "") yield before + character + after.slice(1);
    }
  }
}

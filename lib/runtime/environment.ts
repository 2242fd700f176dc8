/**
 * The environment of the process, as far as Deno's permissions allow.
 *
 * @module
 */
import { ConfigError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { findMisspelled } from "./misspelled.ts";

const log = logFor("main");
/** Many times as long as a portion takes (ms). */
const PAUSE_MS = 10;

/**
 * Reads a variable.
 *
 * @throws {ConfigError} when the permission is missing, with the flag that grants it
 */
export function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new ConfigError(
      `Cannot read the environment variable ${name} without permission: start with ` +
        "--allow-env=PORT,HOST,MCP_*, as `deno task start` does",
      { cause: error },
    );
  }
}

/**
 * Logs a warning for each variable with a name that is nearly a setting.
 *
 * @param pause waits before each portion of the search
 */
export async function warnOfMisspelled(pause: () => Promise<void>): Promise<void> {
  await pause();
  const found = await findMisspelled({
    isSet: (name) => readVariable(name) !== undefined,
    names: listVariables,
  }, pause);
  for (const { name, nearest } of found) {
    log.warning("Unknown setting", {
      name,
      hint: nearest === undefined ? "--help lists the settings" : `did you mean ${nearest}?`,
    });
  }
}

function listVariables(): readonly string[] | undefined {
  const { state } = Deno.permissions.querySync({ name: "env" });
  return state === "granted" ? Object.keys(Deno.env.toObject()) : undefined;
}

/** The pause of a search that nothing else runs beside. */
export async function atOnce(): Promise<void> {}

/** The pause of a search beside a server's other work. It does not keep the process alive. */
export function inSpareTime(): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, PAUSE_MS)));
}

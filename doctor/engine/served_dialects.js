/**
 * The dialects that a server has, as its own information lists them.
 *
 * @module
 */
import { MCP_PROBES } from "./dialect_probes.js";
import { ProbeError } from "./probe_error.js";
import { call } from "./request.js";

/** @typedef {import("./request.js").ProbeContext} ProbeContext */

/** Calls without a session need no probe of their own: 2026-07-28 answers in the same way. */
const UNPROBED = ["stateless"];

/**
 * The names of the server's dialects; none where it does not list them, as other servers do not.
 *
 * @param {ProbeContext} context
 * @returns {Promise<readonly string[]>}
 */
export async function servedDialects(context) {
  const url = context.plainUrl.replace(/\/sse$/, "/info");
  try {
    const { value } = await call(context, {
      method: "GET",
      url,
      headers: { accept: "application/json" },
    });
    const names = Array.isArray(value?.dialects) ? value.dialects : [];
    return names.filter((/** @type {unknown} */ name) => typeof name === "string").slice(0, 100);
  } catch (error) {
    if (error instanceof ProbeError) return [];
    throw error;
  }
}

/**
 * The dialects of a server that the doctor has no probe for.
 *
 * @param {readonly string[]} served
 */
export function unknownDialects(served) {
  const known = ["plain", ...UNPROBED, ...MCP_PROBES.map(({ dialect }) => dialect)];
  return served.filter((name) => !known.includes(name));
}

/**
 * The information of a server about itself, and its dialects.
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
 * The information of the server about itself; undefined for servers that have none.
 *
 * @param {ProbeContext} context
 * @returns {Promise<any>}
 */
export async function serverInformation(context) {
  try {
    const headers = { accept: "application/json" };
    const { value } = await call(context, { method: "GET", url: context.infoUrl, headers });
    return value;
  } catch (error) {
    if (error instanceof ProbeError) return undefined;
    throw error;
  }
}

/**
 * The names of the server's dialects; none where it does not list them.
 *
 * @param {any} information
 * @returns {readonly string[]}
 */
export function servedDialects(information) {
  const names = Array.isArray(information?.dialects) ? information.dialects : [];
  return names.filter((/** @type {unknown} */ name) => typeof name === "string").slice(0, 100);
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

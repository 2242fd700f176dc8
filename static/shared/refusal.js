/**
 * Reads the body of a refused request.
 *
 * @module
 */
import { tryParse } from "./json.js";

/**
 * @param {string} body
 * @returns {{ message: string, data: any } | undefined} the error of a JSON-RPC response; undefined
 *   where the body is none, as that of a proxy
 */
export function readRefusal(body) {
  const { jsonrpc, error } = tryParse(body) ?? {};
  return jsonrpc === "2.0" && typeof error?.message === "string"
    ? { message: error.message, data: error.data }
    : undefined;
}

/**
 * The dialects that the page speaks.
 *
 * @module
 */
import { HttpSseConnection } from "./http_sse.js";
import { ModernConnection } from "./modern.js";
import { PlainConnection } from "./plain.js";
import { StreamableConnection } from "./streamable.js";

/**
 * @typedef {import("./channel.js").Connection} Connection
 * @typedef {import("./channel.js").Target} Target
 * @typedef {import("./channel.js").ConnectionListener} ConnectionListener
 * @typedef {object} Dialect
 * @property {string} label
 * @property {string} path where servers offer it, from the server's root
 * @property {boolean} opensWithRequest whether the first request opens the connection
 * @property {boolean} hasNamedEvents whether an event's name says what it is
 * @property {(target: Target, listener: ConnectionListener) => Connection} connect
 */

/** @type {Readonly<Record<string, Dialect>>} */
export const DIALECTS = {
  plain: {
    label: "Plain SSE",
    path: "mcp/sse",
    opensWithRequest: true,
    hasNamedEvents: true,
    connect: (target, listener) => new PlainConnection(target, listener),
  },
  modern: {
    label: "MCP 2026-07-28, without a session",
    path: "mcp",
    opensWithRequest: false,
    hasNamedEvents: false,
    connect: (target, listener) => new ModernConnection(target, listener),
  },
  streamable: {
    label: "MCP 2025-11-25, Streamable HTTP",
    path: "mcp",
    opensWithRequest: false,
    hasNamedEvents: false,
    connect: (target, listener) => new StreamableConnection(target, listener),
  },
  http_sse: {
    label: "MCP 2024-11-05, HTTP+SSE",
    path: "mcp",
    opensWithRequest: false,
    hasNamedEvents: false,
    connect: (target, listener) => new HttpSseConnection(target, listener),
  },
};

/**
 * @param {string} name
 * @returns {Dialect} plain SSE for a name that is not known
 */
export function dialectOf(name) {
  const known = Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined;
  return known ?? /** @type {Dialect} */ (DIALECTS.plain);
}

/**
 * Headers that repeat parts of a 2026-07-28 request's body for proxies: its method, its name, and
 * the tool parameters that a schema marks with `x-mcp-header`.
 *
 * @module
 */

/** @type {Readonly<Record<string, string>>} */
const NAME_PARAM = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri" };
const KEYWORD = "x-mcp-header";
/** Texts that a header can carry unchanged: visible ASCII, with spaces only inside. */
const PLAIN_REGEXP = /^(?!=\?base64\?)(?! )[\x20-\x7e]*(?<! )$/;

/**
 * @param {any} message
 * @param {HeaderParams} known
 * @returns {Record<string, string>}
 */
export function headersFor({ method, params }, known) {
  const name = params?.[NAME_PARAM[method] ?? ""];
  return {
    "Mcp-Method": method,
    ...(typeof name === "string" && { "Mcp-Name": encodeHeader(name) }),
    ...(method === "tools/call" && known.headersOf(params)),
  };
}

/** The tool parameters that go into headers, by the listed schemas. */
export class HeaderParams {
  /** @type {Map<string, { header: string, path: string[] }[]>} */
  #tools = new Map();

  /** Reads the schemas of listed tools. @param {any} message of the server */
  learn(message) {
    const tools = message?.result?.tools;
    if (!Array.isArray(tools)) return;
    for (const tool of tools) this.#tools.set(tool?.name, [...marked(tool?.inputSchema, [])]);
  }

  /** @param {{ name: string, arguments?: any }} params of a call */
  headersOf({ name, arguments: args }) {
    const entries = (this.#tools.get(name) ?? []).flatMap(({ header, path }) => {
      const value = path.reduce((/** @type {any} */ inner, key) => inner?.[key], args);
      return value === undefined || value === null ? [] : [[header, encodeHeader(String(value))]];
    });
    return Object.fromEntries(entries);
  }
}

/**
 * @param {any} schema
 * @param {string[]} path
 * @returns {Generator<{ header: string, path: string[] }>}
 */
function* marked(schema, path) {
  for (const [key, property] of Object.entries(schema?.properties ?? {})) {
    const here = [...path, key];
    if (typeof property?.[KEYWORD] === "string") {
      yield { header: `Mcp-Param-${property[KEYWORD]}`, path: here };
    }
    yield* marked(property, here);
  }
}

/** @param {string} value */
function encodeHeader(value) {
  if (PLAIN_REGEXP.test(value)) return value;
  const bytes = new TextEncoder().encode(value);
  return `=?base64?${btoa(String.fromCharCode(...bytes))}?=`;
}

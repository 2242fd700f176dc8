/**
 * The servers behind a gateway: whether each is up, and whether its own endpoint can be reached.
 *
 * @module
 */
import { ProbeError } from "./probe_error.js";
import { call } from "./request.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {import("./findings.js").Finding} Finding
 *
 * @typedef {object} ServerMeasured
 * @property {string} name
 * @property {string} path of its endpoint
 * @property {boolean} isUp
 * @property {string} why it is not, as far as the gateway tells
 * @property {ProbeError | undefined} error of a request to its endpoint
 */

/** Most servers that are asked. */
const MAX_SERVERS = 100;
/** Most characters of a reason: a server behind the gateway chooses its words. */
const MAX_WHY = 500;

/**
 * Asks the endpoint of each server that the gateway lists, or of that one which is examined.
 *
 * @param {ProbeContext} context
 * @param {any} information that the gateway gives
 * @returns {Promise<readonly ServerMeasured[]>} none where it is no gateway
 */
export async function probeServers(context, information) {
  const examined = context.url.replace(/\/sse$/, "");
  const base = context.infoUrl.replace(/\/mcp\/info$/, "");
  const listed = serversOf(information);
  const own = listed.filter(({ path }) => path !== "/mcp" && base + path === examined);
  const servers = [];
  for (const server of own.length > 0 ? own : listed) {
    const error = base + server.path === examined
      ? undefined
      : await ping(context, base + server.path);
    servers.push({ ...server, error });
  }
  return servers;
}

/**
 * @param {any} information
 * @returns {Omit<ServerMeasured, "error">[]}
 */
function serversOf(information) {
  const listed = Array.isArray(information?.servers) ? information.servers : [];
  return listed.slice(0, MAX_SERVERS).flatMap((/** @type {any} */ entry) => {
    const { name, path, state, why = "" } = entry ?? {};
    if (typeof name !== "string" || !/^\/mcp(\/[\w-]+)?$/.test(path)) return [];
    return [{ name, path, isUp: state === "up", why: String(why).slice(0, MAX_WHY) }];
  });
}

/** @param {ProbeContext} context @param {string} url */
async function ping(context, url) {
  try {
    const body = { jsonrpc: "2.0", id: "server", method: "ping" };
    const { value, response } = await call(context, {
      url,
      headers: { accept: "application/json" },
      body,
    });
    if (value?.jsonrpc === "2.0") return undefined;
    return new ProbeError("wrong_answer", `status ${response.status}, but no JSON-RPC response`);
  } catch (error) {
    if (error instanceof ProbeError) return error;
    throw error;
  }
}

/**
 * @param {{ servers: readonly ServerMeasured[] }} measured
 * @returns {Finding[]}
 */
export function serverFindings({ servers }) {
  return servers.flatMap(({ name, path, isUp, why, error }) => [
    ...(isUp ? [] : [down(name, why)]),
    ...(error === undefined ? [] : [unreachable(name, path, error)]),
  ]);
}

/** @param {string} name @param {string} why @returns {Finding} */
function down(name, why) {
  return {
    id: "server_down",
    level: "problem",
    title: `The server ${name} behind the gateway is down`,
    evidence: why === "" ? "The gateway does not say why." : `The gateway says: ${why}.`,
    fixes: [{
      who: "Lifeline",
      what: "the connection view has the last lines of its stderr, and a button that restarts it",
    }],
  };
}

/** @param {string} name @param {string} path @param {ProbeError} error @returns {Finding} */
function unreachable(name, path, error) {
  return {
    id: "server_endpoint",
    level: "problem",
    title: `The endpoint ${path} of the server ${name} cannot be reached`,
    evidence: `${error.message}.`,
    fixes: error.isFromServer
      ? []
      : [{ who: "the proxy", what: "let it pass on every path below `/mcp/`, not `/mcp` alone" }],
  };
}

/**
 * The overview: shows the server's information about itself.
 *
 * @module
 */
import { toCurl } from "./client/dialects/curl.js";
import { readGrant } from "./shared/grant.js";
import { readRefusal } from "./shared/refusal.js";
import { readToken } from "./shared/token.js";
import { byId, createElement } from "./ui/dom.js";

/**
 * @typedef {object} ServerInfo what `mcp/info` says
 * @property {string} name
 * @property {string} [title]
 * @property {string} version
 * @property {string} [instructions]
 * @property {string[]} protocolVersions
 * @property {{ name: string, description?: string }[]} tools
 * @property {{ name: string, uri: string }[]} resources
 * @property {{ name: string, uriTemplate: string }[]} resourceTemplates
 * @property {{ name: string }[]} prompts
 * @property {{ method: string, path: string, use: string }[]} endpoints
 */

const url = new URL("mcp", document.baseURI).href;

/** @param {ServerInfo} info */
function show(info) {
  byId("server-name", HTMLElement).textContent = `${info.title ?? info.name} ${info.version}`;
  byId("server-instructions", HTMLElement).textContent = info.instructions ?? "";
  byId("offer", HTMLElement).hidden = false;
  byId("offer-list", HTMLElement).append(
    ...entry("Protocol versions", info.protocolVersions),
    ...entry("Tools", info.tools.map(({ name }) => name)),
    ...entry("Resources", info.resources.map(({ uri }) => uri)),
    ...entry("Resource templates", info.resourceTemplates.map(({ uriTemplate }) => uriTemplate)),
    ...entry("Prompts", info.prompts.map(({ name }) => name)),
  );
  byId("endpoints", HTMLElement).hidden = false;
  byId("endpoint-rows", HTMLElement).append(
    ...info.endpoints.map(({ method, path, use }) =>
      createElement(
        "tr",
        {},
        createElement("td", {}, method),
        createElement("th", { scope: "row" }, createElement("code", {}, path)),
        createElement("td", {}, use),
      )
    ),
  );
}

/** @param {string} title @param {readonly string[]} names */
function entry(title, names) {
  return [
    createElement("dt", {}, `${title} (${names.length})`),
    createElement("dd", {}, names.join(", ") || "none"),
  ];
}

async function load() {
  const token = readToken() ?? readGrant()?.accessToken;
  const response = await fetch("mcp/info", {
    cache: "no-store",
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  if (response.ok) return show(await response.json());
  const refusal = readRefusal(await response.text());
  byId("server-trouble", HTMLElement).textContent = refusal?.message ??
    `The server gives no details: status ${response.status}.`;
}

byId("client-url", HTMLElement).textContent = url;
byId("client-curl", HTMLElement).textContent = toCurl({
  method: "POST",
  url,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
});
load().catch(() => {
  byId("server-trouble", HTMLElement).textContent = "The server does not answer.";
});

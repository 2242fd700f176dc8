/**
 * A gateway before a server each of whose texts is markup, and each of whose links is a script. Its
 * first line tells where it listens.
 *
 * @module
 */
import { serve } from "../../lib/serve.ts";
import { gatewayApp } from "../gateway/gateway_app.ts";
import type { Script } from "../gateway/scripted_server.ts";
import { MARKUP, SCRIPT_LINK } from "./hostile_texts.ts";

const named = {
  title: MARKUP,
  description: MARKUP,
  icons: [{ src: SCRIPT_LINK, mimeType: MARKUP }, { src: "https://evil.test/icon.svg" }],
  annotations: { title: MARKUP },
};
const inputSchema = {
  type: "object",
  title: MARKUP,
  description: MARKUP,
  properties: {
    [MARKUP]: { type: "string", title: MARKUP, description: MARKUP, default: MARKUP },
    choice: { type: "string", enum: [MARKUP, SCRIPT_LINK] },
  },
};
const CONTENT = [
  { type: "text", text: MARKUP },
  { type: "resource_link", uri: SCRIPT_LINK, name: MARKUP, ...named },
  { type: "resource", resource: { uri: SCRIPT_LINK, mimeType: "text/html", text: MARKUP } },
  { type: "image", data: MARKUP, mimeType: `image/svg+xml"${MARKUP}` },
];
const RESULTS: Readonly<Record<string, unknown>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    serverInfo: { name: MARKUP, version: MARKUP, ...named, websiteUrl: SCRIPT_LINK },
    capabilities: { tools: {}, prompts: {}, resources: {}, logging: {} },
    instructions: MARKUP,
  },
  "tools/list": { tools: [{ name: MARKUP, ...named, inputSchema }] },
  "resources/list": { resources: [{ uri: SCRIPT_LINK, name: MARKUP, ...named }] },
  "resources/templates/list": { resourceTemplates: [] },
  "prompts/list": {
    prompts: [{ name: MARKUP, ...named, arguments: [{ name: MARKUP, ...named }] }],
  },
  "resources/read": { contents: [{ uri: SCRIPT_LINK, mimeType: "text/html", text: MARKUP }] },
  "prompts/get": {
    description: MARKUP,
    messages: CONTENT.map((content) => ({ role: "user", content })),
  },
};

let calls = 0;
const hostile: Script = ({ id, method }, server) => {
  if (method !== "tools/call") return RESULTS[method];
  const log = { level: "error", logger: MARKUP, data: MARKUP };
  server.send({ jsonrpc: "2.0", method: "notifications/message", params: log });
  if (calls++ % 2 === 0) return { content: CONTENT, isError: true };
  server.send({ jsonrpc: "2.0", id, error: { code: -32000, message: MARKUP } });
  return undefined;
};

const { app } = gatewayApp({ hostile }, {
  settings: {
    PORT: Number(Deno.env.get("PORT")),
    MCP_ADMIN_TOKEN: Deno.env.get("MCP_ADMIN_TOKEN"),
  },
});
await serve(app);

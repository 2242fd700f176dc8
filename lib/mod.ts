/**
 * Lifeline for library users: define tools, make an app, serve it.
 *
 * @module
 */
export { type App, type AppOptions, createApp } from "./http/app.ts";
export { type Peer } from "./transport/peer.ts";
export { CallAborted, ConfigError, ProtocolError, RegistrationError } from "./base/errors.ts";
export { type Settings } from "./base/settings.ts";
export { type Caller, type ClientLog, type ToolContext } from "./registry/context.ts";
export {
  defineTool,
  type Tool,
  type ToolDefinition,
  type ToolResult,
  type ToolReturn,
} from "./registry/tool.ts";

/**
 * The protocol's method names, each written once.
 *
 * @module
 */
import { isObject } from "./json_rpc.ts";

/** Requests that a client sends. */
export const METHODS = {
  initialize: "initialize",
  ping: "ping",
  discover: "server/discover",
  setLogLevel: "logging/setLevel",
  listTools: "tools/list",
  callTool: "tools/call",
  listResources: "resources/list",
  listResourceTemplates: "resources/templates/list",
  readResource: "resources/read",
  subscribe: "resources/subscribe",
  unsubscribe: "resources/unsubscribe",
  listPrompts: "prompts/list",
  getPrompt: "prompts/get",
  complete: "completion/complete",
  listen: "subscriptions/listen",
} as const;

/** Requests that the server sends. */
export const CLIENT_METHODS = {
  ping: "ping",
  elicit: "elicitation/create",
  sample: "sampling/createMessage",
  listRoots: "roots/list",
} as const;

/** Notifications, of either side. */
export const NOTIFICATIONS = {
  cancelled: "notifications/cancelled",
  progress: "notifications/progress",
  message: "notifications/message",
  toolsChanged: "notifications/tools/list_changed",
  resourcesChanged: "notifications/resources/list_changed",
  promptsChanged: "notifications/prompts/list_changed",
  resourceUpdated: "notifications/resources/updated",
  elicitationComplete: "notifications/elicitation/complete",
  subscriptionAcknowledged: "notifications/subscriptions/acknowledged",
} as const;

/** Whether a message counts for `MCP_CALLS_PER_SECOND`: a tool call or a completion. */
export function isRated(message: unknown): boolean {
  return isObject(message) &&
    (message.method === METHODS.callTool || message.method === METHODS.complete);
}

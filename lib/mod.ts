/**
 * Lifeline for library users: define tools, make an app, serve it.
 *
 * @module
 */
export { mountAt } from "./mount.ts";
export { createApp } from "./create_app.ts";
export type { App, AppOptions } from "./http/app.ts";
export { type Pipe } from "./transport/stdio/connection.ts";
export { type Peer } from "./transport/peer.ts";
export { type Socket } from "./stream/client.ts";
export { type AuthOptions } from "./auth/create_auth.ts";
export { type VerifiedCaller, type VerifyToken } from "./auth/own_way.ts";
export { type StaticKey, StaticKeys } from "./auth/static_keys.ts";
export type { AuthContext } from "./auth/way.ts";
export type { AccessDefinition, Guarded } from "./registry/access.ts";
export {
  CallAborted,
  ConfigError,
  ProtocolError,
  RegistrationError,
  ToolError,
} from "./base/errors.ts";
export type {
  ObservedCall,
  ObservedConnection,
  ObservedRejection,
  ObservedSession,
  Observer,
  Outcome,
  RefusedCredential,
  RuntimeObserver,
} from "./base/observer.ts";
export {
  configureLog,
  type LogFormat,
  type LogLevel,
  type LogLine,
  type LogOptions,
} from "./base/log.ts";
export type { PublicSettings, SecretName, Settings } from "./base/settings_type.ts";
export type { Catalog, CatalogChange, Offer } from "./registry/catalog.ts";
export {
  type FeatureGroup,
  type FeatureLists,
  type Features,
  group,
  type GroupOptions,
} from "./registry/group.ts";
export type { CatalogList } from "./registry/catalog_list.ts";
export type { Selection, ServingDefinition } from "./registry/serving.ts";
export type { Completer, Completers, CompletionContext } from "./registry/completion.ts";
export type {
  AskOptions,
  Caller,
  ClientLog,
  Elicit,
  Elicited,
  FormContent,
  ToolContext,
  ToolSession,
} from "./registry/context.ts";
export { type CacheOptions, cacheResults } from "./middleware/cache_results.ts";
export { limitOutput, type OutputLimitOptions } from "./middleware/limit_output.ts";
export { logTiming, type TimingOptions } from "./middleware/log_timing.ts";
export { rateLimit, type RateLimitOptions } from "./middleware/rate_limit.ts";
export type { Lifespan } from "./registry/lifespan.ts";
export type { Middleware, MiddlewareCall, Next } from "./registry/middleware.ts";
export {
  definePrompt,
  type Prompt,
  type PromptDefinition,
  type PromptReturn,
} from "./registry/prompt.ts";
export {
  defineResource,
  defineResourceTemplate,
  type ReadReturn,
  type Resource,
  type ResourceDefinition,
  type ResourceTemplate,
  type ResourceTemplateDefinition,
} from "./registry/resource.ts";
export {
  defineTool,
  type Tool,
  type ToolDefinition,
  type ToolResult,
  type ToolReturn,
} from "./registry/tool.ts";
export { type UriVariables } from "./registry/uri_template.ts";
export type { EventStore, EventStoreStats, Frames } from "./store/event_store.ts";

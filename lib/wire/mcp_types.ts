/**
 * The protocol's own types, from the official package, by type-only import: a wrong field fails
 * the type check, and nothing of it is there at run time.
 *
 * @module
 */
export type {
  Annotations,
  BlobResourceContents,
  CallToolResult,
  ClientCapabilities,
  CompleteResult,
  ContentBlock,
  CreateMessageRequestParams,
  CreateMessageResult,
  ElicitRequestFormParams,
  ElicitResult,
  GetPromptResult,
  Icon,
  Implementation,
  ListRootsResult,
  LoggingLevel,
  Prompt as PromptListing,
  PromptMessage,
  ReadResourceResult,
  Resource as ResourceListing,
  ResourceTemplateType as ResourceTemplateListing,
  Root,
  ServerCapabilities,
  TextResourceContents,
  Tool as ToolListing,
  ToolAnnotations,
} from "npm:@modelcontextprotocol/server@2.4.0";

/**
 * The protocol's own types, from the official package, by type-only import: a wrong field fails
 * the type check, and nothing of it is there at run time.
 *
 * @module
 */
export type {
  Annotations,
  CallToolResult,
  ClientCapabilities,
  ContentBlock,
  Icon,
  Implementation,
  LoggingLevel,
  ServerCapabilities,
  Tool as ToolListing,
  ToolAnnotations,
} from "@modelcontextprotocol/server";

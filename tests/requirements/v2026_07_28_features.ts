/**
 * What 2026-07-28 demands of a server's features: discovery, caching, tools, resources, prompts,
 * completion, logging.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";

const DECLARED = "2026-07-28: server/discover declares a capability for every feature served";
const NOT_PER_CONNECTION = "2026-07-28: lists are the same for every connection and any history";

export const V2026_07_28_FEATURES: readonly Requirement[] = [
  {
    id: "2026-07-28/discover/implemented",
    section: "server/discover",
    must: "implement server/discover",
    verifiedBy: ["2026-07-28: server/discover tells versions, capabilities and server info"],
  },
  {
    id: "2026-07-28/caching/hints",
    section: "server/utilities/caching#cacheable-results",
    must: "complete results of discover, the lists and resources/read carry caching hints",
    verifiedBy: ["2026-07-28: cacheable results carry ttlMs and cacheScope, no other does"],
  },
  {
    id: "2026-07-28/caching/ttl",
    section: "server/utilities/caching#time-to-live-ttl-field",
    must: "ttlMs is 0 or more",
    verifiedBy: ["2026-07-28: cacheable results carry ttlMs and cacheScope, no other does"],
  },
  {
    id: "2026-07-28/caching/pages",
    section: "server/utilities/caching#interaction-with-pagination",
    must: "all pages of a list have the same cacheScope",
    verifiedBy: ["2026-07-28: all pages of a list have the same cacheScope"],
  },
  {
    id: "2026-07-28/caching/public",
    section: "server/utilities/caching#security-considerations",
    must: "know that results marked public may be shown to other callers",
    verifiedBy: ["2026-07-28: nothing that depends on the caller is marked public"],
  },
  {
    id: "2026-07-28/caching/access",
    section: "server/utilities/caching#security-considerations",
    must: "control access by itself, not by cacheScope",
    verifiedBy: [
      "a foreign Origin is refused with 403 on every method and dialect",
      "2026-07-28: nothing that depends on the caller is marked public",
    ],
  },
  {
    id: "2026-07-28/logging/capability",
    section: "server/utilities/logging#capabilities",
    must: "declare the logging capability",
    verifiedBy: [DECLARED],
  },
  {
    id: "2026-07-28/logging/opt-in",
    section: "server/utilities/logging#per-request-log-level",
    must: "send no log message for a request that sets no log level",
    verifiedBy: ["2026-07-28: log messages come only when asked for, at that level or above"],
  },
  {
    id: "2026-07-28/logging/own-stream",
    section: "server/utilities/logging#per-request-log-level",
    must: "send log messages on the response stream of their request and nowhere else",
    verifiedBy: ["2026-07-28: log messages never come on a listen stream or another request's"],
  },
  {
    id: "2026-07-28/logging/no-secrets",
    section: "server/utilities/logging#security",
    must: "log messages hold no credentials, no personal data, no internals",
    verifiedBy: [
      "2026-07-28: log messages hold what the tool logs and nothing of the request",
    ],
  },
  {
    id: "2026-07-28/tools/capability",
    section: "server/tools#capabilities",
    must: "declare the tools capability",
    verifiedBy: [DECLARED],
  },
  {
    id: "2026-07-28/tools/list",
    section: "server/tools#capabilities",
    must: "answer tools/list with the tools there are now",
    verifiedBy: ["2026-07-28: each list tells what is served now, also when that is nothing"],
  },
  {
    id: "2026-07-28/tools/list-constant",
    section: "server/tools#capabilities",
    must: "the tools listed depend on no connection and no earlier request",
    verifiedBy: [NOT_PER_CONNECTION],
  },
  {
    id: "2026-07-28/tools/input-schema",
    section: "server/tools#tool",
    must: "a tool's inputSchema is a JSON Schema object, never null",
    verifiedBy: ["every tool has an inputSchema of type object, also without arguments"],
  },
  {
    id: "2026-07-28/tools/structured-result",
    section: "server/tools#output-schema",
    must: "structured results match the tool's output schema",
    verifiedBy: ["2026-07-28: a structured result matches the output schema, or is an error"],
  },
  {
    id: "2026-07-28/tools/validate-input",
    section: "server/tools#security-considerations",
    must: "check the arguments of tools",
    verifiedBy: ["2026-07-28: a tool never sees arguments that do not match its schema"],
  },
  {
    id: "2026-07-28/tools/access",
    section: "server/tools#security-considerations",
    must: "control who may call tools",
    verifiedBy: ["a foreign Origin is refused with 403 on every method and dialect"],
  },
  {
    id: "2026-07-28/tools/rate-limit",
    section: "server/tools#security-considerations",
    must: "limit how much tools are called",
    verifiedBy: ["2026-07-28: calls beyond the limit are refused, not queued"],
  },
  {
    id: "2026-07-28/tools/sanitize-output",
    section: "server/tools#security-considerations",
    must: "sanitize what tools give back",
    verifiedBy: [
      "2026-07-28: a tool's text cannot write events of its own into the stream",
      "2026-07-28: a tool that throws shows its message and no stack",
      "a tool whose content is not the protocol's is an error that names the fault",
    ],
  },
  {
    id: "2026-07-28/resources/capability",
    section: "server/resources#capabilities",
    must: "declare the resources capability",
    verifiedBy: [DECLARED],
  },
  {
    id: "2026-07-28/resources/list",
    section: "server/resources#capabilities",
    must: "answer resources/list with the resources there are now",
    verifiedBy: ["2026-07-28: each list tells what is served now, also when that is nothing"],
  },
  {
    id: "2026-07-28/resources/list-constant",
    section: "server/resources#capabilities",
    must: "the resources listed depend on no connection and no earlier request",
    verifiedBy: [NOT_PER_CONNECTION],
  },
  {
    id: "2026-07-28/resources/uri-scheme",
    section: "server/resources#custom-uri-schemes",
    must: "URI schemes of one's own follow RFC 3986",
    verifiedBy: [
      "a resource whose URI breaks RFC 3986 cannot be served",
      "a template whose scheme breaks RFC 3986 cannot be served",
    ],
  },
  {
    id: "2026-07-28/resources/not-found",
    section: "server/resources#error-handling",
    must: "answer -32602 for a resource that does not exist",
    verifiedBy: [
      "2026-07-28: resources/read of what does not exist is -32602, never empty contents",
    ],
  },
  {
    id: "2026-07-28/resources/not-empty",
    section: "server/resources#error-handling",
    must: "never answer empty contents for a resource that does not exist",
    verifiedBy: [
      "2026-07-28: resources/read of what does not exist is -32602, never empty contents",
    ],
  },
  {
    id: "2026-07-28/resources/validate-uri",
    section: "server/resources#security-considerations",
    must: "check resource URIs",
    verifiedBy: ["2026-07-28: resources/read refuses what is no URI"],
  },
  {
    id: "2026-07-28/resources/binary",
    section: "server/resources#security-considerations",
    must: "encode binary data properly",
    verifiedBy: [
      "2026-07-28: a binary resource arrives as a base64 blob, byte for byte",
      "a resource whose contents are none is an internal error",
    ],
  },
  {
    id: "2026-07-28/resources/traversal",
    section: "server/resources#security-considerations",
    must: "let no file:// path lead out of what is served",
    verifiedBy: ["2026-07-28: a template variable never holds a way out of its path"],
  },
  {
    id: "2026-07-28/resources/text",
    section: "schema#textresourcecontents",
    must: "set text only for what can be told as text",
    verifiedBy: ["2026-07-28: a binary resource arrives as a base64 blob, byte for byte"],
  },
  {
    id: "2026-07-28/prompts/capability",
    section: "server/prompts#capabilities",
    must: "declare the prompts capability",
    verifiedBy: [DECLARED],
  },
  {
    id: "2026-07-28/prompts/list",
    section: "server/prompts#capabilities",
    must: "answer prompts/list with the prompts there are now",
    verifiedBy: ["2026-07-28: each list tells what is served now, also when that is nothing"],
  },
  {
    id: "2026-07-28/prompts/list-constant",
    section: "server/prompts#capabilities",
    must: "the prompts listed depend on no connection and no earlier request",
    verifiedBy: [NOT_PER_CONNECTION],
  },
  {
    id: "2026-07-28/prompts/image-base64",
    section: "server/prompts#image-content",
    must: "images in prompts are base64 with a valid MIME type",
    verifiedBy: ["2026-07-28: content of a prompt arrives whole, of every kind"],
  },
  {
    id: "2026-07-28/prompts/audio-base64",
    section: "server/prompts#audio-content",
    must: "audio in prompts is base64 with a valid MIME type",
    verifiedBy: ["2026-07-28: content of a prompt arrives whole, of every kind"],
  },
  {
    id: "2026-07-28/prompts/embedded-resource",
    section: "server/prompts#embedded-resources",
    must: "resources in prompts carry a URI, a MIME type, and text or a base64 blob",
    verifiedBy: ["2026-07-28: content of a prompt arrives whole, of every kind"],
  },
  {
    id: "2026-07-28/prompts/validate",
    section: "server/prompts#security",
    must: "check what goes into a prompt and what comes out",
    verifiedBy: [
      "2026-07-28: prompts/get refuses an unknown prompt and wrong arguments",
      "a prompt whose result is not a prompt result is an internal error",
    ],
  },
  {
    id: "2026-07-28/completion/capability",
    section: "server/utilities/completion#capabilities",
    must: "declare the completions capability",
    verifiedBy: [DECLARED],
  },
  {
    id: "2026-07-28/completion/validate",
    section: "server/utilities/completion#security",
    must: "check what completion is asked for",
    verifiedBy: ["2026-07-28: completion/complete refuses malformed and unknown references"],
  },
  {
    id: "2026-07-28/completion/rate-limit",
    section: "server/utilities/completion#security",
    must: "limit how much completion is asked for",
    verifiedBy: ["2026-07-28: calls beyond the limit are refused, not queued"],
  },
  {
    id: "2026-07-28/completion/access",
    section: "server/utilities/completion#security",
    must: "control access to suggestions, and disclose nothing by them",
    verifiedBy: ["2026-07-28: completion gives at most 100 values, none without a completer"],
  },
  {
    id: "2026-07-28/completion/hundred",
    section: "schema#completeresult",
    must: "give no more than 100 suggestions",
    verifiedBy: ["2026-07-28: completion gives at most 100 values, none without a completer"],
  },
];

/**
 * What 2024-11-05 demands of a server's features: prompts, resources, tools, logging, completion.
 *
 * @module
 */
import { LEGACY, type Requirement } from "./requirement.ts";

export const V2024_11_05_FEATURES: readonly Requirement[] = [
  {
    id: "2024-11-05/prompts/capability",
    section: "server/prompts#capabilities",
    revisions: LEGACY,
    must: "declare the prompts capability",
    verifiedBy: ["initialize declares a capability for every feature that is served"],
  },
  {
    id: "2024-11-05/prompts/image-base64",
    section: "server/prompts#image-content",
    revisions: LEGACY,
    must: "images in prompts are base64 with a valid MIME type",
    verifiedBy: ["images and audio in a prompt arrive as base64 with their MIME type"],
  },
  {
    id: "2024-11-05/prompts/embedded-resource",
    section: "server/prompts#embedded-resources",
    revisions: LEGACY,
    must: "resources in prompts carry a URI, a MIME type, and text or a base64 blob",
    verifiedBy: ["a resource in a prompt carries URI, MIME type, and text or blob"],
  },
  {
    id: "2024-11-05/prompts/validate",
    section: "server/prompts#security",
    revisions: LEGACY,
    must: "check what goes into a prompt and what comes out",
    verifiedBy: [
      "prompts/get refuses an unknown prompt and wrong arguments",
      "a prompt whose result is not a prompt result is an internal error",
    ],
  },
  {
    id: "2024-11-05/resources/capability",
    section: "server/resources#capabilities",
    revisions: LEGACY,
    must: "declare the resources capability",
    verifiedBy: ["initialize declares a capability for every feature that is served"],
  },
  {
    id: "2024-11-05/resources/validate-uri",
    section: "server/resources#security-considerations",
    revisions: LEGACY,
    must: "check resource URIs",
    verifiedBy: ["resources/read refuses what is no URI and what is not served"],
  },
  {
    id: "2024-11-05/resources/binary",
    section: "server/resources#security-considerations",
    revisions: LEGACY,
    must: "encode binary data properly",
    verifiedBy: [
      "a binary resource arrives as a base64 blob, byte for byte",
      "a resource whose contents are none is an internal error",
    ],
  },
  {
    id: "2024-11-05/resources/text",
    section: "schema#textresourcecontents",
    revisions: LEGACY,
    must: "set text only for what can be told as text",
    verifiedBy: ["a text resource arrives as text, a binary one never does"],
  },
  {
    id: "2024-11-05/tools/capability",
    section: "server/tools#capabilities",
    revisions: LEGACY,
    must: "declare the tools capability",
    verifiedBy: ["initialize declares a capability for every feature that is served"],
  },
  {
    id: "2024-11-05/tools/validate-input",
    section: "server/tools#security-considerations",
    revisions: LEGACY,
    must: "check the arguments of tools",
    verifiedBy: ["a tool never sees arguments that do not match its schema"],
  },
  {
    id: "2024-11-05/tools/access",
    section: "server/tools#security-considerations",
    revisions: LEGACY,
    must: "control who may call tools",
    verifiedBy: [
      "a foreign Origin is refused with 403 on every method and dialect",
      "a tool learns who calls",
    ],
  },
  {
    id: "2024-11-05/tools/rate-limit",
    section: "server/tools#security-considerations",
    revisions: LEGACY,
    must: "limit how much tools are called",
    verifiedBy: ["calls beyond the limit in flight are refused, not queued"],
  },
  {
    id: "2024-11-05/tools/sanitize-output",
    section: "server/tools#security-considerations",
    revisions: LEGACY,
    must: "sanitize what tools give back",
    verifiedBy: [
      "a tool's text cannot write events of its own into the stream",
      "a tool that throws shows its message and no stack",
      "a tool whose content is not the protocol's is an error that names the fault",
    ],
  },
  {
    id: "2024-11-05/logging/capability",
    section: "server/utilities/logging#capabilities",
    revisions: LEGACY,
    must: "declare the logging capability",
    verifiedBy: ["initialize declares a capability for every feature that is served"],
  },
  {
    id: "2024-11-05/logging/no-secrets",
    section: "server/utilities/logging#security",
    revisions: LEGACY,
    must: "log messages hold no credentials, no personal data, no internals",
    verifiedBy: ["log messages to the client hold what the tool logs and nothing of the request"],
  },
  {
    id: "2024-11-05/completion/validate",
    section: "server/utilities/completion#security",
    revisions: LEGACY,
    must: "check what completion is asked for",
    verifiedBy: ["completion/complete refuses malformed and unknown references"],
  },
  {
    id: "2024-11-05/completion/rate-limit",
    section: "server/utilities/completion#security",
    revisions: LEGACY,
    must: "limit how much completion is asked for",
    verifiedBy: ["completions beyond the limit in flight are refused"],
  },
  {
    id: "2024-11-05/completion/access",
    section: "server/utilities/completion#security",
    revisions: LEGACY,
    must: "control access to suggestions, and disclose nothing by them",
    verifiedBy: ["an argument without a completer has no suggestions"],
  },
  {
    id: "2024-11-05/completion/hundred",
    section: "schema#completeresult",
    revisions: LEGACY,
    must: "give no more than 100 suggestions",
    verifiedBy: ["completion gives at most 100 values and tells that there are more"],
  },
  {
    id: "2024-11-05/sampling/sensitive",
    section: "client/sampling#security-considerations",
    revisions: LEGACY,
    must: "handle sensitive data of sampling with care",
    verifiedBy: ["the server's log holds nothing of what was sampled or elicited"],
  },
];

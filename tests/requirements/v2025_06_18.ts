/**
 * What 2025-06-18 added: the version header, structured output, elicitation, `_meta` keys.
 *
 * @module
 */
import { type Requirement, SINCE_2025_06_18 } from "./requirement.ts";

export const V2025_06_18: readonly Requirement[] = [
  {
    id: "2025-06-18/messages/meta-reserved",
    section: "basic/index#_meta",
    revisions: SINCE_2025_06_18,
    must: "assume nothing about values at reserved _meta keys",
    verifiedBy: ["reserved _meta keys may hold anything"],
  },
  {
    id: "2025-06-18/messages/meta-keys",
    section: "basic/index#_meta",
    revisions: SINCE_2025_06_18,
    must: "_meta keys have a prefix of labels and a name in the prescribed form",
    verifiedBy: ["every _meta key that is sent has the prescribed form"],
  },
  {
    id: "2025-06-18/lifecycle/respect-version",
    section: "basic/lifecycle#operation",
    revisions: SINCE_2025_06_18,
    must: "keep to the negotiated version",
    verifiedBy: [
      "a batch is refused in every revision but 2025-03-26",
      "stdio: a batch is refused in every other revision",
    ],
  },
  {
    id: "2025-06-18/lifecycle/respect-capabilities",
    section: "basic/lifecycle#operation",
    revisions: SINCE_2025_06_18,
    must: "use only capabilities that were negotiated",
    verifiedBy: ["a client is never asked for what it did not declare"],
  },
  {
    id: "2025-06-18/transports/version-header",
    section: "basic/transports#protocol-version-header",
    revisions: SINCE_2025_06_18,
    must: "answer an invalid or unsupported MCP-Protocol-Version with 400",
    verifiedBy: ["an MCP-Protocol-Version that is invalid or unsupported is answered 400"],
  },
  {
    id: "2025-06-18/sessions/secure-ids",
    section: "basic/security_best_practices#session-hijacking",
    revisions: SINCE_2025_06_18,
    must: "session ids cannot be guessed",
    verifiedBy: [
      "a session id is visible ASCII and never the same twice",
      "a session id that was altered or made up is answered 404",
    ],
  },
  {
    id: "2025-06-18/sessions/no-authentication",
    section: "basic/security_best_practices#session-hijacking",
    revisions: SINCE_2025_06_18,
    must: "a session is no proof of who calls",
    verifiedBy: ["a tool learns who calls from the connection, never from the session"],
  },
  {
    id: "2025-06-18/resources/uri-scheme",
    section: "server/resources#custom-uri-schemes",
    revisions: SINCE_2025_06_18,
    must: "URI schemes of one's own follow RFC 3986",
    verifiedBy: [
      "a resource whose URI breaks RFC 3986 cannot be served",
      "a template whose scheme breaks RFC 3986 cannot be served",
    ],
  },
  {
    id: "2025-06-18/tools/structured-result",
    section: "server/tools#output-schema",
    revisions: SINCE_2025_06_18,
    must: "structured results match the tool's output schema",
    verifiedBy: ["a structured result matches the output schema, or is an error"],
  },
  {
    id: "2025-06-18/elicitation/not-sensitive",
    section: "client/elicitation#user-interaction-model",
    must: "never elicit sensitive information",
    verifiedBy: ["no built-in tool asks the client for anything"],
  },
];

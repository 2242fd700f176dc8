/**
 * What 2025-11-25 added: 403 for foreign origins, JSON Schema 2020-12, elicitation by URL, sampling
 * with tools. Its tasks are in `tasks.ts`.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";

const NO_RAW_SCHEMA = "takes no JSON Schema from outside: zod makes them all, in 2020-12";
const WAITS = "a call that needs an elicitation sends it and waits: none is refused with -32042";
const NO_COMPLETION = "optional, and not sent: this server does not know what happens at a URL";
const NO_URL_PAGES =
  "serves no page that takes a user's data: where the URL leads is the business " +
  "of the tool's author";
const NO_OAUTH = "no OAuth in this release, so there is no verified user to bind it to";

export const V2025_11_25: readonly Requirement[] = [
  {
    id: "2025-11-25/schemas/2020-12",
    section: "basic/index#json-schema-usage",
    must: "support JSON Schema 2020-12, also where no dialect is named",
    verifiedBy: ["every schema that is listed is JSON Schema 2020-12"],
  },
  {
    id: "2025-11-25/schemas/valid",
    section: "basic/index#schema-validation",
    must: "schemas are valid in their dialect",
    verifiedBy: [
      "every schema that is listed is JSON Schema 2020-12",
      "a tool whose schema JSON Schema cannot express cannot be served",
    ],
  },
  {
    id: "2025-11-25/schemas/validate",
    section: "basic/index#implementation-requirements",
    must: "validate schemas by their dialect, and say so where it is not supported",
    outOfScope: NO_RAW_SCHEMA,
  },
  {
    id: "2025-11-25/transports/origin-403",
    section: "basic/transports#security-warning",
    must: "answer an invalid Origin with 403",
    verifiedBy: ["a foreign Origin is refused with 403 on every method and dialect"],
  },
  {
    id: "2025-11-25/tools/input-schema",
    section: "server/tools#tool",
    must: "a tool's inputSchema is a JSON Schema object, never null",
    verifiedBy: ["every tool has an inputSchema of type object, also without arguments"],
  },
  {
    id: "2025-11-25/sampling/tools-capability",
    section: "client/sampling",
    must: "offer tools for sampling only to clients that declare sampling.tools",
    verifiedBy: ["sampling with tools is refused where the client does not declare sampling.tools"],
  },
  {
    id: "2025-11-25/sampling/tool-results-alone",
    section: "client/sampling#tool-result-messages",
    must: "a message with tool results holds nothing else",
    verifiedBy: ["sampling messages with tool results beside other content are refused"],
  },
  {
    id: "2025-11-25/sampling/tool-results-balance",
    section: "client/sampling#tool-use-and-result-balance",
    must: "each tool use is followed by its result before any other message",
    verifiedBy: [
      "sampling messages that leave a tool use without its result are refused",
      "sampling messages whose tool uses have their results are sent",
    ],
  },
  {
    id: "2025-11-25/sampling/tool-results-match",
    section: "client/sampling#security-considerations",
    must: "a tool result names the tool use that it answers",
    verifiedBy: ["sampling messages that leave a tool use without its result are refused"],
  },
  {
    id: "2025-11-25/elicitation/form-not-sensitive",
    section: "client/elicitation#user-interaction-model",
    must: "never ask for secrets in a form",
    verifiedBy: ["no built-in tool asks the client for anything"],
  },
  {
    id: "2025-11-25/elicitation/url-for-sensitive",
    section: "client/elicitation#user-interaction-model",
    must: "use a URL where secrets have to be asked for",
    verifiedBy: ["an elicitation by URL carries mode, message, URL and a unique id"],
  },
  {
    id: "2025-11-25/elicitation/supported-modes",
    section: "client/elicitation#capabilities",
    must: "elicit only in modes that the client supports",
    verifiedBy: ["an elicitation in a mode that the client lacks is not sent"],
  },
  {
    id: "2025-11-25/elicitation/members",
    section: "client/elicitation#elicitation-requests",
    must: "an elicitation tells its mode and its message",
    verifiedBy: ["an elicitation by form carries message and a flat schema"],
  },
  {
    id: "2025-11-25/elicitation/form-members",
    section: "client/elicitation#form-mode-elicitation-requests",
    must: "a form names mode form or none, and has a requestedSchema",
    verifiedBy: [
      "an elicitation by form carries message and a flat schema",
      "a form that is not flat is not sent",
      "every kind of field that a form may have is sent",
    ],
  },
  {
    id: "2025-11-25/elicitation/url-members",
    section: "client/elicitation#url-mode-elicitation-requests",
    must: "a URL elicitation carries mode url, a message, a URL and an elicitationId",
    verifiedBy: ["an elicitation by URL carries mode, message, URL and a unique id"],
  },
  {
    id: "2025-11-25/elicitation/id-unique",
    section: "schema#elicitrequesturlparams",
    must: "an elicitationId is unique in the server",
    verifiedBy: ["an elicitation by URL carries mode, message, URL and a unique id"],
  },
  {
    id: "2025-11-25/elicitation/url-valid",
    section: "client/elicitation#url-mode-elicitation-requests",
    must: "the URL is a valid one",
    verifiedBy: ["an elicitation by something that is no URL is not sent"],
  },
  {
    id: "2025-11-25/elicitation/complete-to-asker",
    section: "client/elicitation#completion-notifications-for-url-mode-elicitation",
    must: "tell of a completed elicitation only the client that was asked",
    outOfScope: NO_COMPLETION,
  },
  {
    id: "2025-11-25/elicitation/complete-id",
    section: "client/elicitation#completion-notifications-for-url-mode-elicitation",
    must: "name the elicitationId when telling of its completion",
    outOfScope: NO_COMPLETION,
  },
  {
    id: "2025-11-25/elicitation/required-only",
    section: "client/elicitation#url-elicitation-required-error",
    must: "answer -32042 only where a URL elicitation is required",
    verifiedBy: ["errors of the revisions with initialize have JSON-RPC's codes, or -32002"],
  },
  {
    id: "2025-11-25/elicitation/required-list",
    section: "client/elicitation#url-elicitation-required-error",
    must: "-32042 lists the elicitations required, each by URL and with an elicitationId",
    outOfScope: WAITS,
  },
  {
    id: "2025-11-25/elicitation/required-code",
    section: "client/elicitation#error-handling",
    must: "say with -32042 that an elicitation has to come first",
    outOfScope: WAITS,
  },
  {
    id: "2025-11-25/elicitation/bound",
    section: "client/elicitation#security-considerations",
    must: "an elicitation is bound to the client that is asked",
    verifiedBy: ["an answer to an elicitation counts only from the session that was asked"],
  },
  {
    id: "2025-11-25/elicitation/state-users",
    section: "client/elicitation#statefulness",
    must: "keep state about users bound to the user, not to a session alone, and guarded",
    outOfScope: "keeps no state about users: an answer goes to the waiting call and nowhere else",
  },
  {
    id: "2025-11-25/elicitation/verified-user",
    section: "client/elicitation#statefulness",
    must: "know a remote user by credentials where possible, not by what a client says",
    outOfScope: NO_OAUTH,
  },
  {
    id: "2025-11-25/elicitation/not-for-own-authorization",
    section: "client/elicitation#url-mode-elicitation-for-oauth-flows",
    must: "never authorize the server's own users by a URL elicitation",
    outOfScope: NO_OAUTH,
  },
  {
    id: "2025-11-25/elicitation/third-party-credentials",
    section: "client/elicitation#understanding-the-distinction",
    must: "credentials for third parties never pass through the client, nor its own to them",
    outOfScope: NO_OAUTH,
  },
  {
    id: "2025-11-25/elicitation/url-safe",
    section: "client/elicitation#safe-url-handling",
    must: "a URL holds nothing sensitive and is not authenticated beforehand",
    outOfScope: NO_URL_PAGES,
  },
  {
    id: "2025-11-25/elicitation/phishing",
    section: "client/elicitation#phishing",
    must: "make sure that who opens the URL is who was asked, even if the URL was altered",
    outOfScope: NO_URL_PAGES,
  },
];

/**
 * What 2026-07-28 demands of a server that asks its client for something: multi round-trip
 * requests, elicitation, sampling.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";

const NO_URL_PAGES =
  "serves no page that takes a user's data: where the URL leads is the business " +
  "of the tool's author";
const NO_OAUTH = "no OAuth in this release, so there is no verified user to bind it to";

export const V2026_07_28_MRTR: readonly Requirement[] = [
  {
    id: "2026-07-28/mrtr/only-way",
    section: "basic/patterns/mrtr",
    must: "ask the client for nothing but by input_required results",
    verifiedBy: [
      "2026-07-28: a call that asks the client ends with input_required, its retry completes",
      "2026-07-28: a server sends responses and notifications, never a request",
    ],
  },
  {
    id: "2026-07-28/mrtr/supported-requests",
    section: "basic/patterns/mrtr#supported-requests",
    must: "answer input_required to tools/call, prompts/get and resources/read only",
    verifiedBy: ["2026-07-28: only calls, prompts and resources are answered input_required"],
  },
  {
    id: "2026-07-28/mrtr/keys-unique",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "keys of inputRequests are unique in the scope of the request",
    verifiedBy: [
      "2026-07-28: each question of a call has a key of its own, over all rounds",
      "2026-07-28: a handler that uses a key twice fails, it gets no other's answer",
    ],
  },
  {
    id: "2026-07-28/mrtr/request-kinds",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "inputRequests are elicitations, samplings or root lists",
    verifiedBy: ["2026-07-28: inputRequests are elicitations, samplings and root lists"],
  },
  {
    id: "2026-07-28/mrtr/state-untrusted",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "take requestState as something an attacker wrote",
    verifiedBy: ["2026-07-28: a requestState that was altered or made up is refused"],
  },
  {
    id: "2026-07-28/mrtr/state-integrity",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "protect the integrity of requestState, refuse what fails",
    verifiedBy: ["2026-07-28: a requestState that was altered or made up is refused"],
  },
  {
    id: "2026-07-28/mrtr/state-validated",
    section: "basic/patterns/mrtr#security-considerations",
    must: "validate requestState on every request that carries it",
    verifiedBy: [
      "2026-07-28: a requestState that was altered or made up is refused",
      "2026-07-28: a requestState counts only for its own method and arguments",
    ],
  },
  {
    id: "2026-07-28/mrtr/state-once",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "where a requestState may be used only once, see to it on the server",
    outOfScope: "no requestState of this server is for one use only: it replays answers, no more",
  },
  {
    id: "2026-07-28/mrtr/not-empty",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "an input_required result has inputRequests or requestState",
    verifiedBy: ["2026-07-28: inputRequests are elicitations, samplings and root lists"],
  },
  {
    id: "2026-07-28/mrtr/declared-only",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "ask for nothing that the client did not declare",
    verifiedBy: ["2026-07-28: a call that needs an undeclared capability is -32021 and 400"],
  },
  {
    id: "2026-07-28/mrtr/no-retry",
    section: "basic/patterns/mrtr#server-requirements-basic-workflow",
    must: "count on neither the answers nor the retry",
    verifiedBy: [
      "2026-07-28: a question that is never answered leaves nothing behind",
      "2026-07-28: a retry without the answers is asked again",
    ],
  },
  {
    id: "2026-07-28/elicitation/form-not-sensitive",
    section: "client/elicitation#user-interaction-model",
    must: "never ask for secrets in a form",
    verifiedBy: ["no built-in tool asks the client for anything"],
  },
  {
    id: "2026-07-28/elicitation/url-for-sensitive",
    section: "client/elicitation#user-interaction-model",
    must: "use a URL where secrets have to be asked for",
    verifiedBy: ["2026-07-28: an elicitation by URL carries mode, message and URL"],
  },
  {
    id: "2026-07-28/elicitation/supported-modes",
    section: "client/elicitation#capabilities",
    must: "elicit only in modes that the client supports",
    verifiedBy: ["2026-07-28: an elicitation in a mode that the client lacks is not sent"],
  },
  {
    id: "2026-07-28/elicitation/members",
    section: "client/elicitation#elicitation-requests",
    must: "an elicitation tells its mode and its message",
    verifiedBy: ["2026-07-28: inputRequests are elicitations, samplings and root lists"],
  },
  {
    id: "2026-07-28/elicitation/form-members",
    section: "client/elicitation#form-mode-elicitation-requests",
    must: "a form names mode form or none, and has a requestedSchema",
    verifiedBy: ["2026-07-28: inputRequests are elicitations, samplings and root lists"],
  },
  {
    id: "2026-07-28/elicitation/url-members",
    section: "client/elicitation#url-mode-elicitation-requests",
    must: "a URL elicitation carries mode url, a message and a valid URL",
    verifiedBy: ["2026-07-28: an elicitation by URL carries mode, message and URL"],
  },
  {
    id: "2026-07-28/elicitation/declined",
    section: "client/elicitation#error-handling",
    must: "handle users who decline or cancel, and clients that fail",
    verifiedBy: ["2026-07-28: a tool learns that the user declined or cancelled"],
  },
  {
    id: "2026-07-28/elicitation/bound",
    section: "client/elicitation#security-considerations",
    must: "an elicitation is bound to the client that is asked",
    verifiedBy: ["2026-07-28: a requestState counts only for the caller it was given to"],
  },
  {
    id: "2026-07-28/elicitation/state-guarded",
    section: "client/elicitation#statefulness",
    must: "state about users is guarded and bound to verified users",
    outOfScope: "keeps no state about users: the answers travel in the protected requestState",
  },
  {
    id: "2026-07-28/elicitation/not-for-own-authorization",
    section: "client/elicitation#url-mode-elicitation-for-oauth-flows",
    must: "never authorize the server's own users by a URL elicitation",
    outOfScope: NO_OAUTH,
  },
  {
    id: "2026-07-28/elicitation/third-party-credentials",
    section: "client/elicitation#understanding-the-distinction",
    must: "credentials for third parties never pass through the client, nor its own to them",
    outOfScope: NO_OAUTH,
  },
  {
    id: "2026-07-28/elicitation/verified-user",
    section: "client/elicitation#identifying-the-user",
    must: "believe no user whom the client merely names",
    outOfScope: NO_OAUTH,
  },
  {
    id: "2026-07-28/elicitation/url-safe",
    section: "client/elicitation#safe-url-handling",
    must: "a URL holds nothing sensitive and is not authenticated beforehand",
    outOfScope: NO_URL_PAGES,
  },
  {
    id: "2026-07-28/elicitation/phishing",
    section: "client/elicitation#phishing",
    must: "make sure that who opens the URL is who was asked, even if the URL was altered",
    outOfScope: NO_URL_PAGES,
  },
  {
    id: "2026-07-28/sampling/tools-capability",
    section: "client/sampling",
    must: "offer tools for sampling only to clients that declare sampling.tools",
    verifiedBy: ["sampling with tools is refused where the client does not declare sampling.tools"],
  },
  {
    id: "2026-07-28/sampling/messages",
    section: "client/sampling#messages",
    must: "sampling messages have a role of user or assistant, and content",
    verifiedBy: ["2026-07-28: inputRequests are elicitations, samplings and root lists"],
  },
  {
    id: "2026-07-28/sampling/tool-results",
    section: "client/sampling#tool-use-and-result-balance",
    must: "each tool use is followed by its result, alone in its message",
    verifiedBy: [
      "sampling messages with tool results beside other content are refused",
      "sampling messages that leave a tool use without its result are refused",
    ],
  },
  {
    id: "2026-07-28/sampling/sensitive",
    section: "client/sampling#security-considerations",
    must: "handle sensitive data of sampling with care",
    verifiedBy: ["the server's log holds nothing of what was sampled or elicited"],
  },
];

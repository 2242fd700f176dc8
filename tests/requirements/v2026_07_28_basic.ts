/**
 * What the base protocol of 2026-07-28 demands of a server: messages, errors, versions, `_meta`,
 * statelessness and the message patterns.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";

const NO_RAW_SCHEMA = "takes no JSON Schema from outside: zod makes them all, in 2020-12";
const NO_EXTENSIONS = "offers no extension in this release";

export const V2026_07_28_BASIC: readonly Requirement[] = [
  {
    id: "2026-07-28/messages/base-protocol",
    section: "basic/index",
    must: "support the base protocol, versioning and the message patterns",
    verifiedBy: [
      "2026-07-28: server/discover tells versions, capabilities and server info",
      "2026-07-28: a call that asks the client ends with input_required, its retry completes",
      "2026-07-28: subscriptions/listen acknowledges first, then tells of changes",
    ],
  },
  {
    id: "2026-07-28/messages/json-rpc",
    section: "basic/index#messages",
    must: "every message sent follows JSON-RPC 2.0",
    verifiedBy: ["2026-07-28: all that a server sends is valid JSON-RPC 2.0"],
  },
  {
    id: "2026-07-28/messages/response-id",
    section: "basic/index#responses",
    must: "a response carries the id of its request (errors too, unless it could not be read)",
    verifiedBy: ["2026-07-28: a response carries the id of its request, result or error"],
  },
  {
    id: "2026-07-28/messages/result-member",
    section: "basic/index#result-responses",
    must: "a successful response has a result",
    verifiedBy: ["2026-07-28: all that a server sends is valid JSON-RPC 2.0"],
  },
  {
    id: "2026-07-28/messages/result-type",
    section: "basic/index#result-responses",
    must: "every result has a resultType",
    verifiedBy: ["2026-07-28: every result has a resultType of the core protocol"],
  },
  {
    id: "2026-07-28/messages/result-type-known",
    section: "basic/index#resulttype",
    must: "resultType is one of the core protocol or of an extension that is advertised",
    verifiedBy: ["2026-07-28: every result has a resultType of the core protocol"],
  },
  {
    id: "2026-07-28/messages/error-members",
    section: "basic/index#error-responses",
    must: "an error has an integer code and a message",
    verifiedBy: ["2026-07-28: error codes are JSON-RPC's or those the revision defines"],
  },
  {
    id: "2026-07-28/messages/error-codes-legacy",
    section: "basic/index#error-codes",
    must: "allocate no code from -32000 to -32019",
    verifiedBy: ["2026-07-28: error codes are JSON-RPC's or those the revision defines"],
  },
  {
    id: "2026-07-28/messages/error-codes-reserved",
    section: "basic/index#error-codes",
    must: "from -32020 to -32099 send only codes that are defined, in their meaning",
    verifiedBy: ["2026-07-28: error codes are JSON-RPC's or those the revision defines"],
  },
  {
    id: "2026-07-28/messages/error-codes-earlier",
    section: "basic/index#error-codes",
    must: "never send -32002 or -32042",
    verifiedBy: [
      "2026-07-28: error codes are JSON-RPC's or those the revision defines",
      "2026-07-28: resources/read of what does not exist is -32602, never empty contents",
    ],
  },
  {
    id: "2026-07-28/messages/notification-unanswered",
    section: "basic/index#notifications",
    must: "never answer a notification",
    verifiedBy: ["2026-07-28: a notification is answered 202 without a body"],
  },
  {
    id: "2026-07-28/messages/notification-without-id",
    section: "basic/index#notifications",
    must: "notifications sent carry no id",
    verifiedBy: ["2026-07-28: a server sends responses and notifications, never a request"],
  },
  {
    id: "2026-07-28/messages/no-server-requests",
    section: "basic/patterns/index",
    must: "never start a JSON-RPC request",
    verifiedBy: ["2026-07-28: a server sends responses and notifications, never a request"],
  },
  {
    id: "2026-07-28/stateless/no-prior-requests",
    section: "basic/index#statelessness",
    must: "rely on nothing that earlier requests said",
    verifiedBy: ["2026-07-28: nothing is remembered from an earlier request"],
  },
  {
    id: "2026-07-28/stateless/explicit-state",
    section: "basic/index#statelessness",
    must: "state across requests is named by what the client sends with each",
    verifiedBy: ["2026-07-28: another server with the same key completes the retry"],
  },
  {
    id: "2026-07-28/schemas/2020-12",
    section: "basic/index#implementation-requirements",
    must: "support JSON Schema 2020-12, also where no dialect is named",
    verifiedBy: ["every schema that is listed is JSON Schema 2020-12"],
  },
  {
    id: "2026-07-28/schemas/valid",
    section: "basic/index#schema-validation",
    must: "schemas are valid in their dialect",
    verifiedBy: [
      "every schema that is listed is JSON Schema 2020-12",
      "a tool whose schema JSON Schema cannot express cannot be served",
    ],
  },
  {
    id: "2026-07-28/schemas/validate",
    section: "basic/index#implementation-requirements",
    must: "validate schemas by their dialect, and say so where it is not supported",
    outOfScope: NO_RAW_SCHEMA,
  },
  {
    id: "2026-07-28/schemas/no-network-refs",
    section: "basic/index#ref-resolution",
    must: "never fetch a $ref from the network, unless somebody opted in",
    verifiedBy: ["serving and calling tools fetches nothing from the network"],
  },
  {
    id: "2026-07-28/meta/reserved",
    section: "basic/index#_meta",
    must: "assume nothing about values at reserved _meta keys",
    verifiedBy: ["2026-07-28: unknown _meta keys may hold anything"],
  },
  {
    id: "2026-07-28/meta/keys",
    section: "basic/index#_meta",
    must: "_meta keys have a prefix of labels and a name in the prescribed form",
    verifiedBy: ["2026-07-28: every _meta key that is sent has the prescribed form"],
  },
  {
    id: "2026-07-28/meta/required",
    section: "basic/index#_meta",
    must: "refuse a request without its required _meta with -32602 and status 400",
    verifiedBy: ["2026-07-28: a request without its required _meta is refused with -32602 and 400"],
  },
  {
    id: "2026-07-28/meta/undeclared-capabilities",
    section: "basic/index#_meta",
    must: "rely on no capability that the request does not declare",
    verifiedBy: ["2026-07-28: a call that needs an undeclared capability is -32021 and 400"],
  },
  {
    id: "2026-07-28/meta/missing-capability",
    section: "basic/index#_meta",
    must: "answer -32021 and 400, listing the capabilities that are missing",
    verifiedBy: ["2026-07-28: a call that needs an undeclared capability is -32021 and 400"],
  },
  {
    id: "2026-07-28/meta/subscription-id",
    section: "basic/index#_meta",
    must: "name the subscription on every notification of a listen stream",
    verifiedBy: [
      "2026-07-28: every message of a listen stream names its subscription",
      "2026-07-28: subscriptions beside each other are told apart",
    ],
  },
  {
    id: "2026-07-28/meta/trace-context",
    section: "basic/index#_meta",
    must: "trace context that is sent follows W3C",
    outOfScope: "sends no trace context to clients",
  },
  {
    id: "2026-07-28/versioning/unsupported",
    section: "basic/versioning#protocol-version-negotiation",
    must: "answer an unsupported version with -32022 and the versions that are supported",
    verifiedBy: ["2026-07-28: an unsupported version is -32022 and 400, with those supported"],
  },
  {
    id: "2026-07-28/versioning/discover",
    section: "basic/versioning#protocol-version-negotiation",
    must: "implement server/discover",
    verifiedBy: ["2026-07-28: server/discover tells versions, capabilities and server info"],
  },
  {
    id: "2026-07-28/versioning/extension-ids",
    section: "basic/versioning#extension-negotiation",
    must: "extension identifiers are prefixed _meta keys",
    outOfScope: NO_EXTENSIONS,
  },
  {
    id: "2026-07-28/versioning/extension-fallback",
    section: "basic/versioning#extension-negotiation",
    must: "do without an extension that the client lacks, or refuse",
    outOfScope: NO_EXTENSIONS,
  },
  {
    id: "2026-07-28/cancellation/no-other-use",
    section: "basic/patterns/cancellation",
    must: "send notifications/cancelled for nothing but a subscription that is torn down",
    verifiedBy: ["2026-07-28: a server never cancels anything but a subscription"],
  },
  {
    id: "2026-07-28/cancellation/subscription",
    section: "basic/patterns/cancellation",
    must: "send notifications/cancelled when tearing a subscription down",
    outOfScope: "the revision contradicts itself; as basic/patterns/subscriptions has it and the " +
      "official SDKs do, the final result tells it: see 2026-07-28/subscriptions/graceful-end",
  },
  {
    id: "2026-07-28/cancellation/disconnect",
    section: "basic/patterns/cancellation#transport-specific-cancellation",
    must: "HTTP: take a client that leaves as cancellation of its request",
    verifiedBy: ["2026-07-28: closing the response stream cancels that request, and only that"],
  },
  {
    id: "2026-07-28/cancellation/races",
    section: "basic/patterns/cancellation#timing-considerations",
    must: "bear cancellations that come too late",
    verifiedBy: ["2026-07-28: leaving in the moment of the answer harms nothing"],
  },
  {
    id: "2026-07-28/progress/increases",
    section: "basic/patterns/progress#progress-flow",
    must: "progress grows with each notification",
    verifiedBy: ["2026-07-28: progress grows, names its token and stops with the response"],
  },
  {
    id: "2026-07-28/progress/known-token",
    section: "basic/patterns/progress#behavior-requirements",
    must: "report progress only for tokens of requests that run",
    verifiedBy: ["2026-07-28: progress grows, names its token and stops with the response"],
  },
  {
    id: "2026-07-28/progress/stops",
    section: "basic/patterns/progress#implementation-notes",
    must: "report no progress after completion",
    verifiedBy: ["2026-07-28: progress grows, names its token and stops with the response"],
  },
  {
    id: "2026-07-28/subscriptions/requested-only",
    section: "basic/patterns/subscriptions#opening-a-stream",
    must: "send no kind of notification that was not asked for",
    verifiedBy: ["2026-07-28: a listen stream tells nothing that it was not asked for"],
  },
  {
    id: "2026-07-28/subscriptions/acknowledged-first",
    section: "basic/patterns/subscriptions#acknowledgment",
    must: "acknowledge a subscription before any notification on it",
    verifiedBy: [
      "2026-07-28: subscriptions/listen acknowledges first, then tells of changes",
      "stdio: 2026-07-28 acknowledges a subscription before it tells anything of it",
    ],
  },
  {
    id: "2026-07-28/subscriptions/graceful-end",
    section: "basic/patterns/subscriptions#graceful-closure",
    must: "end a subscription of one's own accord with its result",
    verifiedBy: ["2026-07-28: a server that stops ends a subscription with its result"],
  },
];

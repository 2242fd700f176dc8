/**
 * What 2024-11-05 demands of a server. Most of it holds in all revisions that begin with
 * `initialize`.
 *
 * @module
 */
import { LEGACY, type Requirement } from "./requirement.ts";
import { V2024_11_05_FEATURES } from "./v2024_11_05_features.ts";

export const V2024_11_05: readonly Requirement[] = [
  {
    id: "2024-11-05/messages/json-rpc",
    section: "basic/messages",
    revisions: LEGACY,
    must: "every message sent follows JSON-RPC 2.0",
    verifiedBy: ["all that a server sends in a session is valid JSON-RPC 2.0"],
  },
  {
    id: "2024-11-05/messages/base-protocol",
    section: "basic/index#protocol-layers",
    revisions: LEGACY,
    must: "support the base protocol and the lifecycle",
    verifiedBy: [
      "a client of each revision connects, initializes and is served",
      "stdio: a client of each revision initializes and is served",
    ],
  },
  {
    id: "2024-11-05/messages/request-id-type",
    section: "basic/messages#requests",
    revisions: LEGACY,
    must: "requests to the client carry a string or an integer as id, never null",
    verifiedBy: ["requests to the client have a string or integer id, each a new one"],
  },
  {
    id: "2024-11-05/messages/request-id-fresh",
    section: "basic/messages#requests",
    revisions: LEGACY,
    must: "never use an id again for another request to the client in the same session",
    verifiedBy: ["requests to the client have a string or integer id, each a new one"],
  },
  {
    id: "2024-11-05/messages/response-id",
    section: "basic/messages#responses",
    revisions: LEGACY,
    must: "a response carries the id of its request (errors too, unless it could not be read)",
    verifiedBy: [
      "a response carries the id of its request, result or error",
      "an error before any method ran carries the id too, where it could be read",
    ],
  },
  {
    id: "2024-11-05/messages/result-or-error",
    section: "basic/messages#responses",
    revisions: LEGACY,
    must: "a response has a result or an error, never both and never none",
    verifiedBy: ["all that a server sends in a session is valid JSON-RPC 2.0"],
  },
  {
    id: "2024-11-05/messages/error-code-integer",
    section: "basic/messages#responses",
    revisions: LEGACY,
    must: "error codes are integers",
    verifiedBy: ["every error has an integer code and a message"],
  },
  {
    id: "2024-11-05/messages/notification-without-id",
    section: "basic/messages#notifications",
    revisions: LEGACY,
    must: "notifications sent carry no id",
    verifiedBy: ["notifications to the client have no id"],
  },
  {
    id: "2024-11-05/lifecycle/initialize-first",
    section: "basic/lifecycle#initialization",
    revisions: LEGACY,
    must: "initialization comes before any other exchange",
    verifiedBy: ["a server says nothing of its own before initialize"],
  },
  {
    id: "2024-11-05/lifecycle/initialize-result",
    section: "basic/lifecycle#initialization",
    revisions: LEGACY,
    must: "answer initialize with the server's capabilities and what it is",
    verifiedBy: ["initialize is answered with version, capabilities and server info"],
  },
  {
    id: "2024-11-05/lifecycle/version-agreed",
    section: "basic/lifecycle#version-negotiation",
    revisions: LEGACY,
    must: "answer with the requested version where it is supported",
    verifiedBy: ["initialize is answered with the requested version where it is supported"],
  },
  {
    id: "2024-11-05/lifecycle/version-other",
    section: "basic/lifecycle#version-negotiation",
    revisions: LEGACY,
    must: "answer with another supported version where the requested one is not",
    verifiedBy: ["initialize is answered with another version where the requested is unknown"],
  },
  {
    id: "2024-11-05/transports/stdio-newline",
    section: "basic/transports#stdio",
    revisions: LEGACY,
    must: "stdio: messages end with a newline and hold none",
    verifiedBy: ["stdio: each line of stdout is one message without a line break in it"],
  },
  {
    id: "2024-11-05/transports/stdio-stdout",
    section: "basic/transports#stdio",
    revisions: LEGACY,
    must: "stdio: nothing but messages goes to stdout",
    verifiedBy: ["stdio: nothing but messages goes to stdout, logs go to stderr"],
  },
  {
    id: "2024-11-05/transports/sse-origin",
    section: "basic/transports#security-warning",
    must: "HTTP+SSE: check Origin on every connection",
    verifiedBy: ["a foreign Origin is refused with 403 on every method and dialect"],
  },
  {
    id: "2024-11-05/transports/sse-endpoints",
    section: "basic/transports#http-with-sse",
    must:
      "HTTP+SSE: offer an SSE endpoint for what the server says, and one for the client's POSTs",
    verifiedBy: ["HTTP+SSE: a GET opens the stream, a POST to its endpoint is answered on it"],
  },
  {
    id: "2024-11-05/transports/sse-endpoint-event",
    section: "basic/transports#http-with-sse",
    must: "HTTP+SSE: tell a client that connects where to POST in an endpoint event",
    verifiedBy: [
      "HTTP+SSE: the first event names the endpoint to POST to",
      "HTTP+SSE: each stream has an endpoint of its own",
    ],
  },
  {
    id: "2024-11-05/transports/custom",
    section: "basic/transports#custom-transports",
    revisions: LEGACY,
    must: "a transport of one's own keeps the JSON-RPC format and the lifecycle",
    verifiedBy: ["the plain dialect keeps the message format and the lifecycle"],
  },
  {
    id: "2024-11-05/cancellation/own-requests-only",
    section: "basic/utilities/cancellation#behavior-requirements",
    revisions: LEGACY,
    must: "cancel only requests that the server itself sent and that still run",
    verifiedBy: [
      "a cancellation by the server names its own request that is still open",
      "no request that was answered is ever cancelled by the server",
    ],
  },
  {
    id: "2024-11-05/cancellation/races",
    section: "basic/utilities/cancellation#timing-considerations",
    revisions: LEGACY,
    must: "bear cancellations that come too late",
    verifiedBy: ["a cancellation that comes too late or names nothing changes nothing"],
  },
  {
    id: "2024-11-05/ping/empty-response",
    section: "basic/utilities/ping#behavior-requirements",
    revisions: LEGACY,
    must: "answer ping promptly with an empty result",
    verifiedBy: ["ping is answered with an empty result, also beside a running call"],
  },
  {
    id: "2024-11-05/progress/token-type",
    section: "basic/utilities/progress#progress-flow",
    revisions: LEGACY,
    must: "progress tokens in requests to the client are strings or integers",
    verifiedBy: ["requests to the client ask for no progress, or with tokens that are unique"],
  },
  {
    id: "2024-11-05/progress/token-unique",
    section: "basic/utilities/progress#progress-flow",
    revisions: LEGACY,
    must: "progress tokens in requests to the client are unique among those that run",
    verifiedBy: ["requests to the client ask for no progress, or with tokens that are unique"],
  },
  {
    id: "2024-11-05/progress/increases",
    section: "basic/utilities/progress#progress-flow",
    revisions: LEGACY,
    must: "progress grows with each notification",
    verifiedBy: ["progress grows with each notification, whatever the tool reports"],
  },
  {
    id: "2024-11-05/progress/known-token",
    section: "basic/utilities/progress#behavior-requirements",
    revisions: LEGACY,
    must: "report progress only for tokens of requests that run",
    verifiedBy: [
      "progress carries the token of the request that runs",
      "without a usable progress token there is no progress notification",
    ],
  },
  {
    id: "2024-11-05/progress/stops",
    section: "basic/utilities/progress#implementation-notes",
    revisions: LEGACY,
    must: "report no progress after completion",
    verifiedBy: ["no progress is sent after the response"],
  },
  ...V2024_11_05_FEATURES,
];

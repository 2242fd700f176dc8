/**
 * What 2025-03-26 added: Streamable HTTP, batches, audio, the completions capability.
 *
 * @module
 */
import { type Requirement, STREAMABLE } from "./requirement.ts";

export const V2025_03_26: readonly Requirement[] = [
  {
    id: "2025-03-26/messages/error-members",
    section: "basic/index#responses",
    revisions: STREAMABLE,
    must: "errors carry at least a code and a message",
    verifiedBy: ["every error has an integer code and a message"],
  },
  {
    id: "2025-03-26/messages/notification-unanswered",
    section: "basic/index#notifications",
    revisions: STREAMABLE,
    must: "never answer a notification",
    verifiedBy: ["a notification is never answered, known or unknown, well formed or not"],
  },
  {
    id: "2025-03-26/messages/batch",
    section: "basic/index#batching",
    must: "accept batches",
    verifiedBy: [
      "2025-03-26: a batch of requests and notifications is answered request by request",
      "2025-03-26: a batch of notifications and responses is answered 202 without a body",
      "stdio: a batch is answered in a session of 2025-03-26",
    ],
  },
  {
    id: "2025-03-26/transports/utf-8",
    section: "basic/transports",
    revisions: STREAMABLE,
    must: "messages are UTF-8",
    verifiedBy: ["messages are UTF-8 both ways, as JSON and on a stream"],
  },
  {
    id: "2025-03-26/transports/one-endpoint",
    section: "basic/transports#streamable-http",
    revisions: STREAMABLE,
    must: "one path takes both POST and GET",
    verifiedBy: ["one path takes POST, GET and DELETE of a session"],
  },
  {
    id: "2025-03-26/transports/origin",
    section: "basic/transports#security-warning",
    revisions: STREAMABLE,
    must: "check Origin on every connection",
    verifiedBy: ["a foreign Origin is refused with 403 on every method and dialect"],
  },
  {
    id: "2025-03-26/transports/accepted",
    section: "basic/transports#sending-messages-to-the-server",
    revisions: STREAMABLE,
    must: "answer an accepted response or notification with 202 and no body",
    verifiedBy: ["an accepted notification or response is answered 202 without a body"],
  },
  {
    id: "2025-03-26/transports/not-accepted",
    section: "basic/transports#sending-messages-to-the-server",
    revisions: STREAMABLE,
    must: "answer what cannot be accepted with an HTTP error status",
    verifiedBy: ["a message that cannot be accepted is answered with an HTTP error"],
  },
  {
    id: "2025-03-26/transports/answer-type",
    section: "basic/transports#sending-messages-to-the-server",
    revisions: STREAMABLE,
    must: "answer a request with one JSON object or with an event stream",
    verifiedBy: ["a request is answered as JSON or as an event stream"],
  },
  {
    id: "2025-03-26/transports/get",
    section: "basic/transports#listening-for-messages-from-the-server",
    revisions: STREAMABLE,
    must: "answer GET with an event stream or 405",
    verifiedBy: ["GET of a session gives an event stream"],
  },
  {
    id: "2025-03-26/transports/get-no-response",
    section: "basic/transports#listening-for-messages-from-the-server",
    revisions: STREAMABLE,
    must: "send no response on the GET stream, unless it resumes that request's stream",
    verifiedBy: ["no response is ever sent on the GET stream"],
  },
  {
    id: "2025-03-26/transports/one-stream",
    section: "basic/transports#multiple-connections",
    revisions: STREAMABLE,
    must: "send each message on one stream only",
    verifiedBy: ["each message comes on one of a session's streams only"],
  },
  {
    id: "2025-03-26/transports/event-id-unique",
    section: "basic/transports#resumability-and-redelivery",
    revisions: STREAMABLE,
    must: "event ids are unique across all streams of a session",
    verifiedBy: [
      "event ids are unique across all streams of a session",
      "event ids stay unique when the server has restarted",
    ],
  },
  {
    id: "2025-03-26/transports/replay-own-stream",
    section: "basic/transports#resumability-and-redelivery",
    revisions: STREAMABLE,
    must: "replay nothing that belongs to another stream",
    verifiedBy: [
      "a resumed stream replays its own messages and no other stream's",
      "after a restart no stream is replayed in place of an older one",
    ],
  },
  {
    id: "2025-03-26/transports/session-id-ascii",
    section: "basic/transports#session-management",
    revisions: STREAMABLE,
    must: "session ids hold only visible ASCII",
    verifiedBy: ["a session id is visible ASCII and never the same twice"],
  },
  {
    id: "2025-03-26/transports/session-404",
    section: "basic/transports#session-management",
    revisions: STREAMABLE,
    must: "answer requests of an ended session with 404",
    verifiedBy: ["an ended session is answered 404 on POST, GET and DELETE"],
  },
  {
    id: "2025-03-26/prompts/audio-base64",
    section: "server/prompts#audio-content",
    revisions: STREAMABLE,
    must: "audio in prompts is base64 with a valid MIME type",
    verifiedBy: ["images and audio in a prompt arrive as base64 with their MIME type"],
  },
  {
    id: "2025-03-26/completion/capability",
    section: "server/utilities/completion#capabilities",
    revisions: STREAMABLE,
    must: "declare the completions capability",
    verifiedBy: ["initialize declares a capability for every feature that is served"],
  },
];

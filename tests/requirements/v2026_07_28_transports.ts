/**
 * What the transports of 2026-07-28 demand of a server.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";

const HTTP = "basic/transports/streamable-http";

export const V2026_07_28_TRANSPORTS: readonly Requirement[] = [
  {
    id: "2026-07-28/transports/utf-8",
    section: "basic/transports/index#messages",
    must: "messages are UTF-8",
    verifiedBy: ["2026-07-28: messages are UTF-8 both ways, as JSON and on a stream"],
  },
  {
    id: "2026-07-28/transports/directions",
    section: "basic/transports/index#messages",
    must: "carry requests and notifications to the server, responses and notifications back",
    verifiedBy: ["2026-07-28: a server sends responses and notifications, never a request"],
  },
  {
    id: "2026-07-28/transports/custom",
    section: "basic/transports/index#custom-transports",
    must: "a transport of one's own keeps the message format, the patterns and the metadata",
    outOfScope: "Lifeline's own transport, the plain dialect, speaks the earlier revisions only: " +
      "see 2024-11-05/transports/custom",
  },
  {
    id: "2026-07-28/http/one-endpoint",
    section: HTTP,
    must: "one path takes every POST",
    verifiedBy: ["2026-07-28: one path takes every request, on /mcp as on /mcp/sse"],
  },
  {
    id: "2026-07-28/http/origin",
    section: `${HTTP}#security-endpoint`,
    must: "check Origin on every connection",
    verifiedBy: ["a foreign Origin is refused with 403 on every method and dialect"],
  },
  {
    id: "2026-07-28/http/origin-403",
    section: `${HTTP}#security-endpoint`,
    must: "answer an invalid Origin with 403",
    verifiedBy: ["a foreign Origin is refused with 403 on every method and dialect"],
  },
  {
    id: "2026-07-28/http/accepted",
    section: `${HTTP}#sending-messages`,
    must: "answer an accepted notification with 202 and no body",
    verifiedBy: ["2026-07-28: a notification is answered 202 without a body"],
  },
  {
    id: "2026-07-28/http/not-accepted",
    section: `${HTTP}#sending-messages`,
    must: "answer a notification that cannot be accepted with an HTTP error status",
    verifiedBy: ["2026-07-28: a message that cannot be accepted is answered with an HTTP error"],
  },
  {
    id: "2026-07-28/http/answer-type",
    section: `${HTTP}#sending-messages`,
    must: "answer a request with one JSON object or with an event stream",
    verifiedBy: ["2026-07-28: a request is answered as JSON, or as a stream once there is more"],
  },
  {
    id: "2026-07-28/http/related-notifications",
    section: `${HTTP}#receiving-messages`,
    must: "notifications on a response stream belong to its request",
    verifiedBy: [
      "2026-07-28: a response stream carries only what belongs to its request",
      "2026-07-28: no change of a list is told on the stream of a call",
    ],
  },
  {
    id: "2026-07-28/http/no-requests",
    section: `${HTTP}#receiving-messages`,
    must: "send no request on a response stream",
    verifiedBy: ["2026-07-28: a server sends responses and notifications, never a request"],
  },
  {
    id: "2026-07-28/http/closing-cancels",
    section: `${HTTP}#cancellation`,
    must: "take the closing of a response stream as cancellation of its request",
    verifiedBy: ["2026-07-28: closing the response stream cancels that request, and only that"],
  },
  {
    id: "2026-07-28/http/silent-after-cancel",
    section: `${HTTP}#cancellation`,
    must: "send nothing more for a cancelled request",
    verifiedBy: ["2026-07-28: after its stream is closed a call can send nothing"],
  },
  {
    id: "2026-07-28/http/version-header",
    section: `${HTTP}#protocol-version-header`,
    must: "refuse a version header that differs from the body with 400 and -32020",
    verifiedBy: ["2026-07-28: headers that differ from the body are refused with 400 and -32020"],
  },
  {
    id: "2026-07-28/http/version-unsupported",
    section: `${HTTP}#protocol-version-header`,
    must: "answer an unsupported version with 400 and -32022",
    verifiedBy: ["2026-07-28: an unsupported version is -32022 and 400, with those supported"],
  },
  {
    id: "2026-07-28/http/unknown-method",
    section: `${HTTP}#protocol-version-header`,
    must: "answer an unknown method with 404 and -32601",
    verifiedBy: ["2026-07-28: an unknown method is answered 404 and -32601"],
  },
  {
    id: "2026-07-28/http/version-header-required",
    section: `${HTTP}#protocol-version-header`,
    must: "refuse a request of this revision without the version header",
    verifiedBy: ["2026-07-28: a request without a required header is refused with 400 and -32020"],
  },
  {
    id: "2026-07-28/http/standard-headers",
    section: `${HTTP}#standard-request-headers`,
    must: "require Mcp-Method, and Mcp-Name where there is a name",
    verifiedBy: ["2026-07-28: a request without a required header is refused with 400 and -32020"],
  },
  {
    id: "2026-07-28/http/headers-match",
    section: `${HTTP}#server-validation`,
    must: "refuse requests whose headers differ from the body",
    verifiedBy: ["2026-07-28: headers that differ from the body are refused with 400 and -32020"],
  },
  {
    id: "2026-07-28/http/mismatch-error",
    section: `${HTTP}#server-validation`,
    must: "refuse faulty headers with 400 and a JSON-RPC error of code -32020",
    verifiedBy: [
      "2026-07-28: headers that differ from the body are refused with 400 and -32020",
      "2026-07-28: a request without a required header is refused with 400 and -32020",
    ],
  },
  {
    id: "2026-07-28/http/header-names",
    section: `${HTTP}#case-sensitivity`,
    must: "compare header names without regard to case",
    verifiedBy: ["2026-07-28: header names are matched in any case, their values exactly"],
  },
  {
    id: "2026-07-28/http/decode",
    section: `${HTTP}#value-encoding`,
    must: "decode base64 values of Mcp-Name and Mcp-Param before comparing",
    verifiedBy: ["2026-07-28: base64 values in headers are decoded before they are compared"],
  },
  {
    id: "2026-07-28/http/decode-markers",
    section: `${HTTP}#value-encoding`,
    must: "take the base64 markers exactly as they are written",
    verifiedBy: ["2026-07-28: base64 markers in another case are not markers"],
  },
  {
    id: "2026-07-28/http/param-unknown",
    section: `${HTTP}#server-behavior-for-custom-headers`,
    must: "ignore Mcp-Param headers that are not recognized",
    verifiedBy: ["2026-07-28: an Mcp-Param header that no schema names is ignored"],
  },
  {
    id: "2026-07-28/http/param-characters",
    section: `${HTTP}#server-behavior-for-custom-headers`,
    must: "refuse a recognized Mcp-Param header with invalid characters",
    verifiedBy: ["2026-07-28: an Mcp-Param header with invalid characters is refused"],
  },
  {
    id: "2026-07-28/http/param-match",
    section: `${HTTP}#server-behavior-for-custom-headers`,
    must: "refuse with 400 and -32020 where an Mcp-Param header differs from the argument",
    verifiedBy: ["2026-07-28: an Mcp-Param header that differs from its argument is refused"],
  },
  {
    id: "2026-07-28/http/param-not-expected",
    section: `${HTTP}#server-behavior-for-custom-headers`,
    must: "expect no Mcp-Param header for an argument that is null or missing",
    verifiedBy: ["2026-07-28: no Mcp-Param header is expected for null or missing arguments"],
  },
  {
    id: "2026-07-28/http/param-missing",
    section: `${HTTP}#server-behavior-for-custom-headers`,
    must: "refuse where the argument is there and its Mcp-Param header is not",
    verifiedBy: ["2026-07-28: an argument without its Mcp-Param header is refused"],
  },
  {
    id: "2026-07-28/http/annotation-name",
    section: `${HTTP}#schema-extension`,
    must: "x-mcp-header is a non-empty token without control characters",
    verifiedBy: ["a tool whose x-mcp-header is no header name cannot be served"],
  },
  {
    id: "2026-07-28/http/annotation-unique",
    section: `${HTTP}#schema-extension`,
    must: "x-mcp-header values are unique in a tool, whatever their case",
    verifiedBy: ["a tool that names an x-mcp-header twice cannot be served"],
  },
  {
    id: "2026-07-28/http/annotation-type",
    section: `${HTTP}#schema-extension`,
    must: "x-mcp-header stands only on strings, booleans and safe integers",
    verifiedBy: ["a tool with an x-mcp-header on anything but a primitive cannot be served"],
  },
  {
    id: "2026-07-28/http/annotation-reachable",
    section: `${HTTP}#schema-extension`,
    must: "x-mcp-header stands only where a chain of properties leads",
    verifiedBy: ["a tool with an x-mcp-header off the path of properties cannot be served"],
  },
  {
    id: "2026-07-28/stdio/newline",
    section: "basic/transports/stdio",
    must: "messages end with a newline and hold none",
    verifiedBy: ["stdio: each line of stdout is one message without a line break in it"],
  },
  {
    id: "2026-07-28/stdio/stdout",
    section: "basic/transports/stdio",
    must: "nothing but messages goes to stdout",
    verifiedBy: ["stdio: nothing but messages goes to stdout, logs go to stderr"],
  },
  {
    id: "2026-07-28/stdio/no-requests",
    section: "basic/transports/stdio#receiving-messages",
    must: "write no request to stdout",
    verifiedBy: ["stdio: 2026-07-28 asks by input_required, never by a request"],
  },
  {
    id: "2026-07-28/stdio/silent-after-cancel",
    section: "basic/transports/stdio#cancellation",
    must: "send nothing more for a cancelled request",
    verifiedBy: ["stdio: nothing more is sent for a cancelled request"],
  },
];

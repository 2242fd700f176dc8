/**
 * Reading `Accept` and `Content-Type` (RFC 9110, sections 12.5.1 and 8.3), never comparing them as
 * strings: n8n sends `text/event-stream, text/event-stream`.
 *
 * @module
 */
import { accepts } from "@std/http/negotiation";
import { memoize } from "../base/memoize.ts";

/** Media type of JSON (RFC 8259). */
export const JSON_TYPE = "application/json";
/** Media type of event streams (HTML standard, section 9.2). */
export const EVENT_STREAM_TYPE = "text/event-stream";

/** The media types that an `Accept` header allows. */
export interface Accepted {
  /** `application/json`, by name or by a wildcard; also where an event stream is not taken either. */
  readonly json: boolean;
  /** `text/event-stream`, by name or by a wildcard. */
  readonly eventStream: boolean;
  /** `text/event-stream` by its own name. */
  readonly listsEventStream: boolean;
  /**
   * Whether an answer may be an event stream: where the client names that type, or takes no JSON.
   * With a wildcard alone (curl sends one) JSON stays JSON.
   */
  readonly prefersStream: boolean;
}

/** Reads an `Accept` header. A missing header allows everything (RFC 9110, section 12.5.1). */
export function parseAccept(header: string | null): Accepted {
  return readAccept(header === null ? "*/*" : header.slice(0, MAX_ACCEPT));
}

/** Most characters of `Accept` that are read: reading takes longer than its length. */
const MAX_ACCEPT = 1_024;

const readAccept = memoize((text): Accepted => {
  const types = accepts({ headers: new Headers({ accept: text }) }).map((type: string) =>
    type.toLowerCase()
  );
  const refused = text.toLowerCase().split(",").flatMap(refusedType);
  // The most specific name decides: `text/event-stream;q=0, */*` is all but event streams.
  const allows = (...names: string[]) => {
    const named = names.find((name) => types.includes(name) || refused.includes(name));
    return named !== undefined && types.includes(named);
  };
  const eventStream = allows(EVENT_STREAM_TYPE, "text/*", "*/*");
  const json = allows(JSON_TYPE, "application/*", "*/*") || !eventStream;
  const listsEventStream = allows(EVENT_STREAM_TYPE);
  return { json, eventStream, listsEventStream, prefersStream: listsEventStream || !json };
});

/** Whether an `Accept` header lists HTML, as browsers do when a user opens a URL. */
export function listsPage(header: string | null): boolean {
  return header !== null && /\btext\/html\b/i.test(header);
}

/** The type of a part with a quality of 0, which says it is not wanted (RFC 9110, section 12.4.2). */
function refusedType(part: string): string[] {
  const [type = "", ...parameters] = part.split(";").map((text) => text.trim());
  return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [type] : [];
}

/** Whether a `Content-Type` is JSON in UTF-8, with or without parameters. */
export function isJsonContentType(header: string): boolean {
  if (header === JSON_TYPE) return true;
  const [type = "", ...parameters] = header.toLowerCase().split(";").map((
    part,
  ) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice(8);
  return type === JSON_TYPE &&
    (charset === undefined || /^"?utf-?8"?$/.test(charset));
}

/**
 * Calls of the plain dialect with an `Idempotency-Key`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { PLAIN_HEADERS, type TestApp, toolCall } from "./app.ts";
import { EventReader } from "./sse.ts";

/** A call of the tool `held`. */
export const HELD = toolCall("held", {}, 7);

/** The parts of a call with a key that a test may choose. */
export interface KeyedCall {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** POSTs a call with a key, and reads its welcome. */
export async function postKeyed(
  app: TestApp,
  { key = "key", body = HELD, headers = {} }: KeyedCall = {},
): Promise<EventReader> {
  const response = await app.post("/mcp/sse", body, {
    ...PLAIN_HEADERS,
    "idempotency-key": key,
    ...headers,
  });
  assertEquals(response.status, 200, response.status === 200 ? "" : await response.text());
  const events = new EventReader(response);
  await events.nextNamed("welcome");
  return events;
}

/** The text of the response to {@linkcode HELD}. */
export async function heldText(events: EventReader): Promise<string> {
  const { json } = await events.nextNamed("response");
  assertEquals(json.id, HELD.id);
  return json.result.content[0].text;
}

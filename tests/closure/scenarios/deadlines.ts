/**
 * Ends that the server or its client decides on.
 *
 * @module
 */
import { shortId } from "../../../lib/base/ids.ts";
import { assertEquals } from "@std/assert";
import { toolCall } from "../../helpers/app.ts";
import { assertInTime, assertWithin } from "../../helpers/in_time.ts";
import { Client } from "../clients.ts";
import { assertClean, type Scenario, Stage } from "../scenario.ts";

const MAX_AGE_MS = 1_000;
const STREAMS = 20;
/** A stream may end one tick of the timer wheel late, and a busy machine adds to that (ms). */
const LATE_MS = 250;

const maxAge: Scenario = {
  name: "connection age limit",
  run: async (abort) => {
    await using stage = await Stage.set(abort, { MCP_MAX_CONNECTION_MS: MAX_AGE_MS });
    const { server } = stage;
    await using client = await Client.open("fetch", { port: server.port, count: STREAMS });
    const closes = await client.events("close", STREAMS);
    assertEquals(new Set(closes.map(({ json }) => json.reason)), new Set(["max_age"]));
    const ends = await client.events("ended", STREAMS);
    assertEquals(new Set(ends.map(({ json }) => json.how)), new Set(["complete"]));
    await assertClean(stage, { max_age: STREAMS });
    const ages = client.ids.map((id) => ageOf(server.lines, id));
    const [youngest, oldest] = [Math.min(...ages), Math.max(...ages)];
    // A stream's first line may be logged late, and a server that stood still ends many at once.
    assertInTime(youngest >= 0.8 * MAX_AGE_MS - 1, `a stream lived only ${youngest} ms`);
    assertWithin(MAX_AGE_MS + LATE_MS, oldest, "the oldest stream");
    assertInTime(oldest - youngest > 0.05 * MAX_AGE_MS, `all ended within ${oldest - youngest} ms`);
    return `${STREAMS} × max_age with goodbye, at ${youngest} to ${oldest} ms of ${MAX_AGE_MS} ms`;
  },
};

/** From the first to the last log line of a stream. */
function ageOf(
  lines: readonly { readonly json: Readonly<Record<string, string>> }[],
  id: string,
): number {
  const times = lines.filter(({ json }) => json.connection_id === shortId(id))
    .map(({ json }) => Date.parse(json.timestamp ?? ""));
  return Math.max(...times) - Math.min(...times);
}

const disconnect: Scenario = {
  name: "manual disconnect (DELETE)",
  run: async (abort) => {
    await using stage = await Stage.set(abort);
    const { server } = stage;
    const message = toolCall("countdown", { from: 100_000 });
    await using client = await Client.open("fetch", { port: server.port, message });
    const at = Date.now();
    const { status } = await server.disconnect(client.ids[0]!);
    assertEquals(status, 204);
    const [close] = await client.events("close");
    assertEquals(close?.json.reason, "disconnected");
    const again = await server.disconnect(client.ids[0]!);
    assertEquals(again.status, 404);
    await assertClean(stage, { disconnected: 1 });
    return `disconnected with goodbye after ${close?.json.at - at} ms; a second DELETE gets 404`;
  },
};

export const DEADLINES: readonly Scenario[] = [maxAge, disconnect];

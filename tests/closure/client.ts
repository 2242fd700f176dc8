/**
 * A client with `fetch`, as people write it, in its own process. It takes the options of
 * tests/faults/client.ts and reports the same events. It has no commands, because tests only kill
 * it.
 *
 * @module
 */
import type { ClientOptions } from "../faults/client.ts";
import { tellEvent } from "../faults/client_events.ts";
import { EventReader } from "../helpers/sse.ts";

async function follow(port: number, message: unknown): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp/sse`, {
    method: "POST",
    headers: { "accept": "text/event-stream", "content-type": "application/json" },
    body: message === undefined ? "" : JSON.stringify(message),
  });
  const events = new EventReader(response);
  const welcome = await events.nextNamed("welcome");
  const id = welcome.json.result.connection_id;
  tellEvent({ event: "open", id, status: response.status });
  try {
    for (let next = await events.next(); next !== undefined; next = await events.next()) {
      const { event, json } = next;
      if (event === "close") tellEvent({ event, id, reason: json.data.reason });
      if (event === "response") tellEvent({ event, id });
    }
    tellEvent({ event: "ended", id, how: "complete" });
  } catch (error) {
    tellEvent({ event: "ended", id, how: String(error) });
  }
}

if (import.meta.main) {
  const { port, count = 1, message }: ClientOptions = JSON.parse(Deno.args[0] ?? "{}");
  await Promise.all(Array.from({ length: count }, () => follow(port, message)));
}

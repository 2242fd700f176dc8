/** The promises of a registry to its streams, which the compiler checks. */
import { assertEquals } from "@std/assert";
import type { EventStream } from "../../lib/stream/event_stream.ts";
import type { StreamHost } from "../../lib/stream/stream_host.ts";

Deno.test("a host that expects more of its streams than they promise does not compile", () => {
  const greedy: Pick<StreamHost, "ended" | "resultsLost"> = {
    // @ts-expect-error: it would be called with any hosted stream
    ended: (stream: EventStream) => stream.close("completed"),
    // @ts-expect-error: as above
    resultsLost: (stream: EventStream, _count: number) => stream.close("completed"),
  };
  assertEquals(Object.keys(greedy), ["ended", "resultsLost"]);
});

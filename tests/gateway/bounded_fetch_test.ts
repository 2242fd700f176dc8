/** Answers of remote servers are read no faster than they are taken. */
import { assert, assertEquals } from "@std/assert";
import { boundedFetch } from "../../lib/gateway/bounded_fetch.ts";

const BLOCK = new TextEncoder().encode(`data: ${"x".repeat(1_000)}\n\n`.repeat(64));

/** So many blocks of events. */
function stream(blocks: number): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < blocks) controller.enqueue(BLOCK);
      else controller.close();
    },
  });
}

Deno.test("a stream whose messages are not taken is not read further, and goes on once they are", async () => {
  const headers = { "content-type": "text/event-stream" };
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(stream(1_000), { headers }),
  );
  const asked = Promise.withResolvers<void>();
  let gate: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  const fetching = boundedFetch(100_000, () => (asked.resolve(), gate?.promise));
  const response = await fetching(`http://127.0.0.1:${server.addr.port}/`);
  let bytes = 0;
  const reading = response.body!.pipeTo(
    new WritableStream({ write: (part) => void (bytes += part.byteLength) }),
  );
  await asked.promise;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert(bytes <= 2 * BLOCK.byteLength, `${bytes} bytes`);
  const { resolve } = gate;
  gate = undefined;
  resolve();
  await reading;
  assertEquals(bytes, 1_000 * BLOCK.byteLength);
});

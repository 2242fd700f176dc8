/** Answers of remote servers are read no faster than they are taken, and end with their requests. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { boundedFetch } from "../../lib/gateway/bounded_fetch.ts";
import { collectGarbage } from "../helpers/garbage.ts";

const EVENT = new TextEncoder().encode("data: 1\n\n");
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

/** A server that sends one event on each stream, and tells when its client has ended one. */
function quietServer() {
  const ended = Promise.withResolvers<void>();
  const body = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(EVENT),
      cancel: () => ended.resolve(),
    });
  const headers = { "content-type": "text/event-stream" };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(body(), { headers }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    ended: ended.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Reads the first event, and keeps no more than the reader, as the client library does. */
async function firstEvent(url: string, signal: AbortSignal) {
  const { body } = await boundedFetch(100_000)(url, { method: "POST", signal });
  const reader = body!.getReader();
  await reader.read();
  return reader;
}

const SIGNALS = {
  "its signal": (own: AbortSignal) => own,
  "a signal that depends on others": (own: AbortSignal) =>
    AbortSignal.any([new AbortController().signal, own]),
};

for (const [kind, signalOf] of Object.entries(SIGNALS)) {
  Deno.test(`a stream ends when its request is aborted by ${kind}, also after garbage was collected`, async () => {
    await using server = quietServer();
    const abort = new AbortController();
    const reader = await firstEvent(server.url, signalOf(abort.signal));
    await collectGarbage();
    const next = assertRejects(() => reader.read(), Error, "not wanted");
    abort.abort(new Error("not wanted"));
    await next;
    await server.ended;
  });
}

Deno.test("a signal has no listeners for the streams that have ended", async () => {
  const blocks = new Map([["/whole", 2], ["/left", Infinity], ["/refused", Infinity]]);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) => new Response(stream(blocks.get(new URL(url).pathname)!)),
  );
  const { signal } = new AbortController();
  const listeners = { added: 0, removed: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners.added++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners.removed++;
    removeEventListener.apply(signal, args);
  };
  const fetching = boundedFetch(3 * BLOCK.byteLength);
  const ask = (path: string) => fetching(`http://127.0.0.1:${server.addr.port}${path}`, { signal });
  await (await ask("/whole")).bytes();
  await (await ask("/left")).body!.cancel();
  await assertRejects(async () => await (await ask("/refused")).bytes(), Error, "more than");
  assertEquals(listeners, { added: 3, removed: 3 });
});

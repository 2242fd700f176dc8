/** A remote server that sends without end is read more slowly, whatever it sends. */
import { assert, assertEquals } from "@std/assert";
import { boundedFetch, type ReadPart } from "../../lib/gateway/bounded_fetch.ts";
import { ReadingPace } from "../../lib/gateway/reading_pace.ts";
import { connectRemote } from "../../lib/gateway/remote_server.ts";

const MAX_BYTES = 4_194_304;
/** More than the buffers of sockets hold. */
const MUCH = 33_554_432;
const INITIALIZE = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n`;

/** A server whose every answer is an event stream of one text without end. */
function floodOf(text: string) {
  const block = new TextEncoder().encode(text.repeat(65_536 / text.length | 0));
  const sent = { bytes: 0 };
  const answer = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        sent.bytes += block.length;
        controller.enqueue(block);
      },
    }, { highWaterMark: 0 });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(answer(), { headers: { "content-type": "text/event-stream" } }),
  );
  return { sent, server, url: `http://127.0.0.1:${server.addr.port}/mcp` };
}

const FLOODS = {
  "empty lines": "\n",
  "comments": ": c\n\n\n\n\n",
  "events that no client reads": "event: x\ndata:1\n\n",
};

for (const [what, text] of Object.entries(FLOODS)) {
  Deno.test(`a remote server that sends ${what} without end is read no further`, async () => {
    const { sent, server, url } = floodOf(text);
    const remote = connectRemote("far", { url, headers: {}, transport: "http" }, MAX_BYTES);
    await remote.input.getWriter().write(new TextEncoder().encode(INITIALIZE));
    while (sent.bytes === 0) await turn();
    for (let turns = 0; turns < 150 && sent.bytes < MUCH; turns++) await turn();
    assert(sent.bytes < MUCH, `${sent.bytes} bytes were read`);
    await remote.end();
    await server.shutdown();
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("each empty line of an event stream is counted, in whatever parts it comes", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () =>
      new Response("data: 1\n\n\n\r\n: x\r\n\r\ndata: 2", {
        headers: { "content-type": "text/event-stream" },
      }),
  );
  const parts: ReadPart[] = [];
  const response = await boundedFetch(MAX_BYTES, (part) => void parts.push(part))(
    `http://127.0.0.1:${server.addr.port}/`,
    { method: "POST" },
  );
  const { length } = await response.text();
  const sum = (key: keyof ReadPart) => parts.reduce((total, part) => total + part[key], 0);
  assertEquals([sum("events"), sum("bytes")], [4, length]);
});

Deno.test("answers that were asked for cost nothing, and the end of a server holds up nothing", async () => {
  const told: number[] = [];
  const pace = new ReadingPace(() => false, (rests) => told.push(rests));
  for (let answers = 0; answers < 50_000; answers++) {
    assertEquals(pace.mayReadOn({ bytes: 100, events: 1 }), undefined);
    pace.giveBack(100);
  }
  let rest: Promise<void> | undefined;
  while (rest === undefined) rest = pace.mayReadOn({ bytes: 4_096, events: 4_096 });
  assertEquals(pace.mayReadOn({ bytes: 1, events: 0 }), rest);
  assertEquals(told, [1]);
  pace.end();
  await rest;
  assertEquals(pace.mayReadOn({ bytes: 4_096, events: 4_096 }), undefined);
});

Deno.test("a server whose messages wait to be taken is not read on until they are", async () => {
  let isFull = true;
  const pace = new ReadingPace(() => isFull);
  const taken = pace.mayReadOn({ bytes: 100, events: 1 });
  assert(taken !== undefined);
  isFull = false;
  pace.taken();
  await taken;
  assertEquals(pace.mayReadOn({ bytes: 100, events: 1 }), undefined);
  pace.end();
});

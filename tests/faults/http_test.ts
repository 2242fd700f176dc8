import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { exchange } from "./http.ts";
import { joinBytes, ResponseParser } from "./http_response.ts";
import { SseStream } from "./sse_stream.ts";

const RESPONSES = {
  "of declared length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
  "in chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "4\r\n0123\r\n6;ext\r\n456789\r\n0\r\n\r\n",
  "up to the end of the connection": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789",
} as const;

/** Parses bytes in pieces; returns the body and whether the response is complete. */
function parse(bytes: Uint8Array, cuts: readonly number[] = []): [string, boolean] {
  const parts: Uint8Array[] = [];
  const parser = new ResponseParser({ onBody: (part) => void parts.push(part.slice()) });
  const ends = [...cuts].map((cut) => cut % bytes.length).sort((a, b) => a - b);
  for (const [i, end] of [...ends, bytes.length].entries()) {
    parser.push(bytes.slice(ends[i - 1] ?? 0, end));
  }
  return [new TextDecoder().decode(joinBytes(parts)), parser.isComplete];
}

for (const [kind, text] of Object.entries(RESPONSES)) {
  Deno.test(`ResponseParser reads a response ${kind}, however its bytes are cut`, () => {
    const bytes = new TextEncoder().encode(text);
    const isComplete = !kind.startsWith("up to");
    fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 10 }), (cuts) => {
      assertEquals(parse(bytes, cuts), ["0123456789", isComplete]);
    }));
  });
}

Deno.test("ResponseParser takes no response for complete that lacks its last byte", () => {
  for (const text of [RESPONSES["of declared length"], RESPONSES["in chunks"]]) {
    const bytes = new TextEncoder().encode(text.slice(0, -1));
    assertEquals(parse(bytes)[1], false);
  }
});

Deno.test("ResponseParser refuses what is no HTTP", () => {
  const isRefused = (text: string) =>
    assertThrows(() => parse(new TextEncoder().encode(text)), Error, "Not");
  isRefused("SSH-2.0-OpenSSH\r\n\r\n");
  isRefused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n");
});

/** A server that answers its first connection with these bytes and closes it. */
function serveOnce(answer: string): { port: number; done: Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    using connection = await listener.accept();
    listener.close();
    await connection.read(new Uint8Array(65_536));
    await connection.write(new TextEncoder().encode(answer));
  };
  return { port: listener.addr.port, done: serve() };
}

Deno.test("exchange() tells a whole response from one that was cut off", async () => {
  const whole = serveOnce(RESPONSES["in chunks"]);
  const { status, body, isComplete } = await exchange(whole, { path: "/" });
  assertEquals({ status, body, isComplete }, {
    status: 200,
    body: "0123456789",
    isComplete: true,
  });
  await whole.done;
  const cut = serveOnce(RESPONSES["in chunks"].slice(0, -20));
  assertEquals((await exchange(cut, { path: "/" })).isComplete, false);
  await cut.done;
  const silent = serveOnce("");
  await assertRejects(() => exchange(silent, { path: "/" }), Error, "No answer");
  await silent.done;
});

Deno.test("SseStream gives the events, and tells how the stream ended", async () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const event = "event: welcome\ndata: {}\n\n";
  const chunk = `${event.length.toString(16)}\r\n${event}\r\n`;
  for (const [end, how] of [["0\r\n\r\n", "complete"], ["", "truncated"]]) {
    const server = serveOnce(head + chunk + end);
    const events: string[] = [];
    using stream = await SseStream.open(server, {
      onEvent: ({ event, data }) => void events.push(`${event} ${data}`),
    });
    assertEquals(await stream.ended, how);
    assertEquals(events, ["welcome {}"]);
    await server.done;
  }
});

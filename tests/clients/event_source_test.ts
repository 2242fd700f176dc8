/**
 * Event source libraries reconnect by themselves and POST the same call again: with an
 * Idempotency-Key it runs once.
 */
import { assertEquals } from "@std/assert";
// deno-lint-ignore no-import-prefix -- a client of these tests alone
import { EventStreamContentType, fetchEventSource } from "npm:@microsoft/fetch-event-source@2.0.1";
// deno-lint-ignore no-import-prefix -- as above
import { EventSource } from "npm:eventsource@3.0.7";
import { createApp } from "../../lib/mod.ts";
import { HeldTool } from "../helpers/tools.ts";

const CALL = {
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { name: "held", arguments: {} },
};
const HEADERS = { accept: "text/event-stream", "content-type": "application/json" };

/** POSTs the call to a URL and gives the text of its response, however often the stream is lost. */
type CallWith = (url: string, headers: Record<string, string>) => Promise<string>;

const textOf = (data: string): string => JSON.parse(data).result.content[0].text;

const LIBRARIES: Readonly<Record<string, CallWith>> = {
  "@microsoft/fetch-event-source": async (url, headers) => {
    // It is made for browsers: it takes its timers from the window, and listens to the document.
    Object.assign(globalThis, { window: globalThis, document: new EventTarget() });
    const stop = new AbortController();
    let text = "";
    await fetchEventSource(url, {
      method: "POST",
      headers: { ...HEADERS, ...headers },
      body: JSON.stringify(CALL),
      signal: stop.signal,
      openWhenHidden: true,
      onopen: (response) => {
        assertEquals(response.headers.get("content-type"), EventStreamContentType);
        return Promise.resolve();
      },
      onmessage: ({ event, data }) => {
        if (event !== "response") return;
        text = textOf(data);
        stop.abort();
      },
      // To reopen the stream after a clean end, throw here; `onerror` then says how soon.
      onclose: () => {
        throw new Error("Stream ended");
      },
      onerror: () => 10,
    });
    return text;
  },
  "eventsource": (url, headers) => {
    const source = new EventSource(url, {
      fetch: (input, init) =>
        fetch(input, {
          ...init,
          method: "POST",
          headers: { ...init?.headers, ...HEADERS, ...headers },
          body: JSON.stringify(CALL),
        }),
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    source.addEventListener("response", ({ data }) => {
      source.close();
      resolve(textOf(data));
    });
    return promise;
  },
};

for (const [name, callWith] of Object.entries(LIBRARIES)) {
  for (const hasKey of [true, false]) {
    const how = hasKey ? "with an Idempotency-Key is run once" : "without one is run again";

    Deno.test(`${name}: a call that it POSTs again ${how}`, async () => {
      const held = new HeldTool();
      const app = createApp({ tools: [held.tool] });
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        (request) => app.fetch(request),
      );
      try {
        const headers: Record<string, string> = hasKey
          ? { "idempotency-key": crypto.randomUUID() }
          : {};
        const calling = callWith(`http://127.0.0.1:${server.addr.port}/mcp/sse`, headers);
        const first = await held.next();
        for (const stream of app.connections.streams()) app.connections.close(stream.id);
        const last = hasKey ? first : await held.next();
        while (app.connections.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        last.finish("done");
        assertEquals(await calling, "done");
        assertEquals(held.calls.length, hasKey ? 1 : 2);
      } finally {
        app.stop();
        await server.shutdown();
      }
    });
  }
}

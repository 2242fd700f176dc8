// The limit for open streams: a bare ReadableStream each, and one timer that pings all.
// First argument: ms between two pings. With a second one, `heap`, `GET /bench/heap` tells the heap
// in use after a collection.
// deno-lint-ignore-file no-console -- a peer is no part of the project
const pingMs = Number(Deno.args[0] ?? 15_000);
const tellsHeap = Deno.args[1] === "heap";
const encoder = new TextEncoder();
const WELCOME = encoder.encode("event: response\ndata: {}\n\n");
const PING = encoder.encode(": ping\n\n");
const open = new Set();

setInterval(() => {
  for (const controller of open) {
    try {
      controller.enqueue(PING);
    } catch {
      open.delete(controller);
    }
  }
}, pingMs);

function stream() {
  let mine;
  return new ReadableStream({
    start(controller) {
      mine = controller;
      open.add(controller);
      controller.enqueue(WELCOME);
    },
    cancel: () => open.delete(mine),
  });
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, (request) => {
  if (tellsHeap && request.url.endsWith("/bench/heap")) {
    globalThis.gc();
    return Response.json({ used: Deno.memoryUsage().heapUsed });
  }
  return new Response(stream(), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" },
  });
});

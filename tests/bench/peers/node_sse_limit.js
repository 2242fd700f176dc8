// The limit for open streams on node:http: one response each, and one timer that pings all.
// Argument: ms between two pings.
// deno-lint-ignore-file no-console -- a peer is no part of the project
import { createServer } from "node:http";
import process from "node:process";

const pingMs = Number(process.argv[2] ?? 15_000);
const WELCOME = "event: response\ndata: {}\n\n";
const PING = ": ping\n\n";
const open = new Set();

setInterval(() => {
  for (const out of open) out.write(PING);
}, pingMs);

const server = createServer({ noDelay: true }, (incoming, out) => {
  out.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
  });
  out.write(WELCOME);
  incoming.resume();
  open.add(out);
  out.on("close", () => open.delete(out));
});
server.listen(0, "127.0.0.1", () => console.error(`http://127.0.0.1:${server.address().port}`));

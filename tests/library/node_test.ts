import { tryExample } from "./other_runtime.ts";

Deno.test("on Node 24 the example answers a call, streams, and stops on SIGTERM", () =>
  tryExample({
    name: "node",
    files: ["loader.mjs", "server.mjs"],
    runtime: "node@24.21.0",
    program: "node/bin/node",
    args: ["./server.mjs"],
  }));

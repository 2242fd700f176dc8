import { tryExample } from "./other_runtime.ts";

Deno.test("on Bun the example answers a call, streams, and stops on SIGTERM", () =>
  tryExample({
    name: "bun",
    files: ["lifeline.tsconfig.json", "server.ts"],
    runtime: "bun@1.4.5",
    program: "bun/bin/bun.exe",
    args: ["--tsconfig-override=./lifeline.tsconfig.json", "./server.ts"],
  }));

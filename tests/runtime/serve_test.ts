/** The server on a socket, where the platform gives less than usual. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mock } from "node:test";
import { ConfigError } from "../../lib/base/errors.ts";
import { createApp } from "../../lib/mod.ts";
import { serve } from "../../lib/runtime/serve.ts";
import { freePort } from "../helpers/ports.ts";
import { CapturedLog } from "../helpers/log.ts";
import { ServerProcess } from "../helpers/process.ts";

/** Signals that can be listened for, and who listens. */
class Platform implements Disposable {
  readonly handlers = new Map<Deno.Signal, () => void>();

  constructor(refused: readonly Deno.Signal[]) {
    mock.method(Deno, "addSignalListener", (signal: Deno.Signal, handler: () => void) => {
      if (refused.includes(signal)) throw new TypeError(`${signal} is not supported here`);
      this.handlers.set(signal, handler);
    });
    mock.method(Deno, "removeSignalListener", (signal: Deno.Signal) => {
      if (!this.handlers.delete(signal)) throw new TypeError(`Nobody listens for ${signal}`);
    });
  }

  [Symbol.dispose](): void {
    mock.restoreAll();
  }
}

/** Serves until its test raises a signal. */
async function served(onReady: (address: Deno.Addr) => Promise<void>): Promise<number> {
  const ready = Promise.withResolvers<Deno.Addr>();
  const ended = serve(createApp(), {
    hostname: "127.0.0.1",
    port: 0,
    drainMs: 1_000,
    onListen: ready.resolve,
  });
  await onReady(await Promise.race([ready.promise, ended.then(tooEarly)]));
  return await ended;
}

function tooEarly(): never {
  throw new Error("The server has ended by itself");
}

Deno.test("serve() starts, and drains on SIGINT, where the platform refuses a listener for SIGTERM", async () => {
  using log = new CapturedLog();
  using platform = new Platform(["SIGTERM"]);
  const code = await served(async (address) => {
    assert("hostname" in address);
    const response = await fetch(`http://127.0.0.1:${address.port}/healthz`);
    assertEquals([response.status, await response.json()], [200, { status: "ok" }]);
    assertEquals([...platform.handlers.keys()], ["SIGINT", "SIGHUP"]);
    platform.handlers.get("SIGINT")?.();
  });
  assertEquals([code, platform.handlers.size], [0, 0]);
  const [line] = log.of("Signal cannot be listened for");
  assertEquals([line?.level, line?.fields.signal], ["WARNING", "SIGTERM"]);
});

Deno.test("serve() lets go of signals and timers when it cannot listen", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using platform = new Platform([]);
  const { hostname, port } = taken.addr;
  await assertRejects(() => serve(createApp(), { hostname, port, drainMs: 0 }), ConfigError);
  assertEquals(platform.handlers.size, 0);
});

Deno.test("main.ts serves at DENO_SERVE_ADDRESS when the platform sets it, whatever PORT says", async () => {
  const port = freePort();
  await using server = await ServerProcess.start({
    env: { DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` },
  });
  assertEquals(server.url, `http://localhost:${port}`);
  assertEquals((await (await fetch(`${server.url}/readyz`)).json()).status, "ready");
  assertEquals(await server.stop("SIGINT"), 0);
});

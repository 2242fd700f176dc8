import type { AppOptions } from "../../lib/mod.ts";
import { createFixture } from "./fixture.ts";

/** The fixture on its own socket, until the end of the block. */
export function serveFixture(options: AppOptions = {}) {
  const app = createFixture(options);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  return {
    app,
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      app.stop();
      await server.shutdown();
    },
  };
}

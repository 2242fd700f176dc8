import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { AcceptWatch } from "../../../lib/runtime/listen/accept_watch.ts";

/** A watch over a socket that accepts nothing, in fake time. */
async function watchDeaf(
  test: (look: (lateMs: number) => void, errors: readonly string[]) => void,
): Promise<void> {
  using deaf = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let now = 0;
    const errors: string[] = [];
    const { hostname: host, port } = deaf.addr;
    const watch = new AcceptWatch({ host, port }, (error) => errors.push(error), () => now);
    watch.start(false);
    test((lateMs) => {
      now += 250 + lateMs;
      mock.timers.tick(250);
    }, errors);
    watch.stop();
  } finally {
    mock.timers.reset();
  }
  // The probe's own socket ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a listener that accepts nothing for 2 s is deaf", () =>
  watchDeaf((look, errors) => {
    for (let count = 0; count < 7; count++) look(0);
    assertEquals(errors, []);
    look(0);
    assertEquals(errors, ["No connection is accepted"]);
  }));

Deno.test("a listener is not deaf while the event loop is too busy to accept", () =>
  watchDeaf((look, errors) => {
    for (let count = 0; count < 40; count++) look(200);
    assertEquals(errors, []);
    for (let count = 0; count < 8; count++) look(0);
    assertEquals(errors, ["No connection is accepted"]);
  }));

/** The time limit of bodies: which are late, however many come and go meanwhile. */
import { assertEquals } from "@std/assert";
import type { ProtocolError } from "../../lib/base/errors.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import {
  type BodyConsumer,
  BodyDeadlines,
  PendingBody,
} from "../../lib/transport/body/deadlines.ts";
import { FakeTime, settled } from "../helpers/time.ts";

/** Bodies on their way, and what became of each. */
class Bodies implements Disposable {
  readonly time = new FakeTime();
  readonly wheel = new TimerWheel({ clock: this.time.clock });
  readonly deadlines = new BodyDeadlines(16_000, this.wheel);
  readonly told: string[] = [];
  readonly errors: ProtocolError[] = [];

  /** A body begins to come; returns what ends it. */
  begin(name: string) {
    const owner = {
      headers: new Headers(),
      fail: (error: ProtocolError) => {
        this.told.push(`${name}: ${error.kind}`);
        this.errors.push(error);
        return new Response();
      },
    } as unknown as BodyConsumer;
    const pending = new PendingBody(owner, this.deadlines);
    pending.onLate = () => void this.told.push(`${name} is stopped`);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const answered = pending.follow(promise, {
      take: (text) => {
        this.told.push(`${name}: ${text}`);
        return new Response();
      },
    });
    return { pending, resolve, reject, answered };
  }

  [Symbol.dispose](): void {
    this.wheel.stop();
    this.time[Symbol.dispose]();
  }
}

Deno.test("a body is late after its time and at most a sixteenth more, and its client is told once", async () => {
  using bodies = new Bodies();
  const body = bodies.begin("slow");
  await bodies.time.advance(16_900);
  assertEquals([bodies.told, body.pending.isLate], [[], false]);
  await bodies.time.advance(300);
  assertEquals(bodies.told, ["slow is stopped", "slow: body_timeout"]);
  assertEquals(body.pending.isLate, true);
  const [error] = bodies.errors;
  assertEquals(
    [error?.message, error?.headers],
    ["The body did not arrive within 16000 ms (MCP_BODY_TIMEOUT_MS)", { connection: "close" }],
  );
  assertEquals(bodies.wheel.size, 0);
  body.resolve("too late");
  await body.answered;
  await settled();
  assertEquals(bodies.told.length, 2);
});

Deno.test("a body that fails after its time is told to nobody", async () => {
  using bodies = new Bodies();
  const body = bodies.begin("slow");
  await bodies.time.advance(17_200);
  body.reject(new Error("broken"));
  await settled();
  assertEquals(bodies.told, ["slow is stopped", "slow: body_timeout"]);
});

Deno.test("a body that comes at once is answered, and one that breaks off is refused", async () => {
  using bodies = new Bodies();
  const [whole, broken] = [bodies.begin("whole"), bodies.begin("broken")];
  whole.resolve("all of it");
  await whole.answered;
  broken.reject(new Error("cut"));
  await broken.answered;
  assertEquals(bodies.told, ["whole: all of it", "broken: parse_error"]);
  assertEquals(bodies.errors[0]?.message, "The body could not be read to its end");
  await bodies.time.advance(1_100);
  assertEquals(bodies.wheel.size, 0);
  await bodies.time.advance(17_000);
  assertEquals(bodies.told.length, 2);
});

Deno.test("each body has its own time, from its own beginning", async () => {
  using bodies = new Bodies();
  for (const name of ["a", "b", "c"]) {
    bodies.begin(name);
    await bodies.time.advance(5_000);
  }
  const late = () => bodies.told.filter((text) => text.endsWith("body_timeout")).length;
  assertEquals(late(), 0);
  await bodies.time.advance(2_200);
  assertEquals(late(), 1);
  await bodies.time.advance(5_000);
  assertEquals(late(), 2);
  await bodies.time.advance(5_000);
  assertEquals(late(), 3);
});

for (const order of ["abcd", "dcba", "bdac", "cabd", "badc"]) {
  Deno.test(`bodies that end in the order ${order} leave the others their time`, async () => {
    for (let ended = 0; ended <= order.length; ended++) {
      using bodies = new Bodies();
      const all = Object.fromEntries([..."abcd"].map((name) => [name, bodies.begin(name)]));
      const gone = [...order].slice(0, ended);
      for (const name of gone) {
        all[name]!.resolve("ok");
        await all[name]!.answered;
      }
      await bodies.time.advance(17_200, 500);
      const late = [..."dcba"].filter((name) => !gone.includes(name));
      assertEquals(bodies.told, [
        ...gone.map((name) => `${name}: ok`),
        ...late.flatMap((name) => [`${name} is stopped`, `${name}: body_timeout`]),
      ]);
    }
  });
}

Deno.test("a body that comes when no other is on its way has its whole time again", async () => {
  using bodies = new Bodies();
  const first = bodies.begin("first");
  await bodies.time.advance(10_000);
  first.resolve("ok");
  await bodies.time.advance(10_000);
  bodies.begin("second");
  await bodies.time.advance(15_900);
  assertEquals(bodies.told, ["first: ok"]);
  await bodies.time.advance(1_300);
  assertEquals(bodies.told, ["first: ok", "second is stopped", "second: body_timeout"]);
});

import { assertEquals } from "@std/assert";
import { Breaker } from "../../lib/gateway/breaker.ts";

const REFUSAL = (seconds: number) =>
  `. It failed 5 times within a minute, and is tried again in ${seconds} s`;

function started() {
  const clock = { now: 1_000_000 };
  const breaker = new Breaker(() => clock.now);
  const end = (times: number) => {
    for (let time = 0; time < times; time++) breaker.ended();
  };
  return { clock, breaker, end };
}

Deno.test("a server that ended 5 times within a minute is refused for 30 s, in whole seconds", () => {
  const { clock, breaker, end } = started();
  end(4);
  assertEquals(breaker.refusal, undefined);
  end(1);
  assertEquals(breaker.refusal, REFUSAL(30));
  clock.now += 17_001;
  assertEquals(breaker.refusal, REFUSAL(13));
  clock.now += 12_999;
  assertEquals(breaker.refusal, REFUSAL(0));
  clock.now += 1;
  assertEquals(breaker.refusal, undefined);
});

Deno.test("ends more than a minute ago, and those before a restart by hand, are forgotten", () => {
  const { clock, breaker, end } = started();
  end(4);
  clock.now += 60_000;
  end(1);
  assertEquals(breaker.refusal, undefined);
  end(4);
  assertEquals(breaker.refusal, REFUSAL(30));
  breaker.reset();
  assertEquals(breaker.refusal, undefined);
});

Deno.test("the pause before a start doubles from half a second to 30 s, and anew once connected", () => {
  const { breaker } = started();
  const pauses = () => Array.from({ length: 8 }, () => breaker.nextDelay());
  const doubled = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
  assertEquals(pauses(), doubled);
  breaker.connected();
  assertEquals(pauses(), doubled);
});

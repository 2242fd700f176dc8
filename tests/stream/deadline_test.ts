/** The moment at which a stream must end, to the millisecond. */
import { assertEquals } from "@std/assert";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { Credential } from "../../lib/stream/credentials.ts";
import {
  endReason,
  maxAgeEnd,
  nextLook,
  type StreamTime,
  type StreamWork,
} from "../../lib/stream/deadline.ts";
import { fixedRandom } from "../helpers/random.ts";
import { FakeTime, START } from "../helpers/time.ts";

const LIMITS = { MCP_MAX_CONNECTION_MS: 100_000, MCP_REQUEST_TIMEOUT_MS: 30_000 };
const IDLE = { unanswered: 0, isBusy: () => false };
/** A client that sends requests one after another, none of which runs now. */
const CHATTING = { unanswered: 0, isBusy: () => true };
const CALLING = { unanswered: 1, isBusy: () => true };

/** The time of a stream that was opened at a time. */
function timeOf(openedAt: number, credential?: Credential): StreamTime {
  return { maxAgeAt: maxAgeEnd(openedAt, LIMITS), credential };
}

const reasonFor = (time: StreamTime, now: number, work: StreamWork) =>
  endReason(time, now, work, LIMITS);

/** A credential that lasts until so long after the start of the fake time. */
function lasting(ms: number): Credential {
  const options = { wheel: new TimerWheel({ clock: () => 0 }), recheckMs: 60_000 };
  const credential = new Credential("ada", options, () => {});
  credential.renew({ principal: "ada", expiresAt: START + ms });
  return credential;
}

for (const [random, maxAgeAt] of [[0, 85_000], [0.5, 95_000], [0.75, 100_000]] as const) {
  Deno.test(`an idle stream opened at 5 s ends at ${maxAgeAt} ms where chance gives ${random}`, () => {
    using _ = fixedRandom(random);
    const time = timeOf(5_000);
    const reasons = [-1, 0, 1].map((ms) => reasonFor(time, maxAgeAt + ms, IDLE));
    assertEquals(reasons, [undefined, "max_age", "max_age"]);
  });
}

Deno.test("the maximum age waits for a busy stream, for the time that a call may take", () => {
  using _ = fixedRandom(0);
  const time = timeOf(0);
  for (const work of [CHATTING, CALLING]) {
    const reasons = [80_000, 109_999, 110_000].map((now) => reasonFor(time, now, work));
    assertEquals(reasons, [undefined, undefined, "max_age"]);
  }
});

Deno.test("the end of a credential waits for running calls alone, for the time that one may take", async () => {
  using time = new FakeTime();
  const own = timeOf(0, lasting(1_000));
  const reasons = () => [IDLE, CHATTING, CALLING].map((work) => reasonFor(own, 0, work));
  await time.advance(999, 999);
  assertEquals(reasons(), [undefined, undefined, undefined]);
  await time.advance(1);
  assertEquals(reasons(), ["auth_expired", "auth_expired", undefined]);
  await time.advance(29_999, 29_999);
  assertEquals(reasons(), ["auth_expired", "auth_expired", undefined]);
  await time.advance(1);
  assertEquals(reasons(), ["auth_expired", "auth_expired", "auth_expired"]);
});

Deno.test("the next look is at the end that comes first, and after the pause once that has passed", () => {
  using _ = fixedRandom(0);
  using _time = new FakeTime();
  const nextAt = (now: number, credential?: Credential) =>
    nextLook(timeOf(0, credential), now, 250);
  assertEquals([0, 79_999, 80_000, 90_000].map((now) => nextAt(now)), [
    80_000,
    80_000,
    80_250,
    90_250,
  ]);
  assertEquals([lasting(90_000), lasting(7_000)].map((one) => nextAt(0, one)), [80_000, 7_000]);
  assertEquals([1, 0, -1].map((ms) => nextAt(10, lasting(ms))), [11, 260, 260]);
});

/** The credentials of callers: how long they last, and when somebody asks whether they are good. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Identity } from "../../lib/base/identity.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { Credentials } from "../../lib/stream/credentials.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const RECHECK_MS = 60_000;

/** Credentials in fake time, and what they close. */
class Callers implements Disposable {
  readonly time = new FakeTime();
  readonly wheel = new TimerWheel({ clock: this.time.clock });
  readonly closed: string[] = [];
  readonly credentials: Credentials;

  /** @param principals the callers of the open streams */
  constructor(...principals: (string | undefined)[]) {
    const streams = principals.map((principal) => ({
      client: { principal },
      close: (reason: string) => void this.closed.push(`${principal} ${reason}`),
    }));
    this.credentials = new Credentials(
      this.wheel,
      { MCP_AUTH_RECHECK_MS: RECHECK_MS },
      () => streams,
    );
  }

  [Symbol.dispose](): void {
    this.wheel.stop();
    this.time[Symbol.dispose]();
  }
}

/** A caller whose credential is asked about, and answered when the test says. */
function checked(principal: string) {
  const asked: ((isGood: boolean) => void)[] = [];
  const recheck = () => new Promise<boolean>((answer) => void asked.push(answer));
  return { asked, identity: { principal, recheck } satisfies Identity };
}

Deno.test("a credential is asked about once in each interval while it is good, then its streams end", async () => {
  using callers = new Callers("ada", "eve", undefined, "ada");
  const { asked, identity } = checked("ada");
  callers.credentials.opened(identity);
  await callers.time.advance(RECHECK_MS - 1, RECHECK_MS);
  assertEquals(asked.length, 0);
  await callers.time.advance(1);
  assertEquals([asked.length, callers.wheel.size], [1, 0]);
  asked[0]?.(true);
  await settled();
  assertEquals([callers.closed, callers.wheel.size], [[], 1]);
  await callers.time.advance(RECHECK_MS, RECHECK_MS);
  asked[1]?.(false);
  await settled();
  assertEquals([callers.closed, callers.wheel.size], [["ada auth_expired", "ada auth_expired"], 0]);
});

Deno.test("a credential that is shown again is asked about when it was due, a newer one anew", async () => {
  using callers = new Callers("ada");
  const [first, second] = [checked("ada"), checked("ada")];
  callers.credentials.opened(first.identity);
  await callers.time.advance(RECHECK_MS / 2, RECHECK_MS);
  callers.credentials.renew(first.identity);
  await callers.time.advance(RECHECK_MS / 2, RECHECK_MS);
  assertEquals(first.asked.length, 1);
  first.asked[0]?.(true);
  await callers.time.advance(RECHECK_MS / 2, RECHECK_MS);
  callers.credentials.renew(second.identity);
  await callers.time.advance(RECHECK_MS / 2, RECHECK_MS);
  assertEquals([first.asked.length, second.asked.length], [1, 0]);
  await callers.time.advance(RECHECK_MS / 2, RECHECK_MS);
  assertEquals([first.asked.length, second.asked.length], [1, 1]);
});

Deno.test("nobody asks about a credential that cannot be withdrawn", () => {
  using callers = new Callers("ada");
  callers.credentials.opened(checked("ada").identity);
  assertEquals(callers.wheel.size, 1);
  callers.credentials.renew({ principal: "ada" });
  assertEquals(callers.wheel.size, 0);
  callers.credentials.opened({ principal: "eve" });
  assertEquals(callers.wheel.size, 0);
});

Deno.test("an answer counts no more once a newer credential was shown", async () => {
  for (const isGood of [true, false]) {
    using callers = new Callers("ada");
    const old = checked("ada");
    callers.credentials.opened(old.identity);
    await callers.time.advance(RECHECK_MS, RECHECK_MS);
    callers.credentials.renew({ principal: "ada" });
    old.asked[0]?.(isGood);
    await settled();
    assertEquals([callers.closed, callers.wheel.size], [[], 0]);
  }
});

Deno.test("an answer counts no more once the last stream has ended", async () => {
  for (const isGood of [true, false]) {
    using callers = new Callers("ada");
    const { asked, identity } = checked("ada");
    callers.credentials.opened(identity);
    await callers.time.advance(RECHECK_MS, RECHECK_MS);
    callers.credentials.closed(identity);
    asked[0]?.(isGood);
    await settled();
    assertEquals([callers.closed, callers.wheel.size], [[], 0]);
  }
});

Deno.test("a credential is known until the last of its streams has ended, and then forgotten", () => {
  using callers = new Callers();
  const { credentials, wheel } = callers;
  const { identity } = checked("ada");
  const later = { ...identity, expiresAt: 2_000 };
  const first = credentials.opened(later);
  assertStrictEquals(credentials.opened({ ...identity, expiresAt: 1_000 }), first);
  assertEquals([first?.expiresAt, first?.streams, wheel.size], [2_000, 2, 1]);
  credentials.closed(identity);
  assertEquals([first?.streams, wheel.size], [1, 1]);
  credentials.renew({ ...identity, expiresAt: 3_000 });
  assertEquals(first?.expiresAt, 3_000);
  credentials.closed(identity);
  assertEquals([first?.streams, wheel.size], [0, 0]);
  credentials.closed(identity);
  credentials.renew({ ...identity, expiresAt: 9_000 });
  assertEquals([first?.streams, first?.expiresAt], [0, 3_000]);
  assertEquals(credentials.opened({ ...identity, expiresAt: 1_000 })?.expiresAt, 1_000);
});

Deno.test("an anonymous caller has no credential", () => {
  using callers = new Callers(undefined);
  assertEquals(callers.credentials.opened(undefined), undefined);
  callers.credentials.closed(undefined);
  assertEquals(callers.wheel.size, 0);
});

Deno.test("`end()` ends the streams of one principal, for the reason given, and counts them", () => {
  using callers = new Callers("ada", undefined, "eve", "ada");
  assertEquals(callers.credentials.end("ada", "disconnected"), 2);
  assertEquals(callers.closed, ["ada disconnected", "ada disconnected"]);
  assertEquals(callers.credentials.end("nobody", "disconnected"), 0);
  assertEquals(callers.closed.length, 2);
});

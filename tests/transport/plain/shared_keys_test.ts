/** Keys of calls that several instances share: who runs a call, and what answers the others. */
import { assertEquals } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import type { Fleet } from "../../../lib/fleet/fleet.ts";
import type { Claim } from "../../../lib/store/shared_store.ts";
import { SharedKeys } from "../../../lib/transport/plain/shared_keys.ts";
import { FakeTime, settled } from "../../helpers/time.ts";

const CALL = { name: "call", digest: "digest", lifeMs: 5_000, isRepeatable: false };

type Handler = (body: unknown, from: string) => unknown;

/** The keys of instance `a`, beside an instance `b`. */
class Here implements Disposable {
  readonly time = new FakeTime();
  readonly wheel = new TimerWheel({ clock: this.time.clock });
  readonly told: unknown[][] = [];
  /** Claims of the store; each look-up takes the first, and leaves the last. */
  claims: (Claim | Error)[] = [];
  /** The kept responses of each look-up. */
  responses: (string | undefined)[] = [];
  replies: unknown[] = [];
  state = "alive";
  isRunning = false;
  releaseError: Error | undefined;
  /** Holds up what gives a key back. */
  gate: Promise<void> = Promise.resolve();
  #handler: Handler | undefined;
  readonly keys: SharedKeys;

  constructor() {
    const fleet = {
      me: "a",
      wheel: this.wheel,
      on: (kind: string, handler: Handler) => {
        assertEquals(kind, "keyed /mcp");
        this.#handler = handler;
      },
      ask: (...asked: unknown[]) => {
        this.told.push(["ask", ...asked]);
        const reply = this.replies.shift();
        return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
      },
      stateOf: (instance: string) => {
        assertEquals(instance, "b");
        return Promise.resolve(this.state);
      },
      failed: (what: string, error: Error) => void this.told.push(["failed", what, error.message]),
      store: {
        directory: {
          claim: (...asked: unknown[]) => {
            this.told.push(["claim", ...asked]);
            const claim = this.claims.length > 1 ? this.claims.shift()! : this.claims[0]!;
            return claim instanceof Error ? Promise.reject(claim) : Promise.resolve(claim);
          },
          release: (name: string) => {
            this.told.push(["release", name]);
            return this.releaseError ? Promise.reject(this.releaseError) : this.gate;
          },
        },
      },
    } as unknown as Fleet;
    this.keys = new SharedKeys({
      fleet,
      path: "/mcp",
      read: () => Promise.resolve(this.responses.shift()),
      isRunning: (name) => name === "call" && this.isRunning,
    });
  }

  /** What this instance replies to another that asks after a call. */
  replyTo(name: unknown): unknown {
    return this.#handler?.({ name }, "b");
  }

  /** How often the other instance was asked. */
  get asked(): number {
    return this.told.filter(([what]) => what === "ask").length;
  }

  async find(isRepeatable = false) {
    const state = await this.keys.find({ ...CALL, isRepeatable });
    return state.is === "refused" ? [state.error.kind, state.error.message] : state;
  }

  [Symbol.dispose](): void {
    this.wheel.stop();
    this.time[Symbol.dispose]();
  }
}

const NEW: Claim = { instance: "a", note: "digest", isNew: true };
const ELSEWHERE: Claim = { instance: "b", note: "digest", isNew: false };
const GONE = "Invalid request: this Idempotency-Key was used, and the response is gone; send a " +
  "new key to run the request";

Deno.test("a key that no instance has is claimed for its time, and nobody is asked", async () => {
  using here = new Here();
  here.claims = [NEW];
  assertEquals(await here.find(), { is: "claimed" });
  assertEquals(here.told, [["claim", "call", "digest", 5_000]]);
});

Deno.test("a key whose response is kept is answered with it", async () => {
  for (const claim of [NEW, ELSEWHERE]) {
    using here = new Here();
    here.claims = [claim];
    here.responses = ["kept"];
    assertEquals(await here.find(), { is: "answered", text: "kept" });
    assertEquals(here.asked, 0);
  }
});

Deno.test("a key that was used with another request is refused", async () => {
  using here = new Here();
  here.claims = [{ ...ELSEWHERE, note: "another" }];
  here.responses = ["kept"];
  assertEquals(await here.find(), [
    "invalid_request",
    "Invalid request: this Idempotency-Key was sent with another request already; send a new " +
    "key to run the request",
  ]);
});

Deno.test("a key that this instance has, without a response and without a call, is used up", async () => {
  using here = new Here();
  here.claims = [{ ...ELSEWHERE, instance: "a" }];
  assertEquals(await here.find(), ["invalid_request", GONE]);
  assertEquals(here.asked, 0);
});

Deno.test("a call at another instance is waited for, a quarter of a second between two questions", async () => {
  using here = new Here();
  here.claims = [ELSEWHERE];
  here.responses = [undefined, "kept"];
  here.replies = ["running", new Error("no reply"), "running", undefined];
  const found = here.find();
  await settled();
  for (const [ms, asked] of [[225, 1], [75, 2], [175, 2], [100, 3], [150, 3], [150, 4]] as const) {
    await here.time.advance(ms);
    assertEquals(here.asked, asked);
  }
  assertEquals(await found, { is: "answered", text: "kept" });
  assertEquals(here.told[1], ["ask", "b", "keyed /mcp", { name: "call" }]);
});

Deno.test("a call that failed at another instance is answered with its error", async () => {
  using here = new Here();
  here.claims = [ELSEWHERE];
  here.replies = [{ failure: "an error" }];
  assertEquals(await here.find(), { is: "answered", text: "an error" });
});

for (const reply of [undefined, null, "ended", { failure: 5 }, { other: "x" }]) {
  Deno.test(`a call that has ended elsewhere without a response (${JSON.stringify(reply)}) is gone, or claimed anew`, async () => {
    using here = new Here();
    here.claims = [ELSEWHERE];
    here.replies = [reply];
    assertEquals(await here.find(), ["invalid_request", GONE]);
    assertEquals(here.asked, 1);
    here.claims = [ELSEWHERE, NEW];
    here.replies = [reply];
    assertEquals(await here.find(), { is: "claimed" });
  });
}

Deno.test("the call of an instance that died has an unknown outcome", async () => {
  for (const isRepeatable of [false, true]) {
    using here = new Here();
    here.claims = [ELSEWHERE];
    here.state = "dead";
    const [kind, message] = await here.find(isRepeatable) as string[];
    assertEquals(kind, "internal_error");
    assertEquals(
      message?.startsWith(
        "The server that had the call of this Idempotency-Key is gone, and the key cannot be used " +
          "again",
      ),
      true,
      message,
    );
    assertEquals(here.asked, 0);
  }
});

Deno.test("a store that is away refuses the call, and the trouble is told", async () => {
  using here = new Here();
  here.claims = [new Error("away")];
  const [kind] = await here.find() as string[];
  assertEquals(kind, "not_routed");
  assertEquals(here.told.at(-1), ["failed", "claim", "away"]);
  here.claims = [new ProtocolError("invalid_request", "an error of the protocol")];
  assertEquals(await here.find(), ["invalid_request", "an error of the protocol"]);
  assertEquals(here.told.length, 3);
});

Deno.test("an instance says of a call that it runs, how it failed, or nothing", async () => {
  using here = new Here();
  here.isRunning = true;
  assertEquals([here.replyTo("call"), here.replyTo("other"), here.replyTo(5)], [
    "running",
    undefined,
    undefined,
  ]);
  here.isRunning = false;
  assertEquals(here.replyTo("call"), undefined);
  await here.keys.release("call", undefined);
  assertEquals(here.replyTo("call"), undefined);
  await here.keys.release("call", "an error");
  assertEquals(here.replyTo("call"), { failure: "an error" });
  assertEquals(here.told, [["release", "call"], ["release", "call"]]);
});

Deno.test("a key that cannot be given back is told as a trouble, and no more", async () => {
  using here = new Here();
  here.releaseError = new Error("away");
  await here.keys.release("call", undefined);
  assertEquals(here.told, [["release", "call"], ["failed", "claim", "away"]]);
});

Deno.test("the errors of the last thousand calls are remembered", async () => {
  using here = new Here();
  for (let call = 0; call <= 1_000; call++) await here.keys.release(`${call}`, `error ${call}`);
  assertEquals(
    ["0", "1", "1000"].map((name) => here.replyTo(name)),
    [undefined, { failure: "error 1" }, { failure: "error 1000" }],
  );
});

Deno.test("a key is given back before its call counts as ended", async () => {
  using here = new Here();
  const gate = Promise.withResolvers<void>();
  here.gate = gate.promise;
  let isReleased = false;
  const releasing = here.keys.release("call", "an error").then(() => isReleased = true);
  await settled();
  assertEquals(isReleased, false);
  gate.resolve();
  await releasing;
});

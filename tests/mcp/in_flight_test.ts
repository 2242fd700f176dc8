import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { CallAborted } from "../../lib/base/errors.ts";
import { InFlight } from "../../lib/mcp/in_flight.ts";

/** A call that remembers why it was stopped. */
class FakeCall {
  readonly request: { readonly id: number };
  readonly aborted: CallAborted[] = [];

  constructor(id: number) {
    this.request = { id };
  }

  abort(reason: CallAborted): void {
    this.aborted.push(reason);
  }
}

Deno.test("property: `InFlight` holds what a set holds, in whatever order calls come and go", () => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 4 }), isNew: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const inFlight = new InFlight();
    const expected = new Map<number, FakeCall>();
    for (const { id, isNew } of steps) {
      const call = expected.get(id) ?? new FakeCall(id);
      if (!isNew) inFlight.remove(call);
      else if (!expected.has(id)) inFlight.add(call);
      if (isNew) expected.set(id, call);
      else expected.delete(id);
      assertEquals(inFlight.size, expected.size);
      assertEquals([0, 1, 2, 3, 4].filter((id) => inFlight.has(id)), [...expected.keys()].sort());
    }
    const reason = new CallAborted("drain");
    inFlight.abortAll(() => reason);
    for (const call of expected.values()) assertEquals(call.aborted, [reason]);
  }));
});

Deno.test("`InFlight.cancel()` stops the call of that id alone", () => {
  const inFlight = new InFlight();
  const calls = [1, 2, 3].map((id) => new FakeCall(id));
  for (const call of calls) inFlight.add(call);
  inFlight.cancel(2, new CallAborted("cancelled"));
  inFlight.cancel(4, new CallAborted("cancelled"));
  assertEquals(calls.map(({ aborted }) => aborted.length), [0, 1, 0]);
});

Deno.test("`InFlight.abortAll()` makes no reason where nothing runs", () => {
  const inFlight = new InFlight();
  const call = new FakeCall(1);
  inFlight.add(call);
  inFlight.remove(call);
  inFlight.abortAll(() => {
    throw new Error("made");
  });
});

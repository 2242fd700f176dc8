/** Admission at its limits: the last that is let in, the first that is refused, and what that says. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { Admission, type AdmissionLimits } from "../../../lib/stream/admit/admission.ts";
import { Slots } from "../../../lib/stream/admit/slots.ts";
import { fixedRandom } from "../../helpers/random.ts";
import { LIMITS } from "../../helpers/streams.ts";

const CLIENT = { client: { key: "a", address: "192.0.2.1" } };
const CALLER = { clientKey: "a" };

/** Admission at time 0. */
function admissionOf(limits: Partial<AdmissionLimits>, queuedBytes = 0): Admission {
  return new Admission({ ...LIMITS, ...limits }, {
    wheel: new TimerWheel({ clock: () => 0 }),
    queuedBytes: () => queuedBytes,
    memory: {},
    onRefused: () => {},
  });
}

Deno.test("calls are let in as fast as their rate says, and the refusal says when to come back", () => {
  const admission = admissionOf({ MCP_CALLS_PER_SECOND: 1, MCP_CALLS_BURST: 1 });
  admission.admitCalls(CALLER, 1_001);
  for (const [random, seconds] of [[0, 1_002], [0.999, 1_011]] as const) {
    using _ = fixedRandom(random);
    const { kind, message, data, headers } = assertThrows(
      () => admission.admitCalls(CALLER, 1),
      ProtocolError,
    );
    assertEquals({ kind, message, data, headers }, {
      kind: "too_many_requests",
      message: `Refused, come back in ${seconds} s: the client calls too fast ` +
        "(MCP_CALLS_PER_SECOND)",
      data: { limit: "call_rate", retry_after: seconds },
      headers: { "retry-after": String(seconds) },
    });
  }
});

Deno.test("a client that is a millisecond too early is refused", () => {
  const admission = admissionOf({
    MCP_CALLS_PER_SECOND: 1_000,
    MCP_CALLS_BURST: 1,
    MCP_INITIALIZES_PER_SECOND: 1_000,
    MCP_INITIALIZES_BURST: 1,
    MCP_STREAM_OPENS_PER_SECOND: 1_000,
    MCP_STREAM_OPENS_BURST: 1,
  });
  admission.admitCalls(CALLER, 1);
  admission.enter(CLIENT, "session");
  admission.enter(CLIENT, "stream");
  assertThrows(() => admission.admitCalls(CALLER, 1), ProtocolError, "calls too fast");
  assertThrows(() => admission.enter(CLIENT, "session"), ProtocolError, "initializes too fast");
  assertThrows(
    () => admission.enter(CLIENT, "stream"),
    ProtocolError,
    "client 192.0.2.1 opens streams too fast",
  );
});

Deno.test("a client that no rate holds back is asked to come back in 1 to 10 s", () => {
  const admission = admissionOf({});
  admission.startDraining();
  for (const [random, seconds] of [[0, 1], [0.999, 10]] as const) {
    using _ = fixedRandom(random);
    const { message, data } = assertThrows(() => admission.admitRequest(), ProtocolError);
    assertEquals(message, `Refused, come back in ${seconds} s: the server is shutting down`);
    assertEquals(data, { limit: "draining", retry_after: seconds });
  }
});

Deno.test("the flaps of 10,000 clients are remembered, those of the first of more are not", () => {
  const admission = admissionOf({ MCP_MAX_FLAPS: 1 });
  const clientOf = (number: number) => ({
    client: { key: `client ${number}`, address: "192.0.2.1" },
  });
  for (let number = 0; number <= 10_000; number++) {
    admission.noteLost({ ...clientOf(number), ageMs: 0, answeredCount: 0 });
  }
  admission.enter(clientOf(0), "stream");
  assertThrows(() => admission.enter(clientOf(1), "stream"), ProtocolError, "again and again");
});

Deno.test("a stream is let in while fewer bytes wait than may, and refused from then on", () => {
  const limits = { MCP_MAX_TOTAL_QUEUED_BYTES: 5_000 };
  admissionOf(limits, 4_999).enter(CLIENT, "stream");
  assertThrows(
    () => admissionOf(limits, 5_000).enter(CLIENT, "answer"),
    ProtocolError,
    "too many bytes wait for slow readers (MCP_MAX_TOTAL_QUEUED_BYTES)",
  );
});

Deno.test("a lost stream that answered once is no flap", () => {
  const admission = admissionOf({ MCP_MAX_FLAPS: 1 });
  admission.noteLost({ ...CLIENT, ageMs: 0, answeredCount: 1 });
  admission.enter(CLIENT, "stream");
  admission.noteLost({ ...CLIENT, ageMs: 0, answeredCount: 0 });
  assertThrows(
    () => admission.enter(CLIENT, "stream"),
    ProtocolError,
    "client 192.0.2.1 opens and loses streams again and again (MCP_MAX_FLAPS)",
  );
});

Deno.test("sessions are counted in all and for each client", () => {
  const admission = admissionOf({});
  assertEquals([admission.sessionsOf(), admission.sessionsOf("a")], [0, 0]);
  const first = admission.enter(CLIENT, "session");
  admission.enter(CLIENT, "session");
  admission.enter({ client: { key: "b", address: "192.0.2.2" } }, "session");
  const counts = () => [undefined, "a", "b", "c"].map((key) => admission.sessionsOf(key));
  assertEquals(counts(), [3, 2, 1, 0]);
  first[Symbol.dispose]();
  assertEquals(counts(), [2, 1, 1, 0]);
});

Deno.test("the slots of a client share one lease, which is made anew once all were left", () => {
  const slots = new Slots();
  assertEquals([slots.total, slots.of("a")], [0, 0]);
  const first = slots.take("a");
  assertStrictEquals(slots.take("a"), first);
  assertEquals([slots.total, slots.of("a")], [2, 2]);
  first[Symbol.dispose]();
  assertStrictEquals(slots.take("a"), first);
  assertEquals([slots.total, slots.of("a")], [2, 2]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assertEquals([slots.total, slots.of("a")], [0, 0]);
  assert(slots.take("a") !== first);
  assertEquals([slots.total, slots.of("a")], [1, 1]);
});

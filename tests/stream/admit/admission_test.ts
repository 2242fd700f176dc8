/** Admission of streams and sessions, in fake time, without HTTP. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  Admission,
  type AdmissionLimits,
  type Admitted,
  type Arrival,
} from "../../../lib/stream/admit/admission.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import type { MemoryFigures } from "../../../lib/stream/admit/memory_gauge.ts";
import type { Refusal } from "../../../lib/stream/ledger.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { BARE, busyDriver, LIMITS, Streams } from "../../helpers/streams.ts";
import { settled } from "../../helpers/time.ts";

/** A client at this address. */
function at(address: string): Arrival {
  return { client: { address, key: address } };
}

class Gate {
  now = 0;
  heap = { used: 0, limit: 1_000 };
  heapLooks = 0;
  #run: (() => void) | undefined;
  readonly wheel = new TimerWheel({
    clock: () => this.now,
    timers: { set: (run) => this.#run = run, clear: () => this.#run = undefined },
  });
  resident: MemoryFigures = { used: 0, limit: Infinity };
  readonly told: Refusal[] = [];
  readonly admission: Admission;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    this.admission = new Admission({ ...LIMITS, ...limits }, {
      wheel: this.wheel,
      queuedBytes: () => 0,
      memory: {
        heap: () => {
          this.heapLooks++;
          return this.heap;
        },
        resident: () => this.resident,
      },
      onRefused: (refusal) => void this.told.push(refusal),
    });
  }

  /** Lets time go on, so that due timers fire. */
  pass(ms: number): void {
    this.now += ms;
    const run = this.#run;
    this.#run = undefined;
    run?.();
  }

  /** The error that refuses a stream, which leaves at once; undefined when it is let in. */
  stream({ isLasting = true, key = "192.0.2.1" } = {}): ProtocolError | undefined {
    return this.#enter(key, isLasting ? "stream" : "answer");
  }

  session(key = "192.0.2.1"): ProtocolError | undefined {
    return this.#enter(key, "session");
  }

  request(): ProtocolError | undefined {
    return refusalOf(() => this.admission.admitRequest());
  }

  #enter(key: string, kind: Admitted): ProtocolError | undefined {
    return refusalOf(() => this.admission.enter(at(key), kind)[Symbol.dispose]());
  }
}

function refusalOf(admit: () => void): ProtocolError | undefined {
  try {
    admit();
  } catch (error) {
    assertInstanceOf(error, ProtocolError);
    const { limit, retry_after } = error.data as { limit: string; retry_after: number };
    assertEquals(error.headers?.["retry-after"], String(retry_after));
    assert(retry_after >= 1 && limit.length > 0);
    return error;
  }
  return undefined;
}

function assertRefused(error: ProtocolError | undefined, limit: string, setting: string): void {
  assertEquals((error?.data as { limit: string } | undefined)?.limit, limit);
  assertStringIncludes(error?.message ?? "", `(${setting})`);
}

Deno.test("lasting streams are let in as fast as the rate says, each client by itself", () => {
  const gate = new Gate({ MCP_STREAM_OPENS_PER_SECOND: 2, MCP_STREAM_OPENS_BURST: 3 });
  assertEquals([1, 2, 3].map(() => gate.stream()), [undefined, undefined, undefined]);
  const refused = gate.stream();
  assertEquals(refused?.kind, "too_many_requests");
  assertRefused(refused, "open_rate", "MCP_STREAM_OPENS_PER_SECOND");
  assertEquals(gate.stream({ key: "192.0.2.2" }), undefined);
  gate.now += 500;
  assertEquals([gate.stream(), gate.stream() === undefined], [undefined, false]);
  assertEquals(gate.told, ["open_rate", "open_rate"]);
});

Deno.test("a stream that only carries an answer is no matter of the rate", () => {
  const gate = new Gate({ MCP_STREAM_OPENS_PER_SECOND: 1, MCP_STREAM_OPENS_BURST: 1 });
  gate.stream();
  for (let count = 0; count < 10; count++) {
    assertEquals(gate.stream({ isLasting: false }), undefined);
  }
});

Deno.test("sessions are let in as fast as their own rate says", () => {
  const gate = new Gate({ MCP_INITIALIZES_PER_SECOND: 1, MCP_INITIALIZES_BURST: 2 });
  assertEquals([gate.session(), gate.session()], [undefined, undefined]);
  assertRefused(gate.session(), "initialize_rate", "MCP_INITIALIZES_PER_SECOND");
  assertEquals(gate.stream(), undefined);
  gate.now += 1_000;
  assertEquals(gate.session(), undefined);
});

Deno.test("nothing new is taken while the heap is fuller than the setting says", () => {
  const gate = new Gate({ MCP_MAX_HEAP_PERCENT: 80 });
  gate.heap.used = 800;
  assertEquals([gate.stream(), gate.session()], [undefined, undefined]);
  gate.heap.used = 801;
  gate.pass(275);
  assertRefused(gate.stream(), "heap", "MCP_MAX_HEAP_PERCENT");
  assertRefused(gate.stream({ isLasting: false }), "heap", "MCP_MAX_HEAP_PERCENT");
  assertEquals([gate.session()?.kind, gate.request()?.kind], ["overloaded", "overloaded"]);
  gate.heap.used = 100;
  gate.pass(275);
  assertEquals(gate.stream(), undefined);
});

Deno.test("the heap is looked at four times a second at most", () => {
  const gate = new Gate();
  for (; gate.now < 990; gate.pass(1)) gate.stream({ isLasting: false });
  assertEquals(gate.heapLooks, 4);
});

Deno.test("memory rests unmeasured while nobody asks", () => {
  const gate = new Gate();
  gate.stream();
  for (let looks = 0; looks < 10; looks++) gate.pass(1_000);
  assertEquals([gate.heapLooks, gate.admission.isMeasuring], [1, false]);
});

Deno.test("nothing new is taken while more memory is resident than the setting says", () => {
  const gate = new Gate({ MCP_MAX_RESIDENT_PERCENT: 80 });
  gate.resident = { used: 801, limit: 1_000 };
  assertRefused(gate.stream(), "resident", "MCP_MAX_RESIDENT_PERCENT");
  assertEquals([gate.session()?.kind, gate.request()?.kind], ["overloaded", "overloaded"]);
  gate.resident = { used: 800, limit: 1_000 };
  gate.pass(275);
  assertEquals(gate.stream(), undefined);
});

Deno.test("memory up to its floor never counts as full, and nobody looks up its limit", () => {
  const gate = new Gate({ MCP_MAX_RESIDENT_PERCENT: 80 });
  let looks = 0;
  const figures = (used: number) => ({
    used,
    floor: 900,
    get limit() {
      looks++;
      return 1_000;
    },
  });
  gate.resident = figures(900);
  assertEquals([gate.stream(), looks], [undefined, 0]);
  gate.resident = figures(901);
  gate.pass(275);
  assertRefused(gate.stream(), "resident", "MCP_MAX_RESIDENT_PERCENT");
  assertEquals(looks, 1);
});

Deno.test("a place that is left is free again, in all and for its client", () => {
  const { admission } = new Gate({ MCP_MAX_CONNECTIONS: 3, MCP_MAX_CONNECTIONS_PER_CLIENT: 2 });
  const enter = (address: string) => admission.enter(at(address), "stream");
  const [first] = [enter("192.0.2.1"), enter("192.0.2.1")];
  assertRefused(
    refusalOf(() => void enter("192.0.2.1")),
    "max_per_client",
    "MCP_MAX_CONNECTIONS_PER_CLIENT",
  );
  enter("192.0.2.2");
  assertRefused(
    refusalOf(() => void enter("192.0.2.3")),
    "max_connections",
    "MCP_MAX_CONNECTIONS",
  );
  first?.[Symbol.dispose]();
  enter("192.0.2.1");
});

Deno.test("a call counts from the moment it is held, and nobody asks whose a quick one is", () => {
  const { admission } = new Gate({ MCP_MAX_CONNECTIONS_PER_CLIENT: 1 });
  const nobody: Arrival = {
    get client(): never {
      throw new Error("looked up");
    },
  };
  admission.enter(nobody, "call")[Symbol.dispose]();
  const running = admission.enter(at("192.0.2.1"), "call");
  assertEquals(admission.calls, 0);
  running.hold();
  assertEquals(admission.calls, 1);
  assertRefused(
    refusalOf(() => void admission.enter(at("192.0.2.1"), "call")),
    "max_per_client",
    "MCP_MAX_CONNECTIONS_PER_CLIENT",
  );
  admission.enter(at("192.0.2.2"), "call");
  running[Symbol.dispose]();
  running[Symbol.dispose]();
  assertEquals(admission.calls, 0);
  admission.enter(at("192.0.2.1"), "call");
});

Deno.test("a server that drains takes neither streams nor sessions", () => {
  const gate = new Gate();
  gate.admission.startDraining();
  assertEquals([gate.stream()?.kind, gate.session()?.kind], ["draining", "draining"]);
  assertEquals(gate.told, ["draining", "draining"]);
});

Deno.test("a client that opens and loses streams is asked to wait longer each time, then refused", async () => {
  using streams = new Streams({ MCP_MAX_FLAPS: 8 });
  const retries: (string | undefined)[] = [];
  for (let flap = 0; flap < 8; flap++) {
    const stream = streams.open();
    void stream.follow();
    await settled();
    retries.push(/^retry: (\d+)$/m.exec(stream.text)?.[1]);
    await stream.leave();
  }
  assertEquals(retries.slice(0, 5), [undefined, undefined, undefined, undefined, undefined]);
  assertEquals(retries.slice(5), ["1000", "2000", "4000"]);
  assertRefused(refusalOf(() => void streams.open()), "flapping", "MCP_MAX_FLAPS");
  streams.open({ address: "192.0.2.2" });
  // One is forgiven each 10 s.
  await streams.time.advance(10_000, 1_000);
  streams.open();
  assert(streams.addsUp());
});

Deno.test("streams that served something, lasted, or were ended by the server are no flaps", async () => {
  using streams = new Streams({ MCP_MAX_FLAPS: 1 });
  const used = streams.open({ driver: Object.assign(busyDriver(), { answeredCount: 1 }) });
  await used.leave();
  const ended = streams.open();
  ended.connection.close("drain");
  const lasted = streams.openFollowed();
  await streams.time.advance(5_000, 1_000);
  await lasted.leave();
  const shortLived = streams.open({ driver: { ...BARE, isLongLived: false } });
  await shortLived.leave();
  const flap = streams.open();
  await flap.leave();
  assertRefused(refusalOf(() => void streams.open()), "flapping", "MCP_MAX_FLAPS");
});

Deno.test("the log tells of a limit once in 10 s, and how often it refused since", async () => {
  using log = new CapturedLog("warning");
  using streams = new Streams({ MCP_MAX_CONNECTIONS: 1 });
  streams.open();
  const refused = () => refusalOf(() => void streams.open());
  for (let n = 0; n < 5; n++) assertEquals(refused()?.kind, "overloaded");
  await streams.time.advance(10_000, 1_000);
  refused();
  assertEquals(log.of("Refused").map(({ fields }) => fields), [
    { limit: "max_connections", refused: 1 },
    { limit: "max_connections", refused: 5 },
  ]);
});

/** A stream of another instance, carried to a client here: reads, looks, and a writer that is lost. */
import { assertEquals } from "@std/assert";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import type { CarriedStream, Fleet } from "../../../lib/fleet/fleet.ts";
import type { LogTail } from "../../../lib/store/shared_store.ts";
import type { EventStream } from "../../../lib/stream/event_stream.ts";
import { RemoteStream } from "../../../lib/transport/streamable/remote_stream.ts";
import { FakeTime, settled } from "../../helpers/time.ts";

const frame = (text: string) => new TextEncoder().encode(text);
const LOST = frame("lost");

/** Instance `a`, which carries the stream that instance `w` writes. */
class Here implements Disposable {
  readonly time = new FakeTime();
  readonly wheel = new TimerWheel({ clock: this.time.clock });
  readonly told: unknown[][] = [];
  readonly carried = new Map<string, CarriedStream>();
  /** The outcome of each read; the last stays. */
  tails: (LogTail | undefined | Error)[] = [undefined];
  carrier = "a";
  writerState = "alive";
  reply: unknown = true;
  appended: string | Error = "kept";
  /** Holds the reads up until it settles. */
  gate: Promise<void> = Promise.resolve();
  readonly response = {
    state: "open",
    close: (reason: string) => {
      this.told.push(["close", reason]);
      this.response.state = "closed";
    },
    replay: (frames: unknown[]) => void this.told.push(["replay", frames.length]),
  };
  readonly remote: RemoteStream;

  constructor(since = 3) {
    const fleet = {
      me: "a",
      wheel: this.wheel,
      carried: this.carried,
      emit: (what: string) => void this.told.push(["emit", what]),
      failed: (what: string, error: Error) => void this.told.push(["failed", what, error.message]),
      ask: (...asked: unknown[]) => {
        this.told.push(["ask", ...asked]);
        return this.reply instanceof Error
          ? Promise.reject(this.reply)
          : Promise.resolve(this.reply);
      },
      stateOf: () => Promise.resolve(this.writerState),
      store: {
        events: {
          carry: async (...asked: unknown[]) => {
            this.told.push(["carry", ...asked]);
            const tail = this.tails.length > 1 ? this.tails.shift() : this.tails[0];
            await this.gate;
            if (tail instanceof Error) throw tail;
            return { carrier: this.carrier, tail };
          },
          append: (...asked: unknown[]) => {
            this.told.push(["append", ...asked]);
            return this.appended instanceof Error
              ? Promise.reject(this.appended)
              : Promise.resolve(this.appended);
          },
        },
      },
    } as unknown as Fleet;
    const sseStream = this.response as unknown as EventStream;
    this.remote = new RemoteStream({
      fleet,
      key: "s/p1",
      sessionKey: "s",
      name: "p1",
      writer: "w",
      since,
      sseStream,
      lostEvent: () => LOST,
      onReplayed: (frames) => void this.told.push(["replayed", frames?.length]),
    });
  }

  /** What was done since the last time that this was asked. */
  async done(): Promise<unknown[][]> {
    await settled();
    return this.told.splice(0);
  }

  async start(): Promise<unknown[][]> {
    this.remote.start();
    return await this.done();
  }

  [Symbol.dispose](): void {
    this.remote.stop();
    this.wheel.stop();
    this.time[Symbol.dispose]();
  }
}

/** What a look does that ends the stream of a lost writer. */
const RESCUED = ["carry", "carry", "append", "emit", "carry"];
const ASK = ["ask", "w", "carry", { key: "s", stream: "p1" }];

Deno.test("a stream is taken from its writer, read from its last event, and read again each half second", async () => {
  using here = new Here();
  assertEquals(await here.start(), [ASK, ["carry", "s/p1", 3, true]]);
  assertEquals(here.carried.get("s/p1"), here.remote);
  await here.time.advance(475);
  assertEquals(await here.done(), []);
  await here.time.advance(50);
  assertEquals(await here.done(), [["carry", "s/p1", 3, false]]);
  await here.time.advance(500);
  assertEquals(await here.done(), [["carry", "s/p1", 3, false]]);
});

Deno.test("events are passed on, each once, and the end of the log ends the response", async () => {
  using here = new Here();
  here.tails = [
    { frames: [frame("4"), frame("5")], last: 5, isEnded: false },
    { frames: [], last: 5, isEnded: false },
    { frames: [frame("6")], last: 6, isEnded: true },
  ] as LogTail[];
  assertEquals((await here.start()).slice(2), [["replay", 2], ["replayed", 2]]);
  here.remote.grown();
  assertEquals(await here.done(), [["carry", "s/p1", 5, false], ["replay", 0]]);
  here.remote.grown();
  assertEquals(await here.done(), [
    ["carry", "s/p1", 5, false],
    ["replay", 1],
    ["replayed", 1],
    ["close", "completed"],
  ]);
  await here.time.advance(1_500);
  assertEquals(await here.done(), []);
});

Deno.test("where events are gone, the client is told, and the newest is read at once", async () => {
  using here = new Here();
  here.tails = [
    { frames: undefined, last: 9, isEnded: true },
    { frames: [frame("9")], last: 9, isEnded: true },
  ] as LogTail[];
  assertEquals((await here.start()).slice(1), [
    ["carry", "s/p1", 3, true],
    ["replayed", undefined],
    ["carry", "s/p1", 8, false],
    ["replay", 1],
    ["replayed", 1],
    ["close", "completed"],
  ]);
});

Deno.test("a log that is shorter than the client's last event moves it nowhere", async () => {
  using here = new Here();
  here.tails = [{ frames: [], last: 2, isEnded: false }];
  await here.start();
  here.remote.grown();
  assertEquals((await here.done())[0], ["carry", "s/p1", 3, false]);
});

Deno.test("messages that come during a read are one more read, and no more", async () => {
  using here = new Here();
  const gate = Promise.withResolvers<void>();
  here.gate = gate.promise;
  assertEquals((await here.start()).length, 2);
  for (let message = 0; message < 3; message++) here.remote.grown();
  here.writerState = "dead";
  await here.time.advance(525);
  assertEquals(await here.done(), []);
  here.writerState = "alive";
  gate.resolve();
  assertEquals(await here.done(), [["carry", "s/p1", 3, false]]);
  assertEquals(await here.done(), []);
});

Deno.test("a response that ends during a read is given nothing any more", async () => {
  using here = new Here();
  const gate = Promise.withResolvers<void>();
  here.gate = gate.promise;
  here.tails = [{ frames: [frame("4")], last: 4, isEnded: true }];
  await here.start();
  here.remote.grown();
  here.response.state = "closed";
  gate.resolve();
  assertEquals(await here.done(), []);
});

Deno.test("a stream that another instance carries by now is superseded here", async () => {
  using here = new Here();
  here.carrier = "c";
  here.tails = [{ frames: [frame("4")], last: 4, isEnded: true }];
  assertEquals((await here.start()).slice(2), [["close", "superseded"]]);
  here.remote.taken();
  assertEquals(await here.done(), [["close", "superseded"]]);
});

Deno.test("a later response takes the stream from an earlier one, which leaves it then", async () => {
  using here = new Here();
  const earlier = { grown: () => {}, taken: () => void here.told.push(["taken"]) };
  here.carried.set("s/p1", earlier);
  assertEquals((await here.start())[0], ["taken"]);
  here.carried.set("s/p1", earlier);
  here.remote.stop();
  assertEquals([...here.carried.values()], [earlier]);
  here.carried.set("s/p1", here.remote);
  here.remote.stop();
  assertEquals([here.carried.size, here.wheel.size], [0, 0]);
});

Deno.test("a read that fails is told as a trouble, and the next look reads again", async () => {
  using here = new Here();
  here.tails = [new Error("away"), undefined];
  assertEquals((await here.start()).slice(2), [["failed", "carry", "away"]]);
  await here.time.advance(525);
  assertEquals(await here.done(), [["carry", "s/p1", 3, true]]);
});

Deno.test("the stream of a dead writer ends with an error, after the writer's last events", async () => {
  using here = new Here();
  here.tails = [
    undefined,
    { frames: [frame("4")], last: 4, isEnded: false },
    { frames: [LOST], last: 5, isEnded: true },
  ] as LogTail[];
  here.writerState = "dead";
  assertEquals((await here.start()).slice(1), [
    ["carry", "s/p1", 3, true],
    ["carry", "s/p1", 3, false],
    ["replay", 1],
    ["replayed", 1],
    ["append", "s/p1", 5, [{ frame: LOST, isEnd: true }]],
    ["emit", "callLost"],
    ["carry", "s/p1", 4, false],
    ["replay", 1],
    ["replayed", 1],
    ["close", "completed"],
  ]);
});

Deno.test("another instance that was first to end the stream counts the lost call", async () => {
  using here = new Here();
  here.writerState = "dead";
  here.appended = "refused";
  assertEquals((await here.start()).slice(3).map(([what]) => what), ["append", "carry"]);
});

Deno.test("a store that does not take the error is told as a trouble, and asked again later", async () => {
  using here = new Here();
  here.writerState = "dead";
  here.appended = new Error("away");
  assertEquals((await here.start()).slice(3).map(([what]) => what), ["append", "failed"]);
  here.appended = "kept";
  await here.time.advance(525);
  assertEquals((await here.done()).map(([what]) => what), RESCUED);
});

Deno.test("a writer that lives and knows nothing of the stream is as good as dead for it", async () => {
  using here = new Here();
  here.reply = undefined;
  await here.start();
  await here.time.advance(525);
  assertEquals((await here.done()).map(([what]) => what), RESCUED);
});

Deno.test("a writer that does not answer is asked again, as long as it may live", async () => {
  using here = new Here();
  here.reply = new Error("no reply");
  await here.start();
  for (const state of ["alive", "unknown", "alive"]) {
    here.writerState = state;
    await here.time.advance(500);
    const isAsked = state === "alive";
    assertEquals(
      (await here.done()).map(([what]) => what),
      isAsked ? ["carry", "ask"] : ["carry"],
    );
  }
});

for (
  const [what, reply] of [["says that the call runs", true], [
    "has yet to answer",
    new Promise(() => {}),
  ]] as const
) {
  Deno.test(`a writer that ${what} is not asked again`, async () => {
    using here = new Here();
    here.reply = reply;
    await here.start();
    for (let look = 0; look < 3; look++) {
      await here.time.advance(500);
      assertEquals((await here.done()).map(([what]) => what), ["carry"]);
    }
  });
}

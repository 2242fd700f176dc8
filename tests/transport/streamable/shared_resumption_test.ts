/** GET of a session that instances share: whose events come first, and what a client is told is lost. */
import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import type { Fleet } from "../../../lib/fleet/fleet.ts";
import type { Missed } from "../../../lib/transport/streamable/stream_events.ts";
import type { RequestContext } from "../../../lib/transport/request_head.ts";
import { finalPosition } from "../../../lib/transport/streamable/event_ids.ts";
import type { StreamableSession } from "../../../lib/transport/streamable/session.ts";
import {
  openSharedStream,
  type SharedResumptionDeps,
} from "../../../lib/transport/streamable/shared_resumption.ts";
import { IDS } from "../../helpers/resumable.ts";
import { settled } from "../../helpers/time.ts";

const framesOf = (count: number) => Array.from({ length: count }, () => new Uint8Array(1));
const HERE = "g1ia";
type Outcome<T> = T | Error;
const give = <T>(outcome: Outcome<T>): Promise<T> =>
  outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);

/** Instance `a`, beside `b`; all that is done is told in order. */
class Scene {
  readonly told: unknown[][] = [];
  carrier: Outcome<string | undefined> = undefined;
  state = "alive";
  reply: Outcome<unknown> = { stream: "g1ib", delivered: 4 };
  /** The events that another instance has stored. */
  tail: Outcome<unknown> = { frames: framesOf(2) };
  undelivered: unknown = framesOf(1);
  stored: unknown = framesOf(3);
  supportsPriming = true;
  isOver = false;
  own: unknown;
  opened: Record<string, unknown> = { state: "open" };
  releasedSeq = 5;

  #tell(what: string) {
    return (...args: unknown[]) => void this.told.push([what, ...args]);
  }

  #stream(name: string) {
    return {
      name,
      releasedSeq: this.releasedSeq,
      undelivered: () => ({ since: 2, frames: this.undelivered }),
      attach: async (_: unknown, { since, frames }: Missed, done: (frames: unknown) => void) => {
        const all = await frames;
        this.told.push(["attach", name, since, all?.length]);
        done(all);
      },
      prime: this.#tell("prime"),
      write: ({ method, params }: { method: string; params?: { uri?: string } }) =>
        void this.told.push(["write", method.replace("notifications/", ""), params?.uri]),
      resendRequests: this.#tell("resend"),
    };
  }

  /** GETs with the id of an event, and gives what was done. */
  async get(stream?: string, seq = 3): Promise<unknown[][]> {
    const id = stream && IDS.write({ stream, seq, requestId: 7 });
    const headers = new Headers(id === undefined ? {} : { "last-event-id": id });
    const standalone = this.#stream(HERE);
    const session = {
      key: "s",
      eventIds: IDS,
      standalone,
      stream: (name: string) =>
        name.startsWith("g") ? standalone : this.own === undefined ? undefined : this.#stream(name),
      storeKey: (name: string) => `s/${name}`,
      supportsPriming: this.supportsPriming,
      isOver: this.isOver,
      setCarrier: this.#tell("carrier"),
      listen: this.#tell("listen"),
      state: { version: "2025-11-25", subscriptions: ["x://a"] },
    } as unknown as StreamableSession;
    Object.assign(this.opened, {
      readable: null,
      replay: (frames: unknown[]) => void this.told.push(["replay", frames.length]),
      sendRaw: () => void this.told.push(["send"]),
      close: this.#tell("close"),
    });
    const deps = {
      fleet: this.#fleet(),
      streams: { open: () => this.opened },
      store: { after: (...asked: unknown[]) => (this.told.push(["after", ...asked]), this.stored) },
      emit: this.#tell("emit"),
    } as unknown as SharedResumptionDeps;
    await openSharedStream(deps, session, { headers } as RequestContext);
    await settled();
    return this.told;
  }

  #fleet(): Fleet {
    return {
      me: "a",
      wheel: { schedule: () => {} },
      carried: new Map(),
      failed: (what: string, error: Error) => void this.told.push(["failed", what, error.message]),
      broadcast: this.#tell("broadcast"),
      writerOf: (name: string) => name.endsWith("ib") ? "b" : undefined,
      writers: { busy: (name: string) => ({ flush: () => this.told.push(["flush", name]) }) },
      stateOf: () => Promise.resolve(this.state),
      ask: (...asked: unknown[]) => (this.told.push(["ask", ...asked]), give(this.reply)),
      store: {
        directory: {
          takeSession: (key: string) => {
            this.told.push(["take", key]);
            return this.carrier instanceof Error
              ? give(this.carrier)
              : Promise.resolve({ carrier: this.carrier });
          },
        },
        events: {
          after: (...asked: unknown[]) => (this.told.push(["log", ...asked]), give(this.tail)),
          carry: (...asked: unknown[]) => {
            this.told.push(["carry", ...asked]);
            return give(this.tail).then((tail) => ({ carrier: "a", tail }));
          },
        },
      },
    } as unknown as Fleet;
  }
}

const TAKEN = [["carrier", "a"], ["take", "s"], ["broadcast", "carrier", { key: "s" }]];
const ASKED = [...TAKEN, ["ask", "b", "handOver", { key: "s" }]];
const LISTS = ["tools", "resources", "prompts"].map((
  kind,
) => ["write", `${kind}/list_changed`, undefined]);
const ANNOUNCED = [...LISTS, ["write", "resources/updated", "x://a"]];
const GAP = [["write", "message", undefined], ["resend", 2], ...LISTS];

Deno.test("the own stream of a session that no other carried begins with what nobody has had", async () => {
  for (const carrier of [undefined, "a"]) {
    const scene = new Scene();
    scene.carrier = carrier;
    assertEquals(await scene.get(), [
      ...TAKEN,
      ["replay", 0],
      ["attach", HERE, 2, 1],
      ["emit", "replayed", 1],
      ["prime", 1_000],
    ]);
  }
});

Deno.test("the events of the instance that carried it come first, from the last that it delivered", async () => {
  const scene = new Scene();
  scene.carrier = "b";
  assertEquals(await scene.get(), [
    ...ASKED,
    ["log", "s/g1ib", 4],
    ["replay", 2],
    ["attach", HERE, 2, 1],
    ["emit", "replayed", 3],
    ["prime", 1_000],
  ]);
});

Deno.test("the client has the time at which to come back from its response; one without priming gets no id", async () => {
  const scene = new Scene();
  scene.opened.retryMs = 250;
  assertEquals((await scene.get()).at(-1), ["prime", 250]);
  const old = new Scene();
  old.supportsPriming = false;
  old.undelivered = [];
  assertEquals((await old.get()).slice(TAKEN.length), [["replay", 0], ["attach", HERE, 2, 0]]);
});

for (
  const [what, change, asked] of [
    ["does not answer", { reply: new Error("silent") }, [...ASKED, ["failed", "carry", "silent"]]],
    ["knows nothing", { reply: undefined }, ASKED],
    ["names no stream", { reply: { delivered: 4 } }, ASKED],
    ["names no event", { reply: { stream: "g1ib", delivered: "4" } }, ASKED],
    ["is dead", { state: "dead" }, TAKEN],
  ] as const
) {
  Deno.test(`where the instance that carried it ${what}, all that may have changed is announced`, async () => {
    const scene = Object.assign(new Scene(), { carrier: "b" }, change);
    assertEquals<unknown>(await scene.get(), [
      ...asked,
      ["replay", 0],
      ["attach", HERE, 2, 1],
      ["emit", "replayed", 1],
      ["prime", 1_000],
      ...ANNOUNCED,
    ]);
  });
}

Deno.test("where the store is away, the stream opens all the same, and all is announced", async () => {
  const scene = new Scene();
  scene.carrier = new Error("away");
  const told = await scene.get();
  assertEquals(told.slice(0, 3), [...TAKEN.slice(0, 2), ["failed", "carry", "away"]]);
  assertEquals(told.slice(-4), ANNOUNCED);
});

for (const tail of [undefined, { frames: undefined }, new Error("away")]) {
  Deno.test(`events of the other instance that are gone (${tail}) are a gap, which the client is told`, async () => {
    const scene = Object.assign(new Scene(), { carrier: "b", tail });
    const failed = tail instanceof Error ? [["failed", "after", "away"]] : [];
    assertEquals<unknown>(await scene.get(), [
      ...ASKED,
      ["log", "s/g1ib", 4],
      ...failed,
      ["replay", 0],
      ["attach", HERE, 2, 1],
      ["emit", "replayLost"],
      ["prime", 1_000],
      ...GAP,
    ]);
  });
}

Deno.test("a session that ended meanwhile ends the response, and a response that ended gets nothing", async () => {
  const over = new Scene();
  over.isOver = true;
  assertEquals((await over.get()).slice(TAKEN.length), [["close", "disconnected"]]);
  const left = new Scene();
  left.opened.state = "closed";
  assertEquals((await left.get()).slice(TAKEN.length), []);
});

Deno.test("a client that comes back to the own stream gets what came after its event, here or elsewhere", async () => {
  assertEquals(
    (await new Scene().get(HERE)).slice(TAKEN.length),
    [
      ["replay", 0],
      ["after", "s/g1ia", 3],
      ["attach", HERE, 3, 3],
      ["emit", "replayed", 3],
      ["prime", 1_000],
    ],
  );
  assertEquals((await new Scene().get("g1ib")).slice(TAKEN.length), [
    ["log", "s/g1ib", 3],
    ["replay", 2],
    ["attach", HERE, 2, 1],
    ["emit", "replayed", 3],
    ["prime", 1_000],
  ]);
});

for (
  const [what, tail, count] of [
    ["kept events", { frames: framesOf(2) }, 2],
    ["no event after its last", undefined, 0],
    ["an error", new Error("away"), undefined],
  ] as const
) {
  Deno.test(`a call that runs here goes on with ${what} of the store`, async () => {
    const scene = Object.assign(new Scene(), { own: true, tail, releasedSeq: 3 });
    const told = await scene.get("p1ia");
    const failed = tail instanceof Error ? [["failed", "carry", "away"]] : [];
    assertEquals<unknown>(told.slice(0, 2 + failed.length), [
      ["carry", "s/p1ia", 3, true],
      ...failed,
      ["attach", "p1ia", 3, count],
    ]);
  });
}

Deno.test("a call that runs here, with events that the store has lost, has a gap", async () => {
  const scene = Object.assign(new Scene(), { own: true, tail: undefined, releasedSeq: 4 });
  assertEquals((await scene.get("p1ia")).slice(1, 3), [["attach", "p1ia", 3, undefined], [
    "emit",
    "replayLost",
  ]]);
});

Deno.test("a call of another instance is carried from there, unless the response has ended", async () => {
  const told = await new Scene().get("p1ib");
  assertEquals(told.slice(0, 2), [["ask", "b", "carry", { key: "s", stream: "p1ib" }], [
    "carry",
    "s/p1ib",
    3,
    true,
  ]]);
  const left = new Scene();
  left.opened.state = "closed";
  assertEquals(await left.get("p1ib"), []);
});

Deno.test("a call that has ended here is replayed from the store, which takes first what waits for it", async () => {
  const told = await new Scene().get("p1ia");
  assertEquals(told.slice(0, 2), [["flush", "s/p1ia"], ["after", "s/p1ia", 3]]);
  assertEquals(told.slice(-3), [["emit", "replayed", 3], ["replay", 3], ["close", "completed"]]);
  const { stream } = finalPosition({ stream: "p1ib", seq: 0, requestId: undefined });
  await assertRejects(() => new Scene().get(stream, 0), ProtocolError, "nothing came after");
});

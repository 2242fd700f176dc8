/** Turns in starting processes: fair between clients, bounded, and never lost. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { type EndTurn, type StartLimits, StartTurns } from "../../lib/gateway/start_turns.ts";
import fc from "../deps/fast_check.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const LIMITS: StartLimits = { perClient: 2, total: 3, waiting: 10 };

/** Turns whose starts are known by name, and last until a test ends them. */
class Starts {
  readonly turns: StartTurns;
  /** The names of all that got a turn, in order. */
  readonly begun: string[] = [];
  readonly #begunAt = new Map<string, number>();
  readonly #ends = new Map<string, EndTurn>();
  readonly errors = new Map<string, Error>();
  readonly #leaving = new Map<string, AbortController>();
  readonly #count = new Map<string, number>();

  constructor(limits = LIMITS) {
    this.turns = new StartTurns(limits);
  }

  /** Asks for a turn; the name is that of the client and a number. */
  take(client: string | undefined): string {
    const number = (this.#count.get(String(client)) ?? 0) + 1;
    this.#count.set(String(client), number);
    const name = `${client ?? "shared"}${number}`;
    const leaving = new AbortController();
    this.#leaving.set(name, leaving);
    const begin = (end: EndTurn) => {
      this.begun.push(name);
      this.#begunAt.set(name, Date.now());
      this.#ends.set(name, end);
    };
    const taken = this.turns.take(client, leaving.signal);
    if (typeof taken === "function") begin(taken);
    else taken.then(begin, (error) => void this.errors.set(name, error));
    return name;
  }

  drop(name: string): void {
    this.#leaving.get(name)!.abort(new Error(`${name} has left`));
  }

  /** Ends a turn, and waits for what follows. */
  async ended(name: string): Promise<void> {
    this.end(name);
    await settled();
  }

  end(name: string): void {
    this.#ends.get(name)?.();
    this.#begunAt.delete(name);
  }

  endAll(): void {
    for (const name of this.begun) this.end(name);
  }

  /** The starts of clients that have a turn now. */
  get open(): readonly string[] {
    return this.begun.filter((name) => {
      const at = this.#begunAt.get(name) ?? -Infinity;
      return Date.now() - at < 10_000 && !name.startsWith("shared");
    });
  }
}

Deno.test("a client starts as many processes at a time as its limit allows, at once and without a promise", () => {
  using _time = new FakeTime();
  const starts = new Starts();
  for (let n = 0; n < 4; n++) starts.take("a");
  assertEquals(starts.begun, ["a1", "a2"]);
  assertEquals([starts.turns.running, starts.turns.waiting], [2, 2]);
});

Deno.test("all clients together start no more processes at a time than the limit in all", () => {
  using _time = new FakeTime();
  const starts = new Starts();
  for (const client of ["a", "b", "c", "d", "e"]) starts.take(client);
  assertEquals(starts.begun, ["a1", "b1", "c1"]);
});

Deno.test("a client with one start does not wait behind the forty of another", async () => {
  using _time = new FakeTime();
  const starts = new Starts({ ...LIMITS, total: 2, waiting: 100 });
  for (let n = 0; n < 40; n++) starts.take("greedy");
  starts.take("modest");
  await starts.ended("greedy1");
  await starts.ended("greedy2");
  assertEquals(starts.begun, ["greedy1", "greedy2", "greedy3", "modest1"]);
});

Deno.test("clients that wait take turns one after the other, each in the order of its starts", async () => {
  using _time = new FakeTime();
  const starts = new Starts({ perClient: 1, total: 1, waiting: 100 });
  for (const client of ["a", "a", "a", "a", "b", "b", "c"]) starts.take(client);
  for (const name of ["a1", "a2", "b1", "c1", "a3", "b2"]) await starts.ended(name);
  assertEquals(starts.begun, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

Deno.test("a client at its own limit holds up no other that waits behind it", async () => {
  using _time = new FakeTime();
  const starts = new Starts();
  for (const client of ["a", "a", "b", "a", "c"]) starts.take(client);
  await starts.ended("b1");
  assertEquals(starts.begun, ["a1", "a2", "b1", "c1"]);
});

Deno.test("a process that all clients share starts at once, and clients wait for its turn to end", async () => {
  using _time = new FakeTime();
  const starts = new Starts();
  for (let n = 0; n < 5; n++) starts.take("a");
  for (let n = 0; n < 4; n++) starts.take(undefined);
  assertEquals(starts.begun.slice(2), ["shared1", "shared2", "shared3", "shared4"]);
  await starts.ended("a1");
  assertEquals(starts.turns.running, 5, "nobody else begins");
  for (let n = 1; n <= 4; n++) await starts.ended(`shared${n}`);
  assertEquals(starts.begun.slice(6), ["a3"]);
});

Deno.test("a start that nobody wants any more loses its place, and never begins", async () => {
  using _time = new FakeTime();
  const starts = new Starts();
  for (let n = 0; n < 5; n++) starts.take("a");
  starts.drop("a3");
  starts.drop("a5");
  await settled();
  assertEquals([...starts.errors.values()].map(({ message }) => message), [
    "a3 has left",
    "a5 has left",
  ]);
  await starts.ended("a1");
  await starts.ended("a2");
  assertEquals(starts.begun, ["a1", "a2", "a4"]);
  starts.drop("a4");
  assertEquals(starts.turns.running, 1, "a start that has begun keeps its turn");
});

Deno.test("a turn is given back once, however often its end is told", async () => {
  using _time = new FakeTime();
  const starts = new Starts();
  for (let n = 0; n < 4; n++) starts.take("a");
  for (let n = 0; n < 3; n++) await starts.ended("a1");
  assertEquals([starts.turns.running, starts.begun.at(-1)], [2, "a3"]);
});

Deno.test("a start that takes ten seconds gives its turn to another", async () => {
  using time = new FakeTime();
  const starts = new Starts();
  for (let n = 0; n < 3; n++) starts.take("a");
  await time.advance(9_900, 100);
  assertEquals(starts.begun, ["a1", "a2"]);
  await time.advance(200, 100);
  assertEquals(starts.begun, ["a1", "a2", "a3"]);
  await starts.ended("a1");
  assertEquals(starts.turns.running, 1);
});

Deno.test("a full queue refuses the client that has most of it, and says when to come back", () => {
  using _time = new FakeTime();
  const starts = new Starts({ ...LIMITS, waiting: 3 });
  for (let n = 0; n < 5; n++) starts.take("a");
  const refused = assertThrows(() => starts.take("a"), ProtocolError);
  assertEquals([refused.kind, refused.headers?.["retry-after"]], ["overloaded", "5"]);
});

Deno.test("a full queue refuses the newest start of the client with most, so that others find room", async () => {
  using _time = new FakeTime();
  const starts = new Starts({ ...LIMITS, waiting: 3 });
  for (let n = 0; n < 5; n++) starts.take("a");
  starts.take("b");
  for (const name of ["b2", "c1"]) assertEquals(starts.take(name.slice(0, 1)), name);
  await settled();
  assertEquals([...starts.errors.keys()], ["a5", "a4"]);
  assert([...starts.errors.values()].every((error) => error instanceof ProtocolError));
  await assertRejects(async () => void await starts.turns.take("a", new AbortController().signal));
  assertEquals(starts.turns.waiting, 3);
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("take" as const), who: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), who: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), who: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), who: fc.nat(12) }) },
);

Deno.test("whatever comes and goes, no limit is passed, no turn is idle while one may begin, and none is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      using time = new FakeTime();
      const starts = new Starts({ perClient: 2, total: 3, waiting: 4 });
      const names: string[] = [];
      const take = (who: number) => {
        try {
          names.push(starts.take(who === 4 ? undefined : "abcd"[who]));
        } catch (error) {
          assert(error instanceof ProtocolError);
          assertEquals(starts.turns.waiting, 4);
        }
      };
      for (const { do: what, who } of steps) {
        const name = names[who];
        if (what === "take") take(who);
        else if (what === "wait") await time.advance(who * 1_000, 1_000);
        else if (name !== undefined && what === "drop") starts.drop(name);
        else if (name !== undefined) starts.end(name);
        await settled();
        assert(starts.turns.waiting <= 4 && starts.open.length <= 3);
        for (const client of "abcd") {
          assert(starts.open.filter((one) => one.startsWith(client)).length <= 2);
        }
        const isIdle = starts.turns.running === 0;
        assert(!isIdle || starts.turns.waiting === 0, "a start waits while no turn is taken");
      }
      while (starts.turns.running > 0) {
        starts.endAll();
        await settled();
      }
      assertEquals(starts.turns.waiting, 0);
      for (const client of ["a", "a", "b"]) starts.take(client);
      assertEquals(starts.turns.running, 3, "all turns are there again");
      const settledStarts = new Set([...starts.begun, ...starts.errors.keys()]);
      assertEquals(names.filter((name) => !settledStarts.has(name)), []);
      starts.endAll();
    }),
    { numRuns: 200 },
  );
});

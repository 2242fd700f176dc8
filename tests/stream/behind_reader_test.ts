/** The messages that a reader gets after it fell behind, for any order of sending and reading. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { createParser } from "../deps/eventsource_parser.ts";
import fc from "../deps/fast_check.ts";
import { createEmit } from "../../lib/base/observer.ts";
import { type JsonRpcMessage, notification, resultResponse } from "../../lib/wire/json_rpc.ts";
import { droppableOf } from "../../lib/wire/droppable.ts";
import { formatJson } from "../../lib/wire/sse.ts";
import { BARE, type BareStream, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

const MAX_BYTES = 6_000;
/** More than any message here takes in the backlog. */
const ROOM_BYTES = 2_000;
const LOOKED_AFTER_MS = 75;
/** Longer than a reader may take nothing while more waits than should. */
const STALL_MS = 5_100;
const LISTS = ["tools", "resources", "prompts"] as const;

type Step =
  | { readonly do: "change" | "update" | "progress" | "finish"; readonly which: number }
  | { readonly do: "log" | "answer"; readonly length: number }
  | { readonly do: "ask" | "read" | "wait" | "stall" };

const which = fc.nat({ max: 2 });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: "read" }) },
  fc.record({ do: fc.constantFrom("change", "update", "finish"), which }) as fc.Arbitrary<Step>,
  { weight: 3, arbitrary: fc.record({ do: fc.constant("progress"), which }) as fc.Arbitrary<Step> },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("log"), length: fc.nat({ max: 400 }) }) as fc.Arbitrary<
      Step
    >,
  },
  fc.record({ do: fc.constant("answer"), length: fc.nat({ max: 1_500 }) }) as fc.Arbitrary<Step>,
  fc.constant<Step>({ do: "ask" }),
  fc.constant<Step>({ do: "wait" }),
  { weight: 1, arbitrary: fc.constant<Step>({ do: "stall" }) },
);

/** Answers that fill the queue of a reader that takes nothing. */
const FILLING: Step[] = [
  ...Array.from({ length: 20 }, (): Step => ({ do: "answer", length: 1_500 })),
  { do: "stall" },
  { do: "wait" },
];

/** A message and the step at which it was said or read. */
interface At {
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly message: any;
  readonly step: number;
}

/** A stream of which all is said, and a reader that takes a chunk now and then. */
class Scene implements Disposable {
  readonly superseded: string[] = [];
  readonly streams: Streams;
  readonly stream: BareStream;
  readonly said: At[] = [];
  readonly read: At[] = [];
  lost = 0;
  /** Whether there may have been no room for progress. */
  wasTight = false;
  #step = 0;
  #count = 0;
  /** Numbers of the calls that run. */
  readonly #calls = [1, 2, 3];
  #callCount = 3;
  #reading: Promise<void> | undefined;
  readonly #parser = createParser({
    onEvent: ({ data }) => void this.read.push({ message: JSON.parse(data), step: this.#step }),
  });

  constructor() {
    const emit = createEmit([{
      notificationDropped: (kind) => void this.superseded.push(kind),
      resultsLost: (_dialect, results) => void (this.lost += results),
    }]);
    this.streams = new Streams({
      MCP_MAX_QUEUED_BYTES: MAX_BYTES,
      MCP_MAX_TOTAL_QUEUED_BYTES: 1e6,
      MCP_PING_INTERVAL_MS: 1e9,
    }, { emit });
    this.stream = this.streams.open({ driver: { ...BARE, closingFrame: () => undefined } });
  }

  get isOpen(): boolean {
    return this.stream.connection.state === "open";
  }

  async take(step: Step): Promise<void> {
    this.#step++;
    if (step.do === "read") await this.#readOne();
    else if (step.do === "wait") await this.#wait();
    else if (step.do === "stall") await this.streams.time.advance(STALL_MS, 100);
    else if (this.isOpen) this.#say(step);
    const { connection } = this.stream;
    if (connection.queuedBytes > MAX_BYTES - ROOM_BYTES) this.wasTight = true;
    assert(this.streams.addsUp());
  }

  #say(step: Exclude<Step, { readonly do: "read" | "wait" | "stall" }>): void {
    const { connection } = this.stream;
    const number = ++this.#count;
    const say = (message: JsonRpcMessage) => {
      this.said.push({ message, step: this.#step });
      connection.sendMessage(message);
    };
    const answer = (message: JsonRpcMessage) => {
      this.said.push({ message, step: this.#step });
      connection.sendResponse(formatJson(message));
    };
    if (step.do === "change") say(notification(`notifications/${LISTS[step.which]}/list_changed`));
    else if (step.do === "update") {
      say(notification("notifications/resources/updated", { uri: `test://${step.which}` }));
    } else if (step.do === "progress") {
      const progressToken = this.#calls[step.which]!;
      say(notification("notifications/progress", { progressToken, progress: number }));
    } else if (step.do === "finish") {
      const call = this.#calls[step.which]!;
      this.#calls[step.which] = ++this.#callCount;
      connection.endProgress(call);
      answer(resultResponse(`call ${call}`, {}));
    } else if (step.do === "log") {
      const data = { number, text: "x".repeat(step.length) };
      say(notification("notifications/message", { level: "info", data }));
    } else if (step.do === "answer") {
      answer(resultResponse(number, "y".repeat(step.length)));
    } else say({ jsonrpc: "2.0", id: number, method: "ping" });
  }

  /** Takes a chunk, or waits for one. */
  async #readOne(): Promise<void> {
    this.#reading ??= this.stream.read().then((text) => {
      this.#reading = undefined;
      // The parser ignores a single line end.
      this.#parser.feed(text?.replace("first\n", "") ?? "");
    }, () => {});
    await settled();
  }

  /** It is looked now and then whether a reader has caught up. */
  async #wait(): Promise<void> {
    await this.streams.time.advance(LOOKED_AFTER_MS);
  }

  async readAll(): Promise<void> {
    await this.#wait();
    while (this.#reading === undefined) {
      this.#step++;
      await this.#readOne();
      if (this.#reading !== undefined) await this.#wait();
    }
  }

  [Symbol.dispose](): void {
    this.streams[Symbol.dispose]();
  }
}

const isNotice = ({ message }: At) => droppableOf(message) !== undefined;
const isNote = ({ message }: At) => message.params?.logger === "lifeline";
const text = ({ message }: At) => JSON.stringify(message);
const kindOf = (at: At) => droppableOf(at.message)?.kind;

/** All that is neither superseded nor left out comes, once and in the order in which it was said. */
function assertAnswersWhole({ said, read }: Scene): void {
  const must = (all: readonly At[]) => all.filter((at) => !isNotice(at)).map(text);
  assertEquals(must(read), must(said));
}

/** For each kind: said = read + superseded. */
function assertAllAccounted({ said, read, superseded }: Scene): void {
  for (const kind of ["list_changed", "resource_updated", "progress", "log"]) {
    const saidCount = said.filter((at) => kindOf(at) === kind).length;
    const readCount = read.filter((at) => kindOf(at) === kind && !isNote(at)).length;
    const leftOut = superseded.filter((one) => one === kind).length;
    assertEquals(readCount + leftOut, saidCount, kind);
  }
}

/** A client that hears of a change after the last one finds the latest state. */
function assertChangesHeard({ said, read }: Scene): void {
  const isChange = (at: At) => /list_changed|updated/.test(at.message.method ?? "");
  const last = new Map(said.filter(isChange).map((at) => [text(at), at.step]));
  const heard = new Map(read.filter(isChange).map((at) => [text(at), at.step]));
  for (const [change, step] of last) {
    assert((heard.get(change) ?? -1) >= step, `${change} was not heard after its last time`);
  }
}

/** Progress rises, ends with the newest where there is room, and never comes after the answer. */
function assertProgressRight({ said, read, wasTight }: Scene): void {
  const isProgressOf = (token: number) => ({ message }: At) =>
    message.params?.progressToken === token;
  const tokens = new Set(said.flatMap(({ message }) => message.params?.progressToken ?? []));
  for (const token of tokens) {
    const values = (all: readonly At[]): number[] =>
      all.filter(isProgressOf(token)).map(({ message }) => message.params.progress);
    const got = values(read);
    assertEquals(got, got.toSorted((a, b) => a - b));
    const answerAt = read.findIndex(({ message }) => message.id === `call ${token}`);
    if (answerAt >= 0) assertEquals(values(read.slice(answerAt)), []);
    else if (!wasTight) assertEquals(got.at(-1), values(said).at(-1));
  }
}

/** Log messages come in order, and where some are missing it says how many. */
function assertLogsRight({ said, read, superseded, wasTight }: Scene): void {
  const numbers = (all: readonly At[]): number[] =>
    all.filter((at) => kindOf(at) === "log" && !isNote(at)).map(({ message }) =>
      message.params.data.number
    );
  const got = numbers(read);
  assertEquals(got, numbers(said).filter((number) => got.includes(number)));
  const told = read.filter(isNote)
    .reduce((sum, { message }) => sum + Number.parseInt(message.params.data), 0);
  const leftOut = superseded.filter((kind) => kind === "log").length;
  // If changes take all the room, none is left for the notice.
  if (wasTight) assertLessOrEqual(told, leftOut);
  else assertEquals(told, leftOut);
}

Deno.test("property: whoever falls behind and reads on misses no answer, no change and no newest progress", async () => {
  let full = 0;
  let behind = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { minLength: 20, maxLength: 120, size: "max" }),
      async (steps) => {
        using scene = new Scene();
        for (const step of steps) await scene.take(step);
        if (!scene.isOpen) {
          full++;
          assertEquals(scene.stream.reason, "queue_full");
          const answers = scene.said.filter(({ message }) => "result" in message);
          const read = scene.read.filter(({ message }) => "result" in message);
          assertEquals(read.map(text), answers.slice(0, read.length).map(text));
          assertEquals(read.length + scene.lost, answers.length);
          return;
        }
        await scene.readAll();
        if (scene.superseded.length > 0 && !scene.wasTight) behind++;
        assertAnswersWhole(scene);
        assertAllAccounted(scene);
        assertChangesHeard(scene);
        assertProgressRight(scene);
        assertLogsRight(scene);
        assertEquals(scene.lost, 0);
      },
    ),
    { numRuns: 300, examples: [[FILLING]] },
  );
  assert(full > 0 && behind > 0, `reached: ${full} full, ${behind} behind`);
});

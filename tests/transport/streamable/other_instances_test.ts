/** Messages of other instances: what each does here, and which say nothing that could be done. */
import { assertEquals } from "@std/assert";
import type { Fleet } from "../../../lib/fleet/fleet.ts";
import type { ChangeBus } from "../../../lib/mcp/changes/change_bus.ts";
import type { StreamableSession } from "../../../lib/transport/streamable/session.ts";
import type { SessionTable } from "../../../lib/transport/streamable/session_table.ts";
import { serveOtherInstances } from "../../../lib/transport/streamable/other_instances.ts";
import { settled } from "../../helpers/time.ts";

type Handler = (body: Record<string, unknown>, from: string) => unknown;

/** This instance, `a`, with one session, `s`; all that is done is told in order. */
class Here {
  readonly told: unknown[][] = [];
  readonly #handlers = new Map<string, Handler[]>();
  readonly upListeners: (() => void)[] = [];
  readonly carried = new Map<string, unknown>();
  record: Record<string, unknown> | Error = {};
  hasStream = true;
  savingFails = false;
  running = new Map<unknown, unknown>();
  readonly changes = {
    noteRemote: this.#tell("changed"),
    noteMissed: this.#tell("missed"),
    publish: (_: unknown) => {},
  };

  constructor() {
    const whenIdle = async () => {
      await settled();
      this.told.push(["idle"]);
    };
    const fleet = {
      me: "a",
      on: (kind: string, handler: Handler) =>
        this.#handlers.set(kind, [...this.#handlers.get(kind) ?? [], handler]),
      onUp: (listener: () => void) => this.upListeners.push(listener),
      broadcast: this.#tell("broadcast"),
      failed: (what: string, error: Error) => this.told.push(["failed", what, error.message]),
      carried: this.carried,
      wheel: { schedule: () => {} },
      writers: {
        busy: (name: string) => (this.told.push(["busy", name]), { whenIdle }),
      },
      calls: { noteEarly: this.#tell("early") },
      store: {
        directory: {
          readSession: (key: string) => {
            this.told.push(["read", key]);
            return this.record instanceof Error
              ? Promise.reject(this.record)
              : Promise.resolve(this.record);
          },
        },
      },
    } as unknown as Fleet;
    const standalone = {
      name: "g1",
      deliveredSeq: 7,
      write: this.#tell("write"),
    };
    const session = {
      state: {
        settle: this.#tell("settle"),
        inFlight: {
          has: (id: unknown) => this.running.has(id),
          cancel: (id: unknown) => this.told.push(["cancel", id]),
        },
      },
      shared: {
        take: this.#tell("take"),
        setStale: this.#tell("stale"),
        takeWhole: this.#tell("whole"),
        restore: () => this.#save("restore"),
        saveAgain: () => this.#save("save again"),
      },
      standalone,
      storeKey: (name: string) => `s/${name}`,
      stream: (name: string) => {
        this.told.push(["stream", name]);
        return this.hasStream ? { supersede: this.#tell("supersede") } : undefined;
      },
      setCarrier: this.#tell("carrier"),
    } as unknown as StreamableSession;
    const sessions = {
      peek: (key: string) => key === "s" ? session : undefined,
      keys: () => ["s"].values(),
      endByKey: this.#tell("end"),
    } as unknown as SessionTable;
    const changes = this.changes as unknown as ChangeBus;
    serveOtherInstances({ fleet, sessions, changes, path: "/mcp" });
  }

  #tell(what: string) {
    return (...args: unknown[]) => void this.told.push([what, ...args]);
  }

  #save(what: string): Promise<void> {
    this.told.push([what]);
    return this.savingFails ? Promise.reject(new Error("not saved")) : Promise.resolve();
  }

  /** Takes a message; returns what was done, and the reply. */
  async take(kind: string, body: Record<string, unknown>, from = "b") {
    this.told.length = 0;
    const replies = (this.#handlers.get(kind) ?? []).map((handler) => handler(body, from));
    const [reply] = await Promise.all(replies);
    return { told: [...this.told], reply };
  }

  async toldBy(kind: string, body: Record<string, unknown>, from?: string) {
    return (await this.take(kind, body, from)).told;
  }
}

const MINE = { key: "s" };
const CANCELLED = {
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId: 5 },
};

for (
  const [kind, body, from, told] of [
    ["ended", MINE, "b", [["end", "s"]]],
    ["ended", MINE, "a", []],
    ["ended", { key: 5 }, "b", []],
    ["ended", {}, "b", []],
    ["record", { key: "s", logLevel: "error" }, "b", [["take", { logLevel: "error" }]]],
    ["record", { key: "s", logLevel: "error" }, "a", []],
    ["record", { key: "t", logLevel: "error" }, "b", []],
    ["record", { key: "s", logLevel: 5, subscriptions: "x" }, "b", [["take", {}]]],
    ["record", { key: "s", subscriptions: ["x://a", 5, null, "x://b"] }, "b", [
      ["take", { subscriptions: ["x://a", "x://b"] }],
    ]],
    ["record", { key: "s", isStale: true, changesTags: true }, "b", [["take", {}], [
      "stale",
      true,
    ]]],
    ["record", { key: "s", isStale: true, changesTags: "yes" }, "b", [["take", {}], [
      "stale",
      false,
    ]]],
    ["record", { key: "s", isStale: false, changesTags: true }, "b", [["take", {}]]],
    ["carrier", MINE, "b", [["carrier", "b"]]],
    ["carrier", MINE, "a", []],
    ["carrier", { key: "t" }, "b", []],
    ["answer", { key: "s", response: { jsonrpc: "2.0", id: 1, result: {} } }, "b", [
      ["settle", { jsonrpc: "2.0", id: 1, result: {} }],
    ]],
    ["answer", { key: "s", response: CANCELLED }, "b", []],
    ["answer", { key: "s", response: { id: 1 } }, "b", []],
    ["answer", { key: "t", response: { jsonrpc: "2.0", id: 1, result: {} } }, "b", []],
    ["message", { key: "s", message: CANCELLED }, "b", [["write", CANCELLED]]],
    ["message", { key: "s", message: { jsonrpc: "2.0", id: 1, result: {} } }, "b", []],
    ["message", { key: "s", message: "text" }, "b", []],
    ["message", { key: "t", message: CANCELLED }, "b", []],
  ] as const
) {
  Deno.test(`of ${from}, ${kind} ${JSON.stringify(body)} does ${JSON.stringify(told)}`, async () => {
    assertEquals<unknown>(await new Here().toldBy(kind, body, from), told);
  });
}

Deno.test("a record of another instance brings a thousand subscriptions and no more", async () => {
  const subscriptions = Array.from({ length: 1_001 }, (_, index) => `x://${index}`);
  const [[, taken] = []] = await new Here().toldBy("record", { key: "s", subscriptions });
  assertEquals(taken, { subscriptions: subscriptions.slice(0, 1_000) });
});

Deno.test("a cancellation ends a call that runs here, and else waits for one that is still to come", async () => {
  const here = new Here();
  const cancel = (params: unknown, key: unknown = "s") =>
    here.toldBy("cancel", { key, message: { ...CANCELLED, params } });
  for (const requestId of [5, "five"]) {
    const early = [["early", "s", { ...CANCELLED, params: { requestId } }]];
    assertEquals(await cancel({ requestId }), early);
    here.running.set(requestId, true);
    const [first] = await cancel({ requestId });
    assertEquals(first, ["cancel", requestId]);
  }
  assertEquals(await cancel({ requestId: null }), [
    ["early", "s", { ...CANCELLED, params: { requestId: null } }],
  ]);
  const params = { requestId: 5 };
  assertEquals(await cancel(params, "t"), [["early", "t", { ...CANCELLED, params }]]);
});

Deno.test("no cancellation is of this instance itself, a request, a response or no message", async () => {
  const here = new Here();
  assertEquals(await here.toldBy("cancel", { key: "s", message: CANCELLED }, "a"), []);
  for (const message of [{ ...CANCELLED, id: 1 }, { jsonrpc: "2.0", id: 1, result: {} }, 5]) {
    assertEquals(await here.toldBy("cancel", { key: "s", message }), []);
  }
});

Deno.test("another instance that carries a stream has it superseded here, and learns that it goes on", async () => {
  const here = new Here();
  const running = await here.take("carry", { key: "s", stream: "p1" });
  assertEquals([running.told, running.reply], [[["stream", "p1"], ["supersede"]], true]);
  here.hasStream = false;
  const ended = await here.take("carry", { key: "s", stream: "p1" });
  assertEquals(ended.told, [["stream", "p1"], ["busy", "s/p1"], ["idle"]]);
  assertEquals(ended.reply, undefined);
});

Deno.test("a session's own stream is handed over with its name and its last event, once all is kept", async () => {
  const { told, reply } = await new Here().take("handOver", MINE, "c");
  assertEquals(told, [["carrier", "c"], ["busy", "s/g1"], ["idle"]]);
  assertEquals(reply, { stream: "g1", delivered: 7 });
  const none = await new Here().take("handOver", { key: "t" }, "c");
  assertEquals([none.told, none.reply], [[], undefined]);
});

Deno.test("a stream that this instance carries hears that it has grown, or is taken", async () => {
  const here = new Here();
  const tell = (what: string) => () => void here.told.push([what]);
  here.carried.set("s/p1", { grown: tell("grown"), taken: tell("taken") });
  assertEquals(await here.toldBy("grown", { stream: "s/p1" }), [["grown"]]);
  assertEquals(await here.toldBy("grown", { stream: "s/p2" }), []);
  assertEquals(await here.toldBy("taken", { stream: "s/p1" }), [["taken"], ["stream", "p1"], [
    "supersede",
  ]]);
  assertEquals(await here.toldBy("taken", { stream: "s/a/b" }), [["stream", "a/b"], ["supersede"]]);
  assertEquals(await here.toldBy("taken", { stream: "t/p1" }), []);
});

Deno.test("changes of the same endpoint at another instance are noted, if they are changes", async () => {
  const here = new Here();
  const good = [{ kind: "tools" }, { kind: "resources" }, { kind: "prompts" }, {
    kind: "resource",
    uri: "x://a",
  }];
  const bad = [
    { kind: "resource" },
    { kind: "resource", uri: 5 },
    { kind: "other" },
    "tools",
    null,
  ];
  const changes = [...good, ...bad];
  const noted = good.map((change) => ["changed", change]);
  assertEquals(await here.toldBy("changes", { path: "/mcp", changes }), noted);
  assertEquals(await here.toldBy("changes", { path: "/mcp", changes }, "a"), []);
  assertEquals(await here.toldBy("changes", { path: "/other", changes }), []);
  assertEquals(await here.toldBy("changes", { path: "/mcp", changes: { ...changes } }), []);
});

Deno.test("a change here is told to the other instances, with the path of its endpoint", () => {
  const here = new Here();
  here.changes.publish([{ kind: "tools" }]);
  assertEquals(here.told, [["broadcast", "changes", {
    path: "/mcp",
    changes: [{ kind: "tools" }],
  }]]);
});

for (
  const [what, record, told] of [
    ["an ended session", { isEnded: true }, [["end", "s"]]],
    ["no record", {}, [["restore"]]],
    ["a record", { logLevel: "error" }, [["whole", { logLevel: "error" }], ["save again"]]],
    ["an error", new Error("away"), [["failed", "session", "away"]]],
  ] as const
) {
  Deno.test(`a store that is back has every session looked up, and ${what} is followed`, async () => {
    const here = new Here();
    here.record = record;
    here.carried.set("s/p1", { grown: () => void here.told.push(["grown"]) });
    for (const listener of here.upListeners) listener();
    await settled();
    assertEquals<unknown>(here.told, [["missed"], ["read", "s"], ["grown"], ...told]);
  });
}

Deno.test("a record that cannot be written to a store that is back is told as a trouble", async () => {
  for (const [record, what] of [[{}, "restore"], [{ logLevel: "error" }, "save again"]] as const) {
    const here = new Here();
    here.record = record;
    here.savingFails = true;
    for (const listener of here.upListeners) listener();
    await settled();
    assertEquals(here.told.slice(-2), [[what], ["failed", "session", "not saved"]]);
  }
});

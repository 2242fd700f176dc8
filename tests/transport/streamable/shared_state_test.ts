/** One instance's copy of a session's shared state: what it takes over, what it saves, and when. */
import { assertEquals } from "@std/assert";
import type { SessionRecords } from "../../../lib/fleet/session_records.ts";
import { ClientState } from "../../../lib/mcp/session/client_state.ts";
import type { SessionRecord } from "../../../lib/store/shared_store.ts";
import { SharedState } from "../../../lib/transport/streamable/shared_state.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { settled } from "../../helpers/time.ts";

/** A copy, and the store that it writes to. */
class Copy {
  readonly saved: SessionRecord[] = [];
  readonly carriers: string[] = [];
  reads = 0;
  isAway = false;
  record: SessionRecord | undefined = {};
  /** Holds the writes up until it settles. */
  gate: Promise<void> = Promise.resolve();
  readonly state = new ClientState(
    { wheel: new TimerWheel(), settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 } },
    { address: "10.0.0.1" },
  );
  readonly shared = new SharedState({
    key: "key",
    state: this.state,
    records: {
      save: async (key: string, changes: SessionRecord) => {
        assertEquals(key, "key");
        this.saved.push(changes);
        await this.gate;
        return !this.isAway;
      },
      peek: (key: string) => {
        assertEquals(key, "key");
        this.reads++;
        return Promise.resolve(this.record);
      },
    } as unknown as SessionRecords,
    setCarrier: (instance) => void this.carriers.push(instance),
  });

  get held() {
    const { logLevel, subscriptions, values, visibility } = this.state;
    return {
      logLevel,
      subscriptions: [...subscriptions],
      values: Object.fromEntries(values),
      tags: visibility?.tags ?? {},
    };
  }
}

const NOTHING = { logLevel: "info", subscriptions: [], values: {}, tags: {} };

Deno.test("a request changes the record by its method alone, and only its own part of it", () => {
  const { shared, state } = new Copy();
  state.logLevel = "error";
  state.subscribe("x://a");
  assertEquals(shared.changedBy("logging/setLevel"), { logLevel: "error" });
  assertEquals(shared.changedBy("resources/subscribe"), { subscriptions: ["x://a"] });
  assertEquals(shared.changedBy("resources/unsubscribe"), { subscriptions: ["x://a"] });
  assertEquals(shared.changedBy("tools/call"), undefined);
});

Deno.test("a change of another instance is taken over in the parts that it names", () => {
  const copy = new Copy();
  copy.shared.take({ logLevel: "error" });
  assertEquals(copy.held, { ...NOTHING, logLevel: "error" });
  copy.shared.take({ subscriptions: ["x://a", "x://b"] });
  copy.shared.take({ logLevel: "loud" });
  assertEquals(copy.held, { ...NOTHING, logLevel: "error", subscriptions: ["x://a", "x://b"] });
  assertEquals(copy.carriers, []);
  copy.shared.take({ carrier: "b", subscriptions: [] });
  assertEquals([copy.held.subscriptions, copy.carriers], [[], ["b"]]);
});

Deno.test("a whole record replaces values and tags; removed values are gone", () => {
  const copy = new Copy();
  copy.shared.takeWhole({ logLevel: "debug", values: { a: "1", b: null }, tags: { x: true } });
  assertEquals(copy.held, { ...NOTHING, logLevel: "debug", values: { a: "1" }, tags: { x: true } });
  copy.shared.takeWhole({ values: { c: "2" } });
  assertEquals(copy.held, { ...NOTHING, logLevel: "debug", values: { c: "2" } });
  copy.shared.takeWhole({});
  assertEquals(copy.held, { ...NOTHING, logLevel: "debug" });
  assertEquals(copy.saved, []);
});

Deno.test("all changes of one turn are saved together, and nothing is unsaved then", async () => {
  const { shared, state, saved } = new Copy();
  assertEquals(shared.saved, undefined);
  state.data.set("a", 1);
  state.data.set("b", "two");
  state.data.set("a", undefined);
  state.setVisible("x", true);
  state.setVisible("y", false);
  assertEquals(saved, []);
  await shared.saved;
  assertEquals(saved, [{ values: { a: null, b: '"two"' }, tags: { x: true, y: false } }]);
  assertEquals(shared.saved, undefined);
  await shared.saveAgain();
  assertEquals(saved.length, 1);
});

Deno.test("a change that comes while another is written is written after it", async () => {
  const copy = new Copy();
  const gate = Promise.withResolvers<void>();
  copy.gate = gate.promise;
  copy.state.data.set("a", 1);
  await settled();
  copy.state.data.set("a", 2);
  await settled();
  assertEquals(copy.saved, [{ values: { a: "1" }, tags: {} }]);
  gate.resolve();
  await copy.shared.saved;
  assertEquals(copy.saved.slice(1), [{ values: { a: "2" }, tags: {} }]);
});

Deno.test("a change that the store did not take stays, over its record, and is written again", async () => {
  const copy = new Copy();
  copy.isAway = true;
  copy.state.data.set("a", 1);
  copy.state.setVisible("x", true);
  await copy.shared.saved;
  assertEquals(copy.shared.saved, undefined);
  copy.shared.takeWhole({ values: { a: "0", b: "0" }, tags: { x: false, y: false } });
  assertEquals(copy.held.values, { a: "1", b: "0" });
  assertEquals(copy.held.tags, { x: true, y: false });
  copy.isAway = false;
  await copy.shared.saveAgain();
  assertEquals(copy.saved.slice(1), [{ values: { a: "1" }, tags: { x: true } }]);
  copy.shared.takeWhole({ values: { a: "0" } });
  assertEquals(copy.held.values, { a: "0" });
});

Deno.test("a newer change is written over one that the store did not take", async () => {
  const copy = new Copy();
  copy.isAway = true;
  const gate = Promise.withResolvers<void>();
  copy.gate = gate.promise;
  copy.state.data.set("a", 1);
  copy.state.data.set("b", 1);
  await settled();
  copy.state.data.set("a", 2);
  gate.resolve();
  await copy.shared.saved;
  copy.isAway = false;
  await copy.shared.saveAgain();
  assertEquals(copy.saved.at(-1), { values: { a: "2", b: "1" }, tags: {} });
});

Deno.test("a store that has lost the record gets what the copy has, and no more", async () => {
  for (
    const [change, saved] of [
      [() => {}, []],
      [({ state }: Copy) => void (state.logLevel = "error"), [
        { logLevel: "error", subscriptions: [] },
      ]],
      [({ state }: Copy) => state.subscribe("x://a"), [
        { logLevel: "info", subscriptions: ["x://a"] },
      ]],
      [({ shared }: Copy) => shared.takeWhole({ values: { a: "1" } }), [
        { values: { a: "1" }, tags: {} },
      ]],
      [({ shared }: Copy) => shared.takeWhole({ tags: { x: true }, logLevel: "debug" }), [
        { values: {}, tags: { x: true } },
        { logLevel: "debug", subscriptions: [] },
      ]],
    ] as const
  ) {
    const copy = new Copy();
    change(copy);
    await copy.shared.restore();
    assertEquals<unknown>(copy.saved, saved);
  }
});

Deno.test("a copy is read anew when it is stale, once for all who wait, and only then", async () => {
  const copy = new Copy();
  copy.record = { values: { a: "1" } };
  assertEquals(copy.shared.refresh(), undefined);
  copy.shared.setStale(false);
  assertEquals(copy.reads, 0);
  await Promise.all([copy.shared.refresh(), copy.shared.refresh()]);
  assertEquals([copy.reads, copy.held.values], [1, { a: "1" }]);
  assertEquals(copy.shared.refresh(), undefined);
});

Deno.test("a copy stays stale while the store is away", async () => {
  const copy = new Copy();
  copy.record = undefined;
  copy.shared.setStale(true);
  await copy.shared.refresh();
  assertEquals<unknown>(copy.held, NOTHING);
  copy.record = { values: { a: "1" } };
  await copy.shared.refresh();
  assertEquals([copy.reads, copy.held.values], [2, { a: "1" }]);
});

Deno.test("a copy with subscriptions is read at once where tags have changed", async () => {
  for (
    const [uris, changesTags, reads] of [[[], true, 0], [["x://a"], false, 0], [
      ["x://a"],
      true,
      1,
    ]] as const
  ) {
    const copy = new Copy();
    copy.shared.take({ subscriptions: uris });
    copy.shared.setStale(changesTags);
    await settled();
    assertEquals(copy.reads, reads);
  }
});

Deno.test("a copy is read after its own changes are written", async () => {
  const copy = new Copy();
  const gate = Promise.withResolvers<void>();
  copy.gate = gate.promise;
  copy.state.data.set("a", 1);
  copy.shared.setStale(false);
  const reading = copy.shared.refresh();
  await settled();
  assertEquals([copy.saved.length, copy.reads], [1, 0]);
  gate.resolve();
  await reading;
  assertEquals(copy.reads, 1);
});

Deno.test("who restores a record, or writes it again, waits until the store has it", async () => {
  for (
    const [change, write] of [
      [({ shared }: Copy) => shared.takeWhole({ values: { a: "1" } }), "restore"],
      [({ shared }: Copy) => shared.take({ logLevel: "error" }), "restore"],
      [({ state }: Copy) => state.data.set("a", 1), "saveAgain"],
    ] as const
  ) {
    const copy = new Copy();
    copy.isAway = true;
    change(copy);
    await copy.shared.saved;
    const gate = Promise.withResolvers<void>();
    copy.gate = gate.promise;
    let isWritten = false;
    const writing = copy.shared[write]().then(() => isWritten = true);
    await settled();
    assertEquals(isWritten, false);
    gate.resolve();
    await writing;
  }
});

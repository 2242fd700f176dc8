/** What an operator sees and ends at other instances, beside a fleet that answers as a test says. */
import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import type { Fleet, InstanceReply } from "../../../lib/fleet/fleet.ts";
import type { LedgerView } from "../../../lib/http/ledger_view.ts";
import { AllInstances, type OwnView } from "../../../lib/http/routes/all_instances.ts";
import { isPageQuery, type PageQuery } from "../../../lib/http/routes/connection_page.ts";
import { notFound, severalBeginSo } from "../../../lib/http/routes/find_stream.ts";

const SORTING = { by: "opened", order: "asc" } as const;
const WANTED: PageQuery = { offset: 0, limit: 100, filter: "", sorting: SORTING };

function emptyView(opened: number): LedgerView {
  return {
    opened,
    open: 0,
    lingering: 0,
    closed: {},
    refused: {},
    queued_bytes: 0,
    heap_used_bytes: 0,
    matching: 0,
    connections: [],
    recent_closed: [],
    recent_refused: [],
  };
}

type FleetHandler = (body: Record<string, unknown>, from: string) => unknown;

/** One instance with others, whose replies are given. */
class Setting {
  readonly asked: unknown[] = [];
  readonly done: unknown[] = [];
  readonly handlers = new Map<string, FleetHandler>();
  readonly all: AllInstances;

  constructor(
    { replies = [], holder, state = "alive", own = "closed", reply }: {
      readonly replies?: readonly InstanceReply[];
      readonly holder?: string;
      readonly state?: string;
      readonly own?: "closed" | "unknown" | "several";
      readonly reply?: unknown;
    },
  ) {
    const fleet = {
      me: "me",
      on: (kind: string, handler: FleetHandler) => void this.handlers.set(kind, handler),
      askAll: (...given: unknown[]) => {
        this.asked.push(given);
        return Promise.resolve(replies);
      },
      ask: (...given: unknown[]) => {
        this.asked.push(given);
        return Promise.resolve(reply);
      },
      holderOf: () => holder,
      stateOf: () => Promise.resolve(state),
    } as unknown as Fleet;
    const view: OwnView = {
      view: (wanted) => {
        this.done.push(["view", wanted]);
        return emptyView(1);
      },
      disconnect: (id) => {
        this.done.push(["disconnect", id]);
        if (own === "unknown") throw notFound();
        if (own === "several") throw severalBeginSo();
      },
      endPrincipal: (...given) => {
        this.done.push(["endPrincipal", ...given]);
        return { streams: 1, sessions: 2 };
      },
    };
    this.all = new AllInstances(fleet, view);
    this.all.serve();
  }

  /** What another instance gets for a message. */
  replyTo(kind: string, body: Record<string, unknown>, from = "you"): unknown {
    return this.handlers.get(kind)?.(body, from);
  }
}

Deno.test("a view asks all others for their rows up to the end of the page, and waits a second", async () => {
  const replies = [{ name: "you", reply: emptyView(5) }, { name: "gone", reply: undefined }];
  const setting = new Setting({ replies });
  const wanted = { ...WANTED, offset: 30, limit: 20, filter: "curl" };
  const { opened, instances } = await setting.all.view(wanted);
  const part = { ...wanted, offset: 0, limit: 50 };
  assertEquals(setting.asked, [["view", { wanted: part }, 1_000]]);
  assertEquals(setting.done, [["view", part]]);
  const names = instances?.map(({ name, is_here, is_silent }) => [name, is_here, is_silent]);
  assertEquals([opened, names], [6, [
    ["me", true, undefined],
    ["you", undefined, undefined],
    ["gone", undefined, true],
  ]]);
});

Deno.test("a page may end at row 10,000 and no further", async () => {
  const setting = new Setting({});
  await setting.all.view({ ...WANTED, offset: 9_900 });
  assertEquals(setting.asked.length, 1);
  const { kind, message } = await assertRejects(
    () => setting.all.view({ ...WANTED, offset: 9_901 }),
    ProtocolError,
  );
  assertEquals([kind, setting.asked.length], ["invalid_params", 1]);
  assertEquals(
    message,
    '"offset" and "limit" may be 10000 together where instances share a store; "filter" finds ' +
      "what is further down",
  );
});

Deno.test("the name of an instance as filter means all of its connections", async () => {
  const setting = new Setting({});
  await setting.all.view({ ...WANTED, filter: "me" });
  await setting.all.view({ ...WANTED, filter: "m" });
  assertEquals(setting.done, [["view", WANTED], ["view", { ...WANTED, filter: "m" }]]);
});

Deno.test("another instance gets a view for a query, and nothing for anything else", () => {
  const setting = new Setting({});
  assertEquals(setting.replyTo("view", { wanted: WANTED }), emptyView(1));
  for (
    const wanted of [
      undefined,
      null,
      {},
      { ...WANTED, offset: 0.5 },
      { ...WANTED, limit: "1" },
      { ...WANTED, filter: 1 },
      { ...WANTED, sorting: undefined },
      { ...WANTED, sorting: { by: "opened", order: "up" } },
      { ...WANTED, sorting: { by: "nothing", order: "asc" } },
    ]
  ) {
    assertEquals([isPageQuery(wanted), setting.replyTo("view", { wanted })], [false, undefined]);
  }
});

Deno.test("another instance is told whether a connection was closed here", () => {
  for (
    const [own, told] of [["closed", "closed"], ["unknown", undefined], ["several", "several"]]
  ) {
    const setting = new Setting({ own: own as "closed" });
    assertEquals(setting.replyTo("disconnect", { connection: "x" }), told);
    assertEquals(setting.done, [["disconnect", "x"]]);
  }
});

Deno.test("another instance may end a principal here, with its reason; the own message is not obeyed", () => {
  const setting = new Setting({});
  const ended = { streams: 1, sessions: 2 };
  const reply = (reason: unknown, from?: string, principal: unknown = "ada") =>
    setting.replyTo("endPrincipal", { principal, reason }, from);
  assertEquals([reply("auth_expired"), reply("limit"), reply(undefined)], [ended, ended, ended]);
  assertEquals([reply("auth_expired", "me"), reply("limit", "you", 5)], [undefined, undefined]);
  assertEquals(setting.done, [
    ["endPrincipal", "ada", "auth_expired"],
    ["endPrincipal", "ada", "disconnected"],
    ["endPrincipal", "ada", "disconnected"],
  ]);
});

Deno.test("a connection whose id names its instance is closed there", async () => {
  const setting = new Setting({ holder: "you", reply: "closed" });
  await setting.all.disconnect("id");
  assertEquals([setting.asked, setting.done], [[["you", "disconnect", { connection: "id" }]], []]);
  const other = new Setting({ holder: "you" });
  const { kind } = await assertRejects(() => other.all.disconnect("id"), ProtocolError);
  assertEquals(kind, "connection_not_found");
});

Deno.test("a connection is looked for here first, and elsewhere if it is not here", async () => {
  for (const place of [{}, { holder: "you", state: "dead" }]) {
    const here = new Setting(place);
    await here.all.disconnect("id");
    assertEquals([here.done, here.asked], [[["disconnect", "id"]], []]);
  }
  const closed = { name: "you", reply: "closed" };
  const silent = { name: "gone", reply: undefined };
  const several = { name: "two", reply: "several" };
  const none = { name: "none", reply: null };
  for (
    const [replies, kind] of [
      [[silent, several, closed], undefined],
      [[silent, several], "invalid_params"],
      [[none, silent], "not_routed"],
      [[none], "connection_not_found"],
      [[], "connection_not_found"],
    ] as const
  ) {
    const elsewhere = new Setting({ own: "unknown", replies });
    const ending = elsewhere.all.disconnect("id");
    if (kind === undefined) await ending;
    else assertEquals((await assertRejects(() => ending, ProtocolError)).kind, kind);
    assertEquals(elsewhere.asked, [["disconnect", { connection: "id" }]]);
  }
});

Deno.test("an ambiguous id of this instance is refused, without a question to others", async () => {
  const setting = new Setting({ own: "several" });
  const { kind } = await assertRejects(() => setting.all.disconnect("id"), ProtocolError);
  assertEquals([kind, setting.asked], ["invalid_params", []]);
});

Deno.test("what was ended of a principal is added up, and who did not answer is named", async () => {
  const replies = [
    { name: "you", reply: { streams: 3, sessions: 4 } },
    { name: "gone", reply: undefined },
  ];
  const setting = new Setting({ replies });
  assertEquals(await setting.all.endPrincipal("ada"), {
    streams: 4,
    sessions: 6,
    silent_instances: ["gone"],
  });
  assertEquals(setting.done, [["endPrincipal", "ada", "disconnected"]]);
  assertEquals(setting.asked, [["endPrincipal", { principal: "ada", reason: "disconnected" }]]);
  const alone = new Setting({ replies: replies.slice(0, 1) });
  assertEquals(await alone.all.endPrincipal("ada"), { streams: 4, sessions: 6 });
});

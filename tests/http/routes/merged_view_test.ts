/** The answers of several instances as one ledger. */
import { assertEquals } from "@std/assert";
import type { ClosedView, ConnectionView, LedgerView } from "../../../lib/http/ledger_view.ts";
import type { PageQuery, Sorting } from "../../../lib/http/routes/connection_page.ts";
import { readCounts, readView } from "../../../lib/http/routes/instance_answer.ts";
import { mergeViews } from "../../../lib/http/routes/merged_view.ts";

/** A connection with a number in every field that can be sorted by. */
function row(id: string, n: number): ConnectionView {
  return {
    id,
    dialect: `dialect${n}`,
    client_ip: `192.0.2.${n}`,
    user_agent: "curl",
    age_ms: 10 - n,
    ping_count: n,
    failed_pings: n,
    queued_bytes: n,
    sent_bytes: n,
    requests_in_flight: n,
  };
}

function ended(id: string, at: string): ClosedView {
  const { dialect, client_ip, user_agent, age_ms, sent_bytes } = row(id, 1);
  return { at, id, dialect, client_ip, user_agent, age_ms, sent_bytes, reason: "client_closed" };
}

function view(connections: readonly ConnectionView[], more: Partial<LedgerView> = {}): LedgerView {
  return {
    opened: 10,
    open: 3,
    lingering: 1,
    closed: { client_closed: 4, drain: 0 },
    refused: { max_flaps: 2 },
    queued_bytes: 500,
    heap_used_bytes: 7_000,
    matching: connections.length,
    connections,
    recent_closed: [],
    recent_refused: [],
    ...more,
  };
}

function wanting(query: Partial<PageQuery> = {}, sorting: Partial<Sorting> = {}): PageQuery {
  const usual = { by: "opened", order: "asc" } as const;
  return { offset: 0, limit: 100, filter: "", ...query, sorting: { ...usual, ...sorting } };
}

const ids = ({ connections }: LedgerView) => connections.map(({ id }) => id).join("");

Deno.test("the counts of all instances that answer are added, and each is shown with its own", () => {
  const other = view([row("b", 2)], {
    opened: 5,
    open: 2,
    lingering: 7,
    closed: { client_closed: 1, limit: 9 },
    refused: {},
    queued_bytes: 11,
    heap_used_bytes: 13,
  });
  const answers = [
    { name: "me", view: view([row("a", 1)]) },
    { name: "gone", view: undefined },
    { name: "you", view: other },
  ];
  assertEquals(mergeViews(answers, wanting()), {
    opened: 15,
    open: 5,
    lingering: 8,
    closed: { client_closed: 5, drain: 0, limit: 9 },
    refused: { max_flaps: 2 },
    queued_bytes: 511,
    heap_used_bytes: 7_013,
    matching: 2,
    connections: [{ ...row("a", 1), instance: "me" }, { ...row("b", 2), instance: "you" }],
    recent_closed: [],
    recent_refused: [],
    instances: [
      {
        name: "me",
        is_here: true,
        opened: 10,
        open: 3,
        lingering: 1,
        queued_bytes: 500,
        heap_used_bytes: 7_000,
      },
      { name: "gone", is_silent: true },
      { name: "you", opened: 5, open: 2, lingering: 7, queued_bytes: 11, heap_used_bytes: 13 },
    ],
  });
});

Deno.test("one instance that is open to all makes the whole open to all", () => {
  const views = [view([]), view([], { is_open_to_all: true })];
  const merged = (of: readonly LedgerView[]) =>
    mergeViews(of.map((one, index) => ({ name: `${index}`, view: one })), wanting());
  assertEquals(merged(views).is_open_to_all, true);
  assertEquals("is_open_to_all" in merged(views.slice(0, 1)), false);
});

Deno.test("rows are sorted over all instances by each field, both ways", () => {
  const answers = [
    { name: "one", view: view([row("a", 1), row("d", 4)]) },
    { name: "two", view: view([row("b", 2), row("c", 3)]) },
  ];
  const fields = ["opened", "dialect", "client", "pings", "failed_pings", "queued", "sent"];
  for (const by of [...fields, "requests"] as Sorting["by"][]) {
    assertEquals(ids(mergeViews(answers, wanting({}, { by }))), "abcd", by);
    assertEquals(ids(mergeViews(answers, wanting({}, { by, order: "desc" }))), "dcba", by);
  }
});

Deno.test("equal rows stay in the order in which they came, both ways", () => {
  const answers = [
    { name: "one", view: view([row("a", 1), row("b", 1)]) },
    { name: "two", view: view([row("c", 1)]) },
  ];
  for (const order of ["asc", "desc"] as const) {
    assertEquals(ids(mergeViews(answers, wanting({}, { by: "sent", order }))), "abc");
  }
});

Deno.test("a page is cut from the rows of all, and names the next one while there is one", () => {
  const answers = [
    { name: "one", view: view([row("a", 1), row("c", 3)]) },
    { name: "two", view: view([row("b", 2), row("d", 4)]) },
  ];
  for (
    const [offset, limit, shown, next] of [
      [0, 2, "ab", 2],
      [1, 2, "bc", 3],
      [2, 2, "cd", undefined],
      [3, 2, "d", undefined],
      [4, 2, "", undefined],
      [0, 4, "abcd", undefined],
      [0, 3, "abc", 3],
    ] as const
  ) {
    const page = mergeViews(answers, wanting({ offset, limit }));
    assertEquals([ids(page), page.next_offset, page.matching], [shown, next, 4]);
    assertEquals("next_offset" in page, next !== undefined);
  }
});

Deno.test("what ended last is the newest of all instances, a hundred at most", () => {
  const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
  const one = Array.from({ length: 70 }, (_, n) => ended(`one${n}`, at(200 - 2 * n)));
  const two = Array.from({ length: 70 }, (_, n) => ended(`two${n}`, at(199 - 2 * n)));
  const { recent_closed } = mergeViews([
    { name: "one", view: view([], { recent_closed: one }) },
    { name: "two", view: view([], { recent_closed: two }) },
  ], wanting());
  assertEquals(recent_closed.length, 100);
  assertEquals(recent_closed.slice(0, 3), [
    { ...one[0]!, instance: "one" },
    { ...two[0]!, instance: "two" },
    { ...one[1]!, instance: "one" },
  ]);
  assertEquals(recent_closed.at(-1), { ...two[49]!, instance: "two" });
  const same = [ended("x", at(1)), ended("y", at(1))];
  const merged = mergeViews([{ name: "a", view: view([], { recent_closed: same }) }], wanting());
  assertEquals(merged.recent_closed.map(({ id }) => id), ["x", "y"]);
});

Deno.test("the view of another instance is read whole, and whatever is none is not read", () => {
  const whole = view([{ ...row("a", 1), principal: "ada", client_id: "c" }], {
    is_open_to_all: true,
    recent_closed: [ended("b", "2026")],
    recent_refused: [{
      at: "2026",
      method: "GET",
      path: "/",
      client_ip: "::1",
      status: 404,
      kind: "not_found",
      message: "no",
    }],
  });
  assertEquals(readView(whole), whole);
  assertEquals(readView({ ...whole, more: 1 }), whole);
  const long = "x".repeat(4_096);
  const named = (user_agent: string) => view([{ ...row("a", 1), user_agent }]);
  assertEquals(readView(named(long)), named(long));
  const strange = { ...whole.recent_refused[0], kind: "nope" };
  for (
    const wrong of [
      undefined,
      null,
      {},
      { ...whole, open: -1 },
      { ...whole, open: "1" },
      { ...whole, closed: { drain: -1 } },
      { ...whole, is_open_to_all: false },
      { ...whole, connections: {} },
      { ...whole, connections: [{ id: "a" }] },
      { ...whole, recent_refused: [strange] },
      named(`${long}x`),
    ]
  ) assertEquals(readView(wrong), undefined);
});

Deno.test("the counts that another instance ended are two numbers", () => {
  assertEquals(readCounts({ streams: 0, sessions: 2, more: 1 }), { streams: 0, sessions: 2 });
  for (const wrong of [undefined, {}, { streams: 1 }, { streams: 1, sessions: -1 }, 5]) {
    assertEquals(readCounts(wrong), undefined);
  }
});

Deno.test("a page of one row has a next one; a page without rows has none, whatever others count", () => {
  const rows = view([row("a", 1), row("b", 2)]);
  const page = mergeViews([{ name: "one", view: rows }], wanting({ limit: 1 }));
  assertEquals([ids(page), page.next_offset], ["a", 1]);
  const empty = mergeViews([{ name: "one", view: view([], { matching: 5 }) }], wanting());
  assertEquals([empty.matching, "next_offset" in empty], [5, false]);
});

/** The change bus: which listener is told what, once per turn, and what is told to a watcher. */
import { assertEquals } from "@std/assert";
import {
  ChangeBus,
  type ChangeListener,
  changeNotification,
} from "../../lib/mcp/changes/change_bus.ts";
import { Catalog, type CatalogChange } from "../../lib/registry/catalog.ts";
import { defineResource } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { UriSet } from "../../lib/registry/uri_set.ts";
import { SessionVisibility } from "../../lib/registry/visibility.ts";
import { CapturedLog } from "../helpers/log.ts";

/** A listener that keeps what it is told. */
function listener(members: Partial<ChangeListener> = {}) {
  const told: unknown[] = [];
  return {
    told,
    wantsChange: () => true,
    sendChange: ({ method, params }: { method: string; params?: unknown }) =>
      void told.push(params === undefined ? method : [method, params]),
    ...members,
  };
}

const turn = () => Promise.resolve();
const tool = (name: string, definition: { tags?: readonly string[]; enabled?: boolean } = {}) =>
  defineTool({ name, description: name, ...definition, run: () => "" });
const TOOLS = "notifications/tools/list_changed";
const UPDATED = "notifications/resources/updated";

Deno.test("each kind of change has its notification", () => {
  assertEquals(
    ([
      { kind: "tools" },
      { kind: "resources" },
      { kind: "prompts" },
      { kind: "resource", uri: "x://a" },
      { kind: "resource", uri: "x://a", meta: { b: 1 } },
    ] as CatalogChange[]).map(changeNotification),
    [
      { jsonrpc: "2.0", method: TOOLS },
      { jsonrpc: "2.0", method: "notifications/resources/list_changed" },
      { jsonrpc: "2.0", method: "notifications/prompts/list_changed" },
      { jsonrpc: "2.0", method: UPDATED, params: { uri: "x://a" } },
      { jsonrpc: "2.0", method: UPDATED, params: { uri: "x://a", _meta: { b: 1 } } },
    ],
  );
});

Deno.test("equal changes of one turn are told once, different ones each, in the order of the first", async () => {
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const { told, ...one } = listener();
  bus.add(one);
  catalog.resourceUpdated("x://a");
  catalog.listChanged("tools");
  catalog.resourceUpdated("x://a", { last: true });
  catalog.resourceUpdated("x://b");
  catalog.listChanged("tools");
  bus.noteRemote({ kind: "tools" });
  assertEquals(told, []);
  await turn();
  assertEquals(told, [[UPDATED, { uri: "x://a", _meta: { last: true } }], TOOLS, [UPDATED, {
    uri: "x://b",
  }]]);
  told.length = 0;
  await turn();
  assertEquals(told, []);
  catalog.listChanged("tools");
  await turn();
  assertEquals(told, [TOOLS]);
});

Deno.test("a listener is told what it wants until it is disposed of, and others go on", async () => {
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const [all, none, gone] = [listener(), listener({ wantsChange: () => false }), listener()];
  bus.add(all);
  bus.add(none);
  const listening = bus.add(gone);
  catalog.listChanged("tools");
  await turn();
  assertEquals([all.told, none.told, gone.told], [[TOOLS], [], [TOOLS]]);
  listening[Symbol.dispose]();
  const next = listener();
  bus.add(next);
  // The place may belong to another by now.
  listening[Symbol.dispose]();
  catalog.listChanged("tools");
  await turn();
  assertEquals([all.told.length, gone.told.length, next.told.length], [2, 1, 1]);
});

Deno.test("a listener that fails costs the others nothing, and the failure is logged", async () => {
  using log = new CapturedLog();
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const fail = () => {
    throw new Error("no");
  };
  bus.add(listener({ sendChange: fail }));
  const other = listener();
  bus.add(other);
  catalog.listChanged("tools");
  await turn();
  assertEquals([other.told, log.messages()], [[TOOLS], ["Change notification failed"]]);
});

for (
  const [count, isTold] of [[1, false], [100, false], [101, true]] as const
) {
  Deno.test(`${count} changes of hidden tools in one turn are ${isTold ? "" : "not "}told`, async () => {
    const catalog = new Catalog();
    const bus = new ChangeBus(catalog);
    const { told, ...one } = listener();
    bus.add(one);
    for (let index = 0; index < count; index++) {
      catalog.tools.add(tool(`t${index}`, { enabled: false }));
    }
    await turn();
    assertEquals(told, isTold ? [TOOLS] : []);
  });
}

Deno.test("a change without its features is told to all, whatever else changes in that turn", async () => {
  for (const isFirst of [true, false]) {
    const catalog = new Catalog();
    const bus = new ChangeBus(catalog);
    const { told, ...one } = listener();
    bus.add(one);
    if (isFirst) catalog.listChanged("tools");
    catalog.tools.add(tool("off", { enabled: false }));
    if (!isFirst) catalog.listChanged("tools");
    await turn();
    assertEquals(told, [TOOLS]);
  }
});

Deno.test("a listener with a visibility of its own is told of the features that it sees", async () => {
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const [shows, hides] = [new SessionVisibility(), new SessionVisibility()];
  shows.show("extra");
  hides.hide("extra");
  const listeners = [
    listener({ visibility: shows }),
    listener({ visibility: hides }),
    listener(),
  ];
  for (const each of listeners) bus.add(each);
  const counts = () => listeners.map(({ told }) => told.length);
  catalog.tools.add(tool("off", { tags: ["extra"], enabled: false }));
  await turn();
  assertEquals(counts(), [1, 0, 0]);
  catalog.tools.enable("off");
  await turn();
  assertEquals(counts(), [1, 0, 1]);
});

Deno.test("an update of a guarded resource reaches those with its scopes, and of a hidden one nobody", async () => {
  const resource = (name: string, definition: object) =>
    defineResource({ uri: `x://${name}`, name, ...definition, read: () => "" });
  const catalog = new Catalog({
    resources: [resource("secret", { scopes: ["read"] }), resource("off", { enabled: false })],
  });
  const bus = new ChangeBus(catalog);
  const listeners = [
    listener({ granted: ["read"] }),
    listener({ granted: ["write"] }),
    listener({ granted: [] }),
    listener(),
  ];
  for (const each of listeners) bus.add(each);
  for (const name of ["secret", "off", "free"]) catalog.resourceUpdated(`x://${name}`);
  await turn();
  catalog.listChanged("tools");
  await turn();
  const free = [UPDATED, { uri: "x://free" }];
  assertEquals(listeners.map(({ told }) => told), [
    [[UPDATED, { uri: "x://secret" }], free, TOOLS],
    [free, TOOLS],
    [free, TOOLS],
    [free, TOOLS],
  ]);
});

Deno.test("a change of a guarded tool reaches those who find it in lists, and other instances", async () => {
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const published: unknown[] = [];
  bus.publish = (changes) => void published.push(...changes);
  const shows = new SessionVisibility();
  shows.show("extra");
  const listeners = [
    listener({ listScopes: ["read"] }),
    // The scopes of subscriptions do not count.
    listener({ granted: ["read"], listScopes: [] }),
    listener(),
    listener({ listScopes: ["read"], visibility: shows }),
    listener({ visibility: shows }),
  ];
  for (const each of listeners) bus.add(each);
  const counts = () => listeners.map(({ told }) => told.length);
  const guarded = (name: string, definition: object) =>
    defineTool({ name, description: name, scopes: ["read"], ...definition, run: () => "" });
  catalog.tools.add(guarded("a", {}));
  await turn();
  assertEquals([counts(), published], [[1, 0, 0, 1, 0], [{ kind: "tools" }]]);
  catalog.tools.add(guarded("b", { enabled: false, tags: ["extra"] }));
  await turn();
  assertEquals([counts(), published.length], [[1, 0, 0, 2, 0], 1]);
  catalog.tools.add(guarded("c", { listedFor: "everybody" }));
  await turn();
  assertEquals(counts(), [2, 1, 1, 3, 1]);
});

Deno.test("after changes were missed, each listener reads its lists and its resources again", async () => {
  const bus = new ChangeBus(new Catalog());
  const one = listener({ subscribed: new UriSet(["x://a", "x://b"]) });
  const other = listener();
  bus.add(one);
  bus.add(other);
  const updates = [[UPDATED, { uri: "x://a" }], [UPDATED, { uri: "x://b" }]];
  bus.noteMissed();
  assertEquals([one.told, other.told], [updates, []]);
  await turn();
  const lists = ["tools", "resources", "prompts"].map((kind) =>
    `notifications/${kind}/list_changed`
  );
  assertEquals([one.told, other.told], [[...updates, ...lists], lists]);
});

Deno.test("other instances are told of the changes of this one, each once, and not of their own", async () => {
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const published: unknown[] = [];
  catalog.listChanged("prompts");
  bus.publish = (changes) => void published.push(changes);
  await turn();
  assertEquals(published, []);
  const { told, ...one } = listener();
  bus.add(one);
  bus.noteRemote({ kind: "tools" });
  catalog.tools.add(tool("off", { enabled: false }));
  await turn();
  assertEquals([published, told], [[], [TOOLS]]);
  catalog.resourceUpdated("x://a");
  catalog.resourceUpdated("x://a", { b: 1 });
  catalog.listChanged("tools");
  catalog.listChanged("tools");
  await turn();
  assertEquals(published, [[
    { kind: "resource", uri: "x://a", meta: { b: 1 } },
    { kind: "tools" },
  ]]);
  catalog.listChanged("resources");
  await turn();
  assertEquals(published[1], [{ kind: "resources" }]);
});

/** A catalog whose watcher logs what is subscribed to, and what not any more. */
function watchedCatalog(): { readonly catalog: Catalog; readonly log: string[] } {
  const catalog = new Catalog();
  const log: string[] = [];
  catalog.watcher = {
    subscribed: (uri: string) => void log.push(`+${uri}`),
    unsubscribed: (uri: string) => void log.push(`-${uri}`),
    holding: () => undefined,
  };
  return { catalog, log };
}

Deno.test("a watcher is told of the subscriptions of each listener, and that they end with it", () => {
  const { catalog, log } = watchedCatalog();
  const bus = new ChangeBus(catalog);
  const subscribed = new UriSet(["x://a"]);
  const one = listener({ subscribed });
  const listening = bus.add(one);
  subscribed.add("x://b");
  subscribed.delete("x://a");
  bus.add(listener())[Symbol.dispose]();
  assertEquals(log, ["+x://a", "+x://b", "-x://a"]);
  listening[Symbol.dispose]();
  assertEquals(log.slice(3), ["-x://b"]);
  subscribed.add("x://c");
  listening[Symbol.dispose]();
  assertEquals(log.length, 4);
  bus.noteMissed();
  assertEquals(one.told, []);
});

Deno.test("subscriptions that have another owner by now stay with it", () => {
  const { catalog, log } = watchedCatalog();
  const bus = new ChangeBus(catalog);
  const subscribed = new UriSet(["x://a"]);
  const first = bus.add(listener({ subscribed }));
  const second = bus.add(listener({ subscribed }));
  first[Symbol.dispose]();
  subscribed.add("x://b");
  assertEquals(log, ["+x://a", "+x://a", "+x://b"]);
  second[Symbol.dispose]();
  assertEquals(log.slice(3), ["-x://a", "-x://b"]);
});

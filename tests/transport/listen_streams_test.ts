/** A listen stream: when it is acknowledged, what it tells, and how it ends. */
import { assertEquals } from "@std/assert";
import type { ChangeListener } from "../../lib/mcp/changes/change_bus.ts";
import type { SubscriptionWatcher } from "../../lib/registry/catalog.ts";
import type { StreamDriver } from "../../lib/stream/stream_driver.ts";
import { type ListenDeps, openListen } from "../../lib/transport/modern/listen.ts";
import type { RequestContext } from "../../lib/transport/request_head.ts";
import type { JsonRpcRequest } from "../../lib/wire/json_rpc.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const NOTE = (data: string) =>
  ({ jsonrpc: "2.0", method: "notifications/message", params: { data } }) as const;

interface Options {
  readonly uris?: readonly string[];
  readonly watcher?: Partial<SubscriptionWatcher> | undefined;
  readonly state?: string;
}

/** Opens a listen stream, and tells all that is done. */
function listen({ uris = [], watcher, state = "open" }: Options = {}) {
  const told: unknown[][] = [];
  let driver: StreamDriver | undefined;
  let listener: ChangeListener | undefined;
  const deps = {
    info: { name: "server", version: "1" },
    catalog: { watcher },
    streams: {
      open: (_: unknown, opened: { driver: StreamDriver; first: () => string }) => {
        driver = opened.driver;
        const first = opened.first();
        told.push([
          "open",
          first.startsWith(":") ? first : JSON.parse(first.split("data: ")[1]!).method,
        ]);
        return {
          state,
          readable: null,
          sendMessage: ({ method, params }: ReturnType<typeof NOTE>) =>
            void told.push(["send", params?.data ?? method]),
        };
      },
    },
    changes: {
      add: (added: ChangeListener) => {
        listener = added;
        told.push(["listen"]);
        return { [Symbol.dispose]: () => void told.push(["stop listening"]) };
      },
    },
  } as unknown as ListenDeps;
  const message = {
    jsonrpc: "2.0",
    id: 1,
    method: "subscriptions/listen",
    params: { notifications: { toolsListChanged: true, resourceSubscriptions: uris } },
  } as unknown as JsonRpcRequest;
  const c = { identity: { principal: "me", scopes: ["read"] } } as unknown as RequestContext;
  openListen(deps, c, message);
  return { told, driver: driver!, listener };
}

const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

Deno.test("a listen stream begins with its acknowledgement, and then hears of changes", () => {
  for (const options of [{}, { uris: ["x://a"] }, { watcher: {} }]) {
    const { told, listener } = listen(options);
    assertEquals(told, [["open", ACKNOWLEDGED], ["listen"]]);
    listener?.sendChange(NOTE("change"));
    assertEquals(told.slice(2), [["send", "change"]]);
    assertEquals(listener?.granted, ["read"]);
    assertEquals(listener?.wantsChange({ kind: "tools" }), true);
    assertEquals(listener?.wantsChange({ kind: "prompts" }), false);
  }
});

Deno.test("a listen stream that has ended while it was opened hears of nothing", () => {
  const { told, driver, listener } = listen({ state: "closed" });
  assertEquals([told, listener], [[["open", ACKNOWLEDGED]], undefined]);
  driver.onEnded(() => {
    throw new Error("no call to abort");
  });
  assertEquals(told.length, 1);
});

Deno.test("resources that are held already are acknowledged at once, behind the first bytes", () => {
  const watcher = { holding: () => undefined };
  const { told } = listen({ uris: ["x://a"], watcher });
  assertEquals(told, [["open", ": ping\n\n"], ["listen"], ["send", ACKNOWLEDGED]]);
});

Deno.test("changes that come before the acknowledgement wait for it, in order", async () => {
  using time = new FakeTime();
  const held = Promise.withResolvers<void>();
  const { told, listener } = listen({
    uris: ["x://a", "x://b"],
    watcher: { holding: (uri: string) => uri === "x://a" ? held.promise : undefined },
  });
  listener?.sendChange(NOTE("first"));
  listener?.sendChange(NOTE("second"));
  await time.advance(1_900);
  assertEquals(told.slice(2), []);
  held.resolve();
  await settled();
  assertEquals(told.slice(2), [["send", ACKNOWLEDGED], ["send", "first"], ["send", "second"]]);
  listener?.sendChange(NOTE("third"));
  await time.advance(500);
  assertEquals(told.slice(5), [["send", "third"]]);
});

Deno.test("an acknowledgement waits two seconds for a server that does not answer", async () => {
  using time = new FakeTime();
  const { told } = listen({ uris: ["x://a"], watcher: { holding: () => new Promise(() => {}) } });
  await time.advance(1_975);
  assertEquals(told.slice(2), []);
  await time.advance(50);
  assertEquals(told.slice(2), [["send", ACKNOWLEDGED]]);
});

Deno.test("a resource that its server refuses is left out of the subscription, and others stay", async () => {
  const refuse = (uri: string) =>
    uri === "x://a" ? Promise.reject(new Error("refused")) : Promise.resolve();
  const { told, listener } = listen({ uris: ["x://a", "x://b"], watcher: { holding: refuse } });
  await settled();
  assertEquals(told.slice(2), [["send", ACKNOWLEDGED]]);
  assertEquals([...listener?.subscribed ?? []], ["x://b"]);
  assertEquals(["x://a", "x://b"].map((uri) => listener?.wantsChange({ kind: "resource", uri })), [
    false,
    true,
  ]);
});

Deno.test("a listen stream holds nothing up, is long-lived, and never busy", () => {
  const { driver, told } = listen();
  const { name, isLongLived, unanswered, answeredCount } = driver;
  assertEquals([name, isLongLived, unanswered, answeredCount], ["listen", true, 0, 0]);
  assertEquals([driver.isBusy(), driver.pingClient()], [false, "unknown"]);
  assertEquals(driver.ping({} as never, 1), ": ping\n\n");
  driver.onEnded(() => {
    throw new Error("no call to abort");
  });
  assertEquals(told.at(-1), ["stop listening"]);
});

Deno.test("the end of a listen stream is its result, with the time to come back where it was planned", () => {
  const { driver } = listen();
  const end = driver.closingFrame("disconnected", {} as never) ?? "";
  const { id, result } = JSON.parse(end.split("data: ")[1]!);
  assertEquals([id, typeof result, end.includes("retry:")], [1, "object", false]);
  const planned = driver.closingFrame("max_age", {} as never) ?? "";
  assertEquals(planned.replace(/^retry: [1-9]\d*\n\n/, ""), end);
  assertEquals(planned.startsWith("retry: "), true);
});

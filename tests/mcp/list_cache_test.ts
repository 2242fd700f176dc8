/** Which pages of a list are kept, for whom, and until when. */
import { assertEquals } from "@std/assert";
import { Call } from "../../lib/mcp/call.ts";
import { cachedList } from "../../lib/mcp/methods/list_cache.ts";
import type { Method } from "../../lib/mcp/methods/table.ts";
import { SessionVisibility } from "../../lib/registry/visibility.ts";
import { SerializedResult } from "../../lib/wire/json_rpc.ts";
import { testScope, testServer } from "../helpers/scope.ts";

/** A list whose pages are counted as they are made. */
class Subject {
  revision = 0;
  readonly access = { viewScopes: [] as string[] };
  made = 0;
  readonly views: unknown[] = [];
  /** How often it was asked who calls. */
  callers = 0;
  readonly method: Method;

  constructor(inner?: Method) {
    this.method = cachedList(inner ?? (() => ({ page: ++this.made })), this);
  }

  viewOf(viewer: { granted?: readonly string[] | undefined; visibility?: unknown }): string {
    this.views.push(viewer);
    return JSON.stringify(viewer.granted ?? []);
  }

  /** The number of the page that a caller gets. */
  page(cursor?: unknown, scopes?: readonly string[], visibility?: SessionVisibility): unknown {
    const params = cursor === undefined ? {} : { cursor };
    const scope = testScope({
      ...(visibility !== undefined && { session: { visibility } as never }),
    });
    Object.defineProperty(scope, "caller", {
      get: () => {
        this.callers++;
        return { address: "127.0.0.1", ...(scopes !== undefined && { scopes }) };
      },
    });
    const call = new Call(
      { jsonrpc: "2.0", id: 1, method: "list", params },
      scope,
      testServer().context,
    );
    const result = this.method(params, call);
    return result instanceof SerializedResult ? result.value.page : result;
  }
}

Deno.test("a page is made once for all callers, until the list changes", () => {
  const list = new Subject();
  assertEquals([list.page(), list.page(undefined, ["a"]), list.page("c"), list.page("c")], [
    1,
    1,
    2,
    2,
  ]);
  assertEquals(list.views, []);
  list.revision++;
  assertEquals([list.page("c"), list.page(), list.page("c"), list.page()], [3, 4, 3, 4]);
  assertEquals(list.callers, 0, "nobody need be looked up");
});

Deno.test("callers who see different features get different pages, and those who see the same share them", () => {
  const list = new Subject();
  list.access.viewScopes.push("a");
  assertEquals([list.page(undefined, ["a"]), list.page(), list.page(undefined, ["a"])], [1, 2, 1]);
  assertEquals(list.views.length, 3);
});

Deno.test("a session with a visibility of its own is asked for its view", () => {
  const list = new Subject();
  const visibility = new SessionVisibility();
  assertEquals([list.page(undefined, ["a"], visibility), list.page(), list.page()], [1, 2, 2]);
  assertEquals(list.views, [{ granted: ["a"], visibility }]);
});

Deno.test("pages of cursors up to 64 characters are kept, 32 of one view", () => {
  const list = new Subject();
  assertEquals([list.page("c".repeat(64)), list.page("c".repeat(64))], [1, 1]);
  assertEquals([list.page("c".repeat(65)), list.page("c".repeat(65))], [2, 3]);
  const many = new Subject();
  const first = Array.from({ length: 32 }, (_, index) => many.page(`c${index}`));
  assertEquals(first.map((_, index) => many.page(`c${index}`)), first);
  assertEquals([many.page("one more"), many.page("c1"), many.page("c0")], [33, 2, 34]);
});

Deno.test("the pages of 32 views are kept", () => {
  const list = new Subject();
  list.access.viewScopes.push("a");
  const first = Array.from({ length: 32 }, (_, index) => list.page(undefined, [`s${index}`]));
  assertEquals(first.map((_, index) => list.page(undefined, [`s${index}`])), first);
  assertEquals([list.page(undefined, ["more"]), list.page(undefined, ["s1"])], [33, 2]);
  assertEquals(list.page(undefined, ["s0"]), 34);
});

Deno.test("a page that comes later is not kept", async () => {
  let made = 0;
  const list = new Subject(() => Promise.resolve({ page: ++made }));
  assertEquals([await list.page(), await list.page()], [{ page: 1 }, { page: 2 }]);
});

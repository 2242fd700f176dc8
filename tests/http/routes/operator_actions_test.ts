/** What an operator does to connections, callers and children, and which page of the view is read. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { CHILD_ENDS, type ServerReport } from "../../../lib/base/server_report.ts";
import { RecentEnds } from "../../../lib/http/metrics/recent.ts";
import { ledgerView, readPageQuery } from "../../../lib/http/routes/connections_report.ts";
import { act, type OperatorTargets } from "../../../lib/http/routes/operator_actions.ts";
import { readinessRoute } from "../../../lib/http/routes/health.ts";
import type { RequestContext } from "../../../lib/transport/request_head.ts";
import { testApp } from "../../helpers/app.ts";

const read = (query: string) => readPageQuery(new URLSearchParams(query));

Deno.test("a query for nothing special is the first 100, oldest first", () => {
  const sorting = { by: "opened", order: "asc" };
  assertEquals(read(""), { offset: 0, limit: 100, filter: "", sorting } as unknown);
  assertEquals(read("offset=7&limit=8&filter=x&sort=sent&order=desc"), {
    offset: 7,
    limit: 8,
    filter: "x",
    sorting: { by: "sent", order: "desc" },
  });
});

Deno.test("each part of a query has a least and a greatest value", () => {
  assertEquals(read("limit=1").limit, 1);
  assertEquals(read("limit=1000").limit, 1_000);
  assertEquals(read("offset=0").offset, 0);
  assertEquals(read(`offset=${Number.MAX_SAFE_INTEGER}`).offset, Number.MAX_SAFE_INTEGER);
  assertEquals(read(`filter=${"x".repeat(100)}`).filter.length, 100);
  const limit = '"limit" must be a whole number from 1 to 1000';
  const offset = '"offset" must be a whole number from 0 to 9007199254740991';
  for (
    const [query, told] of [
      ["limit=0", limit],
      ["limit=1001", limit],
      ["limit=", limit],
      ["limit=1.5", limit],
      ["limit=1e2", limit],
      ["offset=-1", offset],
      ["offset=9007199254740993", offset],
      [`filter=${"x".repeat(101)}`, '"filter" may have 100 characters'],
      ["order=", '"order" must be one of asc, desc'],
    ] as const
  ) {
    const { kind, message } = assertThrows(() => read(query), ProtocolError);
    assertEquals([kind, message], ["invalid_params", told], query);
  }
});

const CHILD = {
  id: "c",
  policy: "shared",
  state: "up",
  pid: 77,
  clients: 1,
  ageMs: 12.6,
  calls: 2,
  open: 3,
  queued: 4,
  lastLines: ["ready"],
} as const;

function report(more: Partial<ServerReport> = {}): ServerReport {
  return {
    name: "files",
    path: "/mcp",
    isUp: true,
    why: "",
    starts: 1,
    restarts: 0,
    ends: Object.fromEntries(CHILD_ENDS.map((end) => [end, 0])) as ServerReport["ends"],
    calls: 5,
    errors: 6,
    waiting: 7,
    children: [CHILD, { ...CHILD, pid: undefined }],
    ...more,
  };
}

Deno.test("the view of a gateway has its servers with their children; a process that is not has no pid", () => {
  using app = testApp();
  const sources = { streams: app.registry, recent: new RecentEnds(), heapUsedBytes: 9 };
  const servers = { reports: () => [report()], restart: () => undefined };
  const view = ledgerView({ ...sources, isOpen: true, servers }, read(""));
  const child = {
    id: "c",
    policy: "shared",
    state: "up",
    clients: 1,
    age_ms: 13,
    calls: 2,
    requests_open: 3,
    queued_characters: 4,
    last_lines: ["ready"],
  };
  const { starts, restarts, ends, calls, errors, waiting } = report();
  const counts = { starts, restarts, ends, calls, errors, waiting };
  assertEquals(view.servers, [
    { name: "files", is_up: true, ...counts, children: [{ ...child, pid: 77 }, child] },
  ]);
  assertEquals("pid" in view.servers![0]!.children[1]!, false);
  assertEquals([view.is_open_to_all, view.heap_used_bytes], [true, 9]);
  const plain = ledgerView({ ...sources, isOpen: false }, read(""));
  assertEquals(["is_open_to_all" in plain, "servers" in plain, "next_offset" in plain], [
    false,
    false,
    false,
  ]);
});

/** Targets that note what is done to them. */
function targets(restarted?: { server: string; pid: number | undefined }) {
  const done: unknown[] = [];
  const parts: OperatorTargets = {
    connections: {
      disconnect: (id: string) => Promise.resolve(void done.push(["disconnect", id])),
      endPrincipal: (principal: string) => {
        done.push(["end", principal]);
        return Promise.resolve({ streams: 1, sessions: 2 });
      },
    },
    servers: {
      reports: () => [],
      restart: (id) => {
        done.push(["restart", id]);
        return restarted;
      },
    },
  };
  return { done, parts };
}

const acted = async (parts: OperatorTargets, query: string) => {
  const { response, ...what } = await act(parts, new URLSearchParams(query));
  const text = await response.text();
  const json = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, json, what };
};

Deno.test("a connection is closed by its id, and the log has its beginning alone", async () => {
  const { done, parts } = targets();
  const id = "mcp_sse_0123456789abcdef0123456789abcdef";
  assertEquals(await acted(parts, `id=${id}`), {
    status: 204,
    json: undefined,
    what: { action: "disconnect", connection_id: "mcp_sse_0123456789abc" },
  });
  assertEquals(done, [["disconnect", id]]);
});

Deno.test("a caller is ended by its principal, whatever else is named; the log has 512 characters", async () => {
  const { done, parts } = targets();
  const ended = { streams: 1, sessions: 2 };
  assertEquals(await acted(parts, "principal=ada&id=x&child=c"), {
    status: 200,
    json: ended,
    what: { action: "end_caller", principal: "ada", ...ended },
  });
  const long = "x".repeat(600);
  const { what } = await acted(parts, `principal=${long}`);
  assertEquals(what.principal, "x".repeat(512));
  assertEquals(done, [["end", "ada"], ["end", long]]);
});

Deno.test("a child is started anew; its process is told where there was one", async () => {
  for (const [pid, shown] of [[7, { pid: 7 }], [undefined, {}]] as const) {
    const { done, parts } = targets({ server: "files", pid });
    const told = { server: "files", child: "c", ...shown };
    assertEquals(await acted(parts, "child=c&id=x"), {
      status: 200,
      json: told,
      what: { action: "restart", ...told },
    });
    assertEquals(done, [["restart", "c"]]);
  }
  const { parts } = targets();
  for (const without of [parts, { ...parts, servers: undefined }]) {
    const { kind, message } = await assertRejects(() => acted(without, "child=c"), ProtocolError);
    assertEquals([kind, message], [
      "connection_not_found",
      "No server has a child with this id",
    ]);
  }
});

Deno.test("who names nothing is told what can be named, and nothing is done", async () => {
  const { done, parts } = targets();
  for (const query of ["", "id=", "id=&principal=&child=", "other=1"]) {
    const { kind, message } = await assertRejects(() => acted(parts, query), ProtocolError);
    assertEquals([kind, message], [
      "invalid_params",
      'Name the connection to close with "?id=", the caller whose connections and sessions to end ' +
      'with "?principal=", or the child of a server to start anew with "?child="',
    ]);
  }
  assertEquals(done, []);
});

Deno.test("readyz is 503 while the server drains or its store is away, else 200 with the servers' states", async () => {
  const servers = {
    reports: () => [report(), report({ name: "mail", isUp: false })],
    restart: () => undefined,
  };
  const states = { files: "up", mail: "down" };
  for (
    const [draining, isReady, behind, status, answer] of [
      [true, false, servers, 503, { status: "draining" }],
      [false, false, servers, 503, { status: "store_away" }],
      [false, true, servers, 200, { status: "ready", servers: states }],
      [false, undefined, undefined, 200, { status: "ready" }],
      [true, undefined, undefined, 503, { status: "draining" }],
    ] as const
  ) {
    const fleet = isReady === undefined ? undefined : { isReady };
    const route = readinessRoute({ draining }, behind, fleet);
    const response = await route.GET!({} as RequestContext);
    assertEquals([response.status, await response.json()], [status, answer]);
    assertEquals(response.headers.get("cache-control"), "no-store");
  }
});

Deno.test("an action that fails is no action: the error goes to whoever asked", async () => {
  const { parts } = targets();
  const failing = {
    ...parts.connections,
    disconnect: () => Promise.reject(new Error("no disconnect")),
    endPrincipal: () => Promise.reject(new Error("no end")),
  };
  for (const [query, told] of [["id=x", "no disconnect"], ["principal=x", "no end"]] as const) {
    const acting = acted({ ...parts, connections: failing }, query);
    await assertRejects(() => acting, Error, told);
  }
});

Deno.test("the view names the caller of a connection, and the client of its token, if known", async () => {
  for (
    const [identity, shown] of [
      [{ principal: "ada", clientId: "app" }, ["ada", "app"]],
      [{ principal: "ada" }, ["ada", undefined]],
      [undefined, [undefined, undefined]],
    ] as const
  ) {
    using app = testApp({ authenticate: () => identity });
    const { events } = await app.open();
    const sources = { streams: app.registry, recent: new RecentEnds(), heapUsedBytes: 0 };
    const { connections: [one] } = ledgerView({ ...sources, isOpen: false }, read(""));
    assertEquals([one?.principal, one?.client_id], [...shown]);
    const keys = Object.keys(one ?? {}).filter((key) => /^(principal|client_id)$/.test(key));
    assertEquals(keys.length, shown.filter((value) => value !== undefined).length);
    await events.leave();
  }
});

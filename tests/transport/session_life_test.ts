/** How long sessions live: the limits of age and idleness, of one client and of all, and their ends. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import type { AppOptions } from "../../lib/http/app.ts";
import { DIALECTS } from "../../lib/transport/dialects.ts";
import type { RequestOrigin } from "../../lib/transport/peer.ts";
import type { SessionTable } from "../../lib/transport/streamable/session_table.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { TestSession } from "../helpers/session.ts";
import { FakeTime } from "../helpers/time.ts";

const JSON_ONLY = { accept: "application/json" };

/** An app in fake time with its table of sessions; all that an observer hears of them is told. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly told: unknown[] = [];
  readonly table: SessionTable;
  readonly app: ReturnType<typeof testApp>;

  constructor(settings: NonNullable<AppOptions["settings"]> = {}) {
    const tables: SessionTable[] = [];
    const spy = {
      name: "spy",
      streams: [],
      headers: { request: [], response: [] },
      endpoints: [],
      create: ({ sessions }: { readonly sessions: SessionTable }) => (tables.push(sessions), {}),
    };
    this.app = testApp({
      dialects: [spy, ...DIALECTS],
      settings,
      wheel: { clock: this.time.clock },
      observer: {
        sessionOpened: (how: string) => void this.told.push(how),
        sessionEnded: ({ end, ageMs, protocolVersion }) =>
          void this.told.push([end, ageMs, protocolVersion]),
      },
    });
    this.table = tables[0]!;
  }

  open(principal?: string, address = "10.0.0.1"): Promise<TestSession> {
    const peer = { address, ...(principal !== undefined && { principal }) };
    return TestSession.open(this.app, { peer });
  }

  /** The status and the error of a ping in a session. */
  async ping(session: TestSession): Promise<unknown> {
    const response = await session.post(rpc("ping"), JSON_ONLY);
    const { error } = await response.json();
    return error === undefined ? "fine" : [response.status, error.message];
  }

  get news(): unknown[] {
    return this.told.splice(0);
  }

  [Symbol.dispose](): void {
    this.app.stop();
    this.time[Symbol.dispose]();
  }
}

const AGAIN = "; send initialize without Mcp-Session-Id to open a new one";
const ENDED = [404, `Session not found: the session has ended${AGAIN}`];
const FOREIGN = `Session not found: it was not issued by this server, or its key changed${AGAIN}`;

Deno.test("a session ends when it was idle for its time, not sooner, and is refused then", async () => {
  using scene = new Scene({ MCP_SESSION_IDLE_MS: 60_000 });
  const session = await scene.open();
  await scene.time.advance(30_000, 1_000);
  assertEquals(await scene.ping(session), "fine");
  await scene.time.advance(59_900, 100);
  assertEquals(scene.news, ["created"]);
  await scene.time.advance(200, 25);
  const [[end, ageMs, version] = []] = scene.news as unknown[][];
  assertEquals([end, version], ["idle", "2025-11-25"]);
  assertEquals(Math.round(ageMs as number / 1_000), 90);
  assertEquals([await scene.ping(session), scene.table.size], [ENDED, 0]);
});

Deno.test("a session that is not in memory is restored up to its greatest age, and refused after it", async () => {
  const settings = { MCP_SESSION_MAX_MS: 60_000, MCP_MAX_SESSIONS: 1 };
  for (
    const [ms, state] of [[60_000, "fine"], [60_001, [
      404,
      `Session not found: it is too old (MCP_SESSION_MAX_MS)${AGAIN}`,
    ]]] as const
  ) {
    using scene = new Scene(settings);
    const session = await scene.open();
    await scene.open();
    await scene.time.advance(ms, 1_000);
    assertEquals<unknown>(await scene.ping(session), state);
  }
});

Deno.test("a restored session and an evicted one are told and logged as such", async () => {
  using log = new CapturedLog("debug");
  using scene = new Scene({ MCP_MAX_SESSIONS: 1 });
  const first = await scene.open();
  const second = await scene.open();
  assertEquals(scene.news, ["created", "created", ["evicted", 0, "2025-11-25"]]);
  assertEquals(await scene.ping(first), "fine");
  assertEquals(scene.news, ["restored", ["evicted", 0, "2025-11-25"]]);
  const [restored] = log.of("Session restored");
  assertEquals([restored?.level, restored?.fields.protocol_version], ["INFO", "2025-11-25"]);
  await first.delete();
  assertEquals(scene.news, [["deleted", 0, "2025-11-25"]]);
  assertEquals(log.of("Session ended").map(({ level, fields }) => [level, fields.end]), [
    ["INFO", "evicted"],
    ["INFO", "evicted"],
    ["DEBUG", "deleted"],
  ]);
  assertEquals([await scene.ping(first), await scene.ping(second)], [ENDED, "fine"]);
});

Deno.test("a client with too many sessions loses its own, the one used least lately, and others none", async () => {
  using scene = new Scene({ MCP_MAX_SESSIONS_PER_CLIENT: 2 });
  const other = await scene.open(undefined, "10.0.0.2");
  const [first, second] = [await scene.open(), await scene.open()];
  assertEquals(scene.table.size, 3);
  await scene.ping(first);
  scene.news;
  await scene.open();
  assertEquals(scene.news, ["created", ["evicted", 0, "2025-11-25"]]);
  assertEquals(await scene.ping(first), "fine");
  assertEquals(await scene.ping(other), "fine");
  assertEquals([scene.news, scene.table.size], [[], 3]);
  await scene.ping(second);
  assertEquals(scene.news.at(0), "restored");
});

Deno.test("all sessions of a principal end together, in memory or not, and later ones do not", async () => {
  using scene = new Scene({ MCP_MAX_SESSIONS: 3 });
  const gone = await scene.open("me");
  const [mine, yours, nobodys] = [
    await scene.open("me"),
    await scene.open("you"),
    await scene.open(),
  ];
  assertEquals(scene.table.size, 3);
  scene.news;
  assertEquals(scene.table.endOf("me"), 1);
  assertEquals(scene.news, [["deleted", 0, "2025-11-25"]]);
  assertEquals([await scene.ping(gone), await scene.ping(mine)], [ENDED, ENDED]);
  assertEquals([await scene.ping(yours), await scene.ping(nobodys)], ["fine", "fine"]);
  await scene.time.advance(1, 1);
  assertEquals(await scene.ping(await scene.open("me")), "fine");
  assertEquals([scene.table.endOf("nobody"), scene.table.endOf("me")], [0, 1]);
});

Deno.test("a session is found, checked and seen by its owner alone", async () => {
  using scene = new Scene({ MCP_MAX_SESSIONS: 1 });
  const session = await scene.open("me");
  const origin = (principal?: string, page?: string) =>
    ({
      identity: principal === undefined ? undefined : { principal },
      page,
      client: { key: "10.0.0.1" },
      clientKey: "10.0.0.1",
    }) as unknown as RequestOrigin;
  const { table } = scene;
  const owner = origin("me");
  assertEquals(table.visibilityOf(session.id, owner) === undefined, false);
  assertEquals(table.visibilityOf("unknown", owner), undefined);
  table.check(session.id, owner);
  const strangers = [origin("you"), origin(), origin("me", "https://page.example")];
  const refuseStrangers = () => {
    for (const stranger of strangers) {
      assertEquals(table.visibilityOf(session.id, stranger), undefined);
      for (const what of ["check", "end", "find"] as const) {
        const error = assertThrows(() => void table[what](session.id, stranger), ProtocolError);
        assertEquals(error.message, FOREIGN);
      }
    }
  };
  refuseStrangers();
  await scene.open("another");
  refuseStrangers();
  table.check(session.id, owner);
  assertThrows(() => table.check("unknown", owner), ProtocolError, FOREIGN);
  assertEquals(scene.news, ["created", "created", ["evicted", 0, "2025-11-25"]]);
  assertEquals(table.size, 1);
});

Deno.test("a lone instance keeps no sessions by key; the end of one elsewhere ends it here", async () => {
  using scene = new Scene();
  const session = await scene.open();
  assertEquals([[...scene.table.keys()], scene.table.peek("any")], [[], undefined]);
  scene.table.endByKey("unknown");
  assertEquals(await scene.ping(session), "fine");
});

Deno.test("a stop ends every session as a drain does", async () => {
  using scene = new Scene();
  await scene.open();
  await scene.open();
  scene.news;
  scene.table.stop();
  const drained = ["drain", 0, "2025-11-25"];
  assertEquals([scene.news, scene.table.size], [[drained, drained], 0]);
  scene.table.stop();
  assertEquals(scene.news, []);
});

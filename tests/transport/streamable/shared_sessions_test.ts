/** The table of sessions at one of several instances: what it reads from the others, and tells them. */
import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { Signer } from "../../../lib/base/signer.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { ClientState } from "../../../lib/mcp/session/client_state.ts";
import type { SessionRecord } from "../../../lib/store/shared_store.ts";
import type { RequestOrigin } from "../../../lib/transport/peer.ts";
import type { StreamableSession } from "../../../lib/transport/streamable/session.ts";
import type { SessionTableOptions } from "../../../lib/transport/streamable/session_entry.ts";
import { SessionTable } from "../../../lib/transport/streamable/session_table.ts";
import { FakeTime, settled } from "../../helpers/time.ts";

const NOTE = { jsonrpc: "2.0", method: "notifications/message" } as const;
const SIGNER = new Signer("key");

function origin(principal?: string): RequestOrigin {
  const client = { address: "10.0.0.1", key: "10.0.0.1" };
  const identity = principal === undefined ? undefined : { principal };
  return { identity, client, clientKey: client.key, page: undefined } as unknown as RequestOrigin;
}

/** The table of instance `a`; all that it tells is noted in order. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly wheel = new TimerWheel({ clock: this.time.clock });
  readonly told: unknown[][] = [];
  record: SessionRecord = {};
  isIdle = false;
  endedAt: number | undefined;
  isElsewhere = false;
  readonly options: SessionTableOptions;
  readonly table: SessionTable;

  constructor() {
    const tell = (what: string) => (...args: unknown[]) => void this.told.push([what, ...args]);
    const here = (): boolean => this.isElsewhere;
    const writer = { append: tell("append"), appendLater: tell("append later") };
    const sessions = {
      read: () => Promise.resolve(this.record),
      allEndedAt: () => Promise.resolve(this.endedAt),
      isIdle: () => this.isIdle,
      peek: () => Promise.resolve(this.record),
      noteUse: () => void this.told.push(["use"]),
      end: () => (this.told.push(["end"]), Promise.resolve()),
      endLater: () => void this.told.push(["end later"]),
      endAllOf: tell("end all"),
      endIfIdle: () => (this.told.push(["end if idle"]), Promise.resolve()),
    };
    const carrying = {
      get isElsewhere() {
        return here();
      },
      sendElsewhere: (message: unknown) => {
        if (here()) this.told.push(["elsewhere", message]);
        return here();
      },
      setCarrier: (instance: string) => {
        this.told.push(["carrier", instance]);
        return [NOTE];
      },
    };
    const writers = {
      open: () => writer,
      busy: () => ({ stop: tell("stop") }),
      appendSoon: (_: unknown, seq: number, { isEnd }: { isEnd: boolean }) =>
        void this.told.push(["append soon", seq, isEnd]),
    };
    this.options = {
      admission: {
        enter: () => ({ [Symbol.dispose]: tell("lease") }),
        sessionsOf: () => 1,
      },
      signer: SIGNER,
      store: { append: tell("store"), forget: () => void this.told.push(["forget"]) },
      fleet: { me: "a", sessions, writers, carryingOf: () => carrying },
      changes: { add: () => ({ [Symbol.dispose]: tell("stop listening") }) },
      wheel: this.wheel,
      settings: {
        MCP_SESSION_IDLE_MS: 60_000,
        MCP_SESSION_MAX_MS: 600_000,
        MCP_MAX_SESSIONS: 10,
        MCP_MAX_SESSIONS_PER_CLIENT: 10,
        MCP_REQUEST_TIMEOUT_MS: 1_000,
        MCP_REPLAY_BYTES: 1_000,
      },
    } as unknown as SessionTableOptions;
    this.table = new SessionTable(this.options);
  }

  open(principal?: string): StreamableSession {
    const state = new ClientState(this.options, { address: "10.0.0.1" });
    state.setNegotiated({ version: "2025-11-25", capabilities: {} });
    const lease = { [Symbol.dispose]: () => void this.told.push(["lease"]) };
    return this.table.create({ key: "k", state, lease } as never, origin(principal));
  }

  /** The session of an id at an instance that does not have it. */
  async restore(id: string, principal?: string): Promise<StreamableSession> {
    const other = new SessionTable(this.options);
    return await other.find(id, origin(principal));
  }

  get news(): unknown[][] {
    return this.told.splice(0);
  }

  [Symbol.dispose](): void {
    this.wheel.stop();
    this.time[Symbol.dispose]();
  }
}

Deno.test("a session is known by its key, and its use is told to the others", async () => {
  using scene = new Scene();
  const session = scene.open();
  assertEquals([[...scene.table.keys()], scene.table.peek("k") === session], [["k"], true]);
  assertEquals(await scene.table.find(session.id, origin()), session);
  assertEquals(scene.news, [["use"]]);
});

Deno.test("a copy that is stale is read before it is used", async () => {
  using scene = new Scene();
  const session = scene.open();
  scene.record = { logLevel: "error" };
  session.shared?.setStale(false);
  const found = await scene.table.find(session.id, origin());
  assertEquals([found === session, session.state.logLevel], [true, "error"]);
});

Deno.test("a session that another instance has opened is restored with its record", async () => {
  using scene = new Scene();
  const { id } = scene.open();
  scene.record = { logLevel: "error", subscriptions: ["x://a"], values: { a: "1" } };
  const { key, state } = await scene.restore(id);
  assertEquals([key, state.logLevel, [...state.subscriptions], [...state.values]], [
    "k",
    "error",
    ["x://a"],
    [["a", "1"]],
  ]);
  assertEquals(scene.news, [["use"]]);
});

Deno.test("two requests at once restore a session once", async () => {
  using scene = new Scene();
  const { id } = scene.open();
  const other = new SessionTable(scene.options);
  const [first, second] = await Promise.all([other.find(id, origin()), other.find(id, origin())]);
  assertEquals([first === second, other.size], [true, 1]);
});

for (
  const [what, change, why] of [
    ["has ended", { record: { isEnded: true } }, "the session has ended"],
    ["was idle everywhere", { isIdle: true }, "the session was idle"],
    ["ended with all of its principal", { endedAt: Date.UTC(2027, 0, 1) }, "the session has ended"],
  ] as const
) {
  Deno.test(`a session that ${what} is not restored`, async () => {
    using scene = new Scene();
    const { id } = scene.open("me");
    Object.assign(scene, change);
    await assertRejects(() => scene.restore(id, "me"), ProtocolError, why);
    assertEquals(scene.news, []);
  });
}

Deno.test("the end of a session is told to the others, and ends all that belongs to it here", async () => {
  using scene = new Scene();
  const session = scene.open();
  await scene.table.end(session.id, origin());
  assertEquals(scene.news, [["lease"], ["stop listening"], ["forget"], ["end"]]);
  assertEquals([session.isOver, scene.table.size, [...scene.table.keys()]], [true, 0, []]);
  await assertRejects(
    async () => await scene.table.find(session.id, origin()),
    ProtocolError,
    "ended",
  );
});

Deno.test("a session that ended elsewhere ends here, and is not told again", () => {
  using scene = new Scene();
  const session = scene.open();
  scene.table.endByKey("k");
  assertEquals([session.isOver, scene.table.size], [true, 0]);
  assertEquals(scene.news.filter(([what]) => what === "end"), []);
});

Deno.test("an idle session leaves memory, and ends if it is idle everywhere", async () => {
  using scene = new Scene();
  const { id } = scene.open();
  await scene.time.advance(60_100, 1_000);
  assertEquals(scene.news, [["lease"], ["end if idle"], ["stop listening"]]);
  assertEquals((await scene.table.find(id, origin())).id, id);
});

Deno.test("the end of all sessions of a principal is told to the others, with its time", () => {
  using scene = new Scene();
  scene.open("me");
  scene.open("you");
  assertEquals(scene.table.endOf("me"), 1);
  assertEquals(scene.news, [
    ["end all", "me", Date.now()],
    ["lease"],
    ["stop listening"],
    ["forget"],
    ["end later"],
  ]);
});

Deno.test("what a session says goes to the instance that carries its own stream", () => {
  using scene = new Scene();
  const session = scene.open();
  assertEquals(session.state.isListening(), false);
  session.state.sendNotification(NOTE);
  assertEquals(scene.news, []);
  scene.isElsewhere = true;
  assertEquals(session.state.isListening(), true);
  session.state.sendNotification(NOTE);
  assertEquals(scene.news, [["elsewhere", NOTE]]);
  scene.isElsewhere = false;
  session.listen();
  session.state.sendNotification(NOTE);
  session.sendAside(NOTE);
  assertEquals(scene.news.map(([what, seq]) => [what, seq]), [["append", 1], ["append", 2]]);
});

Deno.test("the carrier of a session's own stream hears of changes, and gets what was held back", () => {
  using scene = new Scene();
  const session = scene.open();
  session.setCarrier("a");
  assertEquals(scene.news.map(([what, to]) => [what, to]), [["carrier", "a"], ["append", 1]]);
  assertEquals(session.wantsChange({ kind: "tools" }), true);
  scene.isElsewhere = true;
  session.setCarrier("b");
  assertEquals(scene.news, [["carrier", "b"], ["elsewhere", NOTE]]);
  assertEquals(session.wantsChange({ kind: "tools" }), false);
});

Deno.test("a whole answer is kept as the second event of its stream, and the last", async () => {
  using scene = new Scene();
  const text = scene.open().wholeStream('{"jsonrpc":"2.0","id":7,"result":{}}', 7, true);
  await settled();
  assertEquals(scene.news, [["append soon", 2, true]]);
  assertEquals(text.match(/^id: /gm)?.length, 2);
});

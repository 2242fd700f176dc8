/** A stream that is a whole session: what it takes, when it is busy, and what ends with it. */
import { assertEquals } from "@std/assert";
import { CallAborted } from "../../lib/base/errors.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { type SessionParts, StreamSession } from "../../lib/transport/stream_session/session.ts";
import type { JsonRpcResponse } from "../../lib/wire/json_rpc.ts";
import { rpc } from "../helpers/app.ts";
import { settled } from "../helpers/time.ts";

const NEGOTIATED = { version: "2024-11-05", capabilities: {} } as const;
const TOOLS = { kind: "tools" } as const;

/** A session whose server answers when the test says so; all that is done is told in order. */
class Scene {
  readonly told: unknown[][] = [];
  now = 10_000;
  isGone = false;
  readonly answers: PromiseWithResolvers<JsonRpcResponse | undefined>[] = [];
  answersAtOnce = false;
  readonly stream: Record<string, unknown> & { state: string };
  readonly session: StreamSession;

  constructor(beginsWithInitialize = true, state = "open") {
    const tell = (what: string) => (...args: unknown[]) => void this.told.push([what, ...args]);
    this.stream = {
      id: "mcp_sse_1",
      state,
      client: { principal: "me", identity: undefined },
      sendMessage: tell("message"),
      sendResponse: tell("response"),
      endProgress: tell("end of progress"),
      close: tell("close"),
      listenForAbort: tell("listen for abort"),
      checkAborted: () => !this.isGone,
    };
    const parts = {
      wheel: Object.assign(new TimerWheel(), { now: () => this.now }),
      settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 },
      path: "/mcp",
      streams: {
        open: (_origin: unknown, { pingIntervalMs }: Record<string, unknown>) => {
          this.told.push(["open", pingIntervalMs]);
          return this.stream;
        },
        closeIfIdle: (stream: unknown) => this.told.push(["close if idle", stream === this.stream]),
      },
      changes: {
        add: () => {
          this.told.push(["listen"]);
          return { [Symbol.dispose]: tell("stop listening") };
        },
      },
      server: {
        legacy: "methods",
        notify: ({ method }: { method: string }) => void this.told.push(["notify", method]),
        dispatch: (request: { id: number }, scope: { caller: unknown }, methods: unknown) => {
          this.told.push(["dispatch", request.id, scope === this.session, methods]);
          if (this.answersAtOnce) return { jsonrpc: "2.0", id: request.id, result: {} };
          const answer = Promise.withResolvers<JsonRpcResponse | undefined>();
          this.answers.push(answer);
          return answer.promise;
        },
      },
      dialect: {
        name: "toy",
        beginsWithInitialize,
        ping: (_: unknown, count: number) => `ping ${count}`,
        closingFrame: (reason: string) => `bye ${reason}`,
      },
      encode: ({ id }: JsonRpcResponse) => `answer ${id}`,
      remove: (session: unknown) => this.told.push(["remove", session === this.session]),
    } as unknown as SessionParts;
    const origin = { client: { address: "10.0.0.1" }, page: "own" };
    const request = { origin, first: () => "", pingIntervalMs: 7_000 };
    this.session = new StreamSession(parts, request as never);
  }

  take(message: unknown, client: Record<string, unknown> = {}): unknown[][] {
    this.session.take(message as never, { address: "10.0.0.1", ...client } as never);
    return this.done;
  }

  /** What was done since this was last asked. */
  get done(): unknown[][] {
    return this.told.splice(0);
  }
}

Deno.test("a session is its stream: its id, its owner, its page and its dialect", () => {
  const scene = new Scene();
  assertEquals(scene.done, [["open", 7_000], ["listen"]]);
  const { id, principal, page, name, isLongLived, connectionId, logLevel } = scene.session;
  assertEquals([id, principal, page, name, isLongLived, connectionId, logLevel], [
    "mcp_sse_1",
    "me",
    "own",
    "toy",
    true,
    "mcp_sse_1",
    "info",
  ]);
  assertEquals(scene.session.ping({} as never, 4), "ping 4");
  assertEquals(scene.session.closingFrame("drain", {} as never), "bye drain");
  assertEquals(scene.session.describe().protocolVersion, undefined);
  scene.session.session.setNegotiated(NEGOTIATED);
  assertEquals(scene.session.describe().protocolVersion, "2024-11-05");
});

Deno.test("a stream that has ended while it was opened hears of no changes and takes nothing", () => {
  const scene = new Scene(true, "closed");
  assertEquals(scene.done, [["open", 7_000]]);
  assertEquals(scene.take(rpc("ping")), []);
});

Deno.test("a request counts until its answer is on the stream", async () => {
  const scene = new Scene();
  scene.done;
  assertEquals(scene.take(rpc("tools/list", {}, 1)), [
    ["dispatch", 1, true, "methods"],
    ["listen for abort"],
  ]);
  assertEquals([scene.session.unanswered, scene.session.answeredCount], [1, 0]);
  scene.answers[0]?.resolve({ jsonrpc: "2.0", id: 1, result: {} });
  await settled();
  assertEquals(scene.done, [["response", "answer 1"], ["close if idle", true]]);
  assertEquals([scene.session.unanswered, scene.session.answeredCount], [0, 1]);
});

Deno.test("a request that is answered at once needs no watch, and one that was cancelled no answer", async () => {
  const scene = new Scene();
  scene.answersAtOnce = true;
  scene.done;
  assertEquals(scene.take(rpc("ping", {}, 1)), [
    ["dispatch", 1, true, "methods"],
    ["response", "answer 1"],
    ["close if idle", true],
  ]);
  scene.answersAtOnce = false;
  scene.take(rpc("tools/list", {}, 2));
  scene.answers[0]?.resolve(undefined);
  await settled();
  assertEquals(scene.done, [["close if idle", true]]);
  assertEquals([scene.session.unanswered, scene.session.answeredCount], [0, 2]);
});

Deno.test("no call runs for a client that has left; a ping runs nothing", () => {
  const scene = new Scene();
  scene.isGone = true;
  scene.done;
  assertEquals(scene.take(rpc("tools/list", {}, 1)), []);
  assertEquals(scene.session.unanswered, 0);
  assertEquals(scene.take(rpc("ping", {}, 2))[0], ["dispatch", 2, true, "methods"]);
});

Deno.test("a notification is told to the server, and a response settles a ping of this session", () => {
  const scene = new Scene();
  scene.done;
  assertEquals(scene.take({ jsonrpc: "2.0", method: "notifications/initialized" }), [
    ["notify", "notifications/initialized"],
  ]);
  scene.session.session.setNegotiated(NEGOTIATED);
  assertEquals(scene.session.pingClient(), "unknown");
  const [[, ping] = []] = scene.done as [unknown, { id: string }][];
  assertEquals(scene.take({ jsonrpc: "2.0", id: ping?.id, result: {} }), []);
  assertEquals([scene.session.pingClient(), scene.session.pingClient()], [
    "answered",
    "unanswered",
  ]);
});

Deno.test("a message of another token has a scope of its own", () => {
  const scene = new Scene();
  scene.done;
  const taken = scene.take(rpc("tools/list", {}, 1), { identity: { principal: "me" } });
  assertEquals(taken[0], ["dispatch", 1, false, "methods"]);
});

Deno.test("answers that do not come from the server count as well", async () => {
  const scene = new Scene();
  scene.done;
  scene.session.answer("kept");
  assertEquals(scene.done, [["response", "kept"], ["close if idle", true]]);
  const later = Promise.withResolvers<string | undefined>();
  scene.session.answerLater(later.promise);
  scene.session.answerLater(Promise.resolve(undefined));
  await settled();
  assertEquals([scene.session.unanswered, scene.done.length], [1, 1]);
  later.resolve("later");
  await settled();
  assertEquals(scene.done, [["response", "later"], ["close if idle", true]]);
  assertEquals([scene.session.unanswered, scene.session.answeredCount], [0, 3]);
});

Deno.test("a session is busy with a request, and for 200 ms after one was seen to be answered", async () => {
  const scene = new Scene();
  const isBusyAt = (now: number) => (scene.now = now, scene.session.isBusy());
  assertEquals(isBusyAt(10_000), false);
  scene.take(rpc("tools/list", {}, 1));
  assertEquals(isBusyAt(10_300), true);
  scene.answers[0]?.resolve(undefined);
  await settled();
  assertEquals([11_000, 11_199, 11_200, 20_000].map(isBusyAt), [true, true, false, false]);
  scene.session.answer("done");
  assertEquals([30_000, 30_200].map(isBusyAt), [true, false]);
});

Deno.test("a client that begins with initialize is pinged and hears of changes only after it", () => {
  for (const [begins, isPinged] of [[true, true], [false, false]] as const) {
    const scene = new Scene(begins);
    scene.done;
    assertEquals([scene.session.pingClient(), scene.done], ["unknown", []]);
    assertEquals(scene.session.wantsChange(TOOLS), !begins);
    scene.session.session.setNegotiated(NEGOTIATED);
    assertEquals(scene.session.wantsChange(TOOLS), true);
    scene.session.pingClient();
    assertEquals(scene.done.length, isPinged ? 1 : 0);
  }
});

Deno.test("what the session says goes on its stream", () => {
  const scene = new Scene();
  scene.done;
  const message = { jsonrpc: "2.0", method: "notifications/message" } as const;
  scene.session.send(message);
  scene.session.sendChange(message);
  scene.session.session.sendNotification(message);
  scene.session.endProgress("token");
  scene.session.releaseStream();
  scene.session.onClientGone()();
  assertEquals(scene.done, [
    ...Array(3).fill(["message", message]),
    ["end of progress", "token"],
  ]);
});

Deno.test("with its stream all of the session ends: its calls, its changes, and its state", () => {
  const scene = new Scene();
  const { session } = scene.session;
  session.onEnd(() => void scene.told.push(["end of state"]));
  const aborted: unknown[] = [];
  session.inFlight.abortAll = (reason) => void aborted.push(reason());
  scene.done;
  const reason = new CallAborted("client_closed");
  scene.session.onEnded(() => reason);
  assertEquals(scene.done, [["remove", true], ["stop listening"], ["end of state"]]);
  assertEquals(aborted, [reason]);
});

/** Messages for streams that are sessions: taken here, brought to another instance, or refused. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import type { Forwarded, Reception } from "../../lib/fleet/forwarding.ts";
import type {
  SessionDialect,
  SessionStreamDeps,
} from "../../lib/transport/stream_session/session.ts";
import { StreamSessions } from "../../lib/transport/stream_session/sessions.ts";
import { rpc } from "../helpers/app.ts";

const notFound = () => new ProtocolError("connection_not_found", "not found");

/** The sessions of this instance, beside another that answers as the test says. */
class Scene {
  readonly told: unknown[][] = [];
  now = 0;
  isBrought = true;
  reception: Reception = "taken";
  receive: ((forwarded: Forwarded) => Reception) | undefined;
  drivers: { onEnded(reason: () => unknown): void }[] = [];
  readonly sessions: StreamSessions;

  constructor() {
    const deps = {
      wheel: Object.assign(new TimerWheel(), { now: () => this.now }),
      settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 },
      path: "/mcp",
      answers: { sendable: (response: unknown) => response },
      changes: { add: () => ({ [Symbol.dispose]: () => {} }) },
      server: {
        notify: ({ method }: { method: string }) => void this.told.push(["notify", method]),
        context: { catalog: { tools: { find: () => undefined } } },
      },
      streams: {
        open: (_: unknown, { driver }: { driver: { onEnded(reason: () => unknown): void } }) => {
          this.drivers.push(driver);
          const stream = {
            id: `stream ${this.drivers.length}`,
            state: "open",
            reason: undefined as string | undefined,
            client: { principal: "me" },
            close: (reason: string) => {
              this.told.push(["close", stream.id, reason]);
              Object.assign(stream, { state: "closed", reason });
              driver.onEnded(() => new Error(reason));
            },
          };
          return stream;
        },
      },
      fleet: {
        me: "a",
        forwarding: {
          serve: (place: string, receive: (forwarded: Forwarded) => Reception) => {
            this.told.push(["serve", place]);
            this.receive = receive;
          },
          bring: (place: string, { id }: Forwarded) => {
            this.told.push(["bring", place, id]);
            return this.isBrought ? Promise.resolve(this.reception) : undefined;
          },
        },
      },
    } as unknown as SessionStreamDeps;
    const dialect = {
      name: "toy",
      beginsWithInitialize: false,
      responseEvent: (response: object) => "error" in response ? "error" : "response",
    } as unknown as SessionDialect;
    this.sessions = new StreamSessions(deps, dialect);
  }

  open(page?: string) {
    const origin = { client: { address: "10.0.0.1" }, page };
    return this.sessions.open({ origin, first: () => "" } as never);
  }

  deliver(id: string, { principal = "me", page, message = rpc("tools/call", { name: "x" }) }: {
    principal?: string;
    page?: string;
    message?: unknown;
  } = {}) {
    const client = { identity: { principal } };
    const forwarded = { id, client, page, message } as unknown as Forwarded;
    return this.sessions.deliver(forwarded, notFound);
  }
}

const NOTE = { jsonrpc: "2.0", method: "notifications/initialized" };

Deno.test("a response is an event with the name that its dialect gives", () => {
  const { encode } = new Scene().sessions;
  const answer = encode({ jsonrpc: "2.0", id: 1, result: {} });
  assertEquals(answer, 'event: response\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
  assertEquals(
    encode({ jsonrpc: "2.0", id: 1, error: { code: 1, message: "" } }).slice(0, 13),
    "event: error\n",
  );
});

Deno.test("a message for an open stream is taken here, and the end of the stream is its close", () => {
  const scene = new Scene();
  const session = scene.open();
  assertEquals(
    scene.sessions.find(session.id, { identity: { principal: "me" } } as never),
    session,
  );
  assertEquals(scene.deliver(session.id, { message: NOTE }), undefined);
  const forwarded = {
    id: session.id,
    client: { identity: { principal: "me" } },
    message: undefined,
  };
  assertEquals(scene.sessions.deliver(forwarded as unknown as Forwarded, notFound), undefined);
  assertEquals(scene.told.slice(1), [
    ["notify", "notifications/initialized"],
    ["close", "stream 1", "disconnected"],
  ]);
  assertEquals(
    scene.sessions.find(session.id, { identity: { principal: "me" } } as never),
    undefined,
  );
});

Deno.test("a stream is open to its own caller and page alone; others bring their message elsewhere", async () => {
  const scene = new Scene();
  const session = scene.open("https://page.example");
  scene.reception = "unknown";
  for (const from of [{ principal: "you" }, { page: "https://other.example" }]) {
    await assertRejects(() => scene.deliver(session.id, from)!, ProtocolError, "not found");
    assertEquals(scene.told.at(-1), ["bring", "toy /mcp", session.id]);
  }
});

Deno.test("a message for a stream of another instance is brought there, and answered as it says", async () => {
  const scene = new Scene();
  assertEquals(scene.told, [["serve", "toy /mcp"]]);
  assertEquals(await scene.deliver("elsewhere"), undefined);
  scene.reception = { ended: "drain" };
  const ended = await assertRejects(() => scene.deliver("elsewhere")!, ProtocolError);
  assertEquals([ended.kind, ended.headers, ended.data], ["stream_ended", { "retry-after": "1" }, {
    reason: "drain",
    retry_after: 1,
  }]);
  assertEquals(
    ended.message,
    "The stream of this id has ended by plan (drain), and nothing was run; send the request again " +
      "on the stream that is open by then",
  );
  scene.isBrought = false;
  assertThrows(() => void scene.deliver("elsewhere"), ProtocolError, "not found");
});

Deno.test("where the other instance does not answer, a call has an unknown outcome; what may be repeated may be", async () => {
  const scene = new Scene();
  scene.reception = "outcome_unknown";
  const messages = [];
  for (const message of [rpc("tools/call", { name: "x" }), rpc("ping"), NOTE]) {
    const error = await assertRejects(
      () => scene.deliver("elsewhere", { message })!,
      ProtocolError,
    );
    assertEquals(error.kind, "internal_error");
    messages.push(error.message);
  }
  const begin = "The server that this message belongs to has not answered";
  assertEquals(messages.map((message) => message.startsWith(begin)), [true, true, true]);
  assertEquals([messages[0] === messages[1], messages[1] === messages[2]], [false, true]);
});

Deno.test("that a stream has ended by plan is told to its own caller for a minute", () => {
  for (const [reason, isTold] of [["max_age", true], ["drain", true], ["limit", false]] as const) {
    const scene = new Scene();
    const { id, stream } = scene.open();
    scene.now = 5_000;
    stream.close(reason);
    const receive = (now: number, principal = "me") => {
      scene.now = now;
      return scene.receive?.({ id, client: { identity: { principal } }, message: NOTE } as never);
    };
    const told = isTold ? { ended: reason } : "unknown";
    assertEquals<unknown>([5_000, 65_000, 65_001].map((now) => receive(now)), [
      told,
      told,
      "unknown",
    ]);
    assertEquals(receive(5_000, "you"), "unknown");
    const refuse = () => scene.sessions.refuseEnded(id, { identity: { principal: "me" } } as never);
    if (isTold) assertThrows(refuse, ProtocolError, `by plan (${reason})`);
    else refuse();
  }
});

Deno.test("the last ten thousand streams that ended by plan are remembered", () => {
  const scene = new Scene();
  const ids: string[] = [];
  for (let count = 0; count <= 10_000; count++) {
    const { id, stream } = scene.open();
    ids.push(id);
    stream.close("drain");
  }
  const receive = (id: string) =>
    scene.receive?.({ id, client: { identity: { principal: "me" } }, message: NOTE } as never);
  assertEquals([receive(ids[0]!), receive(ids[1]!), receive(ids[10_000]!)], [
    "unknown",
    { ended: "drain" },
    { ended: "drain" },
  ]);
});

/** Clients with children of their own that leave at bad moments, and the timers that stay. */
import { assert, assertEquals } from "@std/assert";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { FakeTime } from "../helpers/time.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary, type Script, SILENCE } from "./scripted_server.ts";

const ANY = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
} as const;
const LEGACY = {
  protocolVersion: "2025-11-25",
  capabilities: { elicitation: {} },
  clientInfo: { name: "test", version: "1" },
};
const MODERN = {
  [META_KEYS.protocolVersion]: "2026-07-28",
  [META_KEYS.clientInfo]: { name: "test", version: "1" },
  [META_KEYS.clientCapabilities]: { elicitation: { form: {} } },
};

/** Counts timers that are set and have neither run nor been cleared. */
class OpenTimers implements Disposable {
  readonly #open = new Set<unknown>();
  readonly #real = { setTimeout, clearTimeout, setInterval, clearInterval };

  constructor() {
    const { setTimeout: set, clearTimeout: clear, setInterval: repeat } = this.#real;
    const open = this.#open;
    const forget = (timer: number | undefined) => (open.delete(timer), clear(timer));
    Object.assign(globalThis, {
      setTimeout: (work: () => void, ms?: number) => {
        const timer = set(() => (open.delete(timer), work()), ms);
        open.add(timer);
        return timer;
      },
      setInterval: (work: () => void, ms?: number) => {
        const timer = repeat(work, ms);
        open.add(timer);
        return timer;
      },
      clearTimeout: forget,
      clearInterval: (timer: number | undefined) => {
        open.delete(timer);
        this.#real.clearInterval(timer);
      },
    });
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}

/** What becomes of the child of a client that leaves. */
const ENDS: Readonly<Record<string, Script>> = {
  "answers nothing": () => SILENCE,
  "dies at its start": (_, run) => void run.die("code 1"),
  "dies in the call": ordinary((message, run) => {
    if (message.method === "tools/call") run.die("SIGKILL");
    return undefined;
  }),
  "never answers the call": ordinary(),
  "asks in the call": ordinary((message, run) => {
    if (message.method !== "tools/call") return undefined;
    run.send({ jsonrpc: "2.0", id: "q", method: "elicitation/create", params: { message: "?" } });
    return undefined;
  }),
};

for (const [what, script] of Object.entries(ENDS)) {
  Deno.test(`clients that leave a server that ${what} leave no child and no timer`, async () => {
    using time = new FakeTime();
    using timers = new OpenTimers();
    let isFirst = true;
    const served = gatewayApp({
      // The child that all share is well.
      one: (message, run) => isFirst ? ordinary()(message, run) : script(message, run),
    }, {
      now: time.clock,
      wheel: { clock: time.clock },
      entries: { one: { prefix: "", idleMs: 1_000, restart: "always", maxChildren: 100 } },
      settings: { MCP_SESSION_IDLE_MS: 1_000, MCP_REQUEST_TIMEOUT_MS: 2_000 },
    });
    const started = served.app.start();
    await time.advance(100);
    await started;
    isFirst = false;
    const send = async (message: unknown, headers = {}, signal: AbortSignal | null = null) => {
      const options = { method: "POST", signal, body: JSON.stringify(message) };
      const request = new Request("http://localhost/mcp", {
        ...options,
        headers: { ...ANY, ...headers },
      });
      const response = await served.app.fetch(request);
      await response.body?.cancel();
      return response.headers.get("mcp-session-id")!;
    };
    const visit = async () => {
      const leaving = new AbortController();
      const { signal } = leaving;
      const session = { "mcp-session-id": await send(rpc("initialize", LEGACY)) };
      const head = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call" };
      const params = { name: "add", arguments: {}, _meta: MODERN };
      const calls = [
        send(toolCall("add", {}), session, signal),
        send(rpc("tools/call", params), { ...head, "mcp-name": "add" }, signal),
      ];
      for (const call of calls) call.catch(() => {});
      await time.advance(50);
      leaving.abort();
    };
    const children = () => served.gateway.reports()[0]!.children.length;
    await visit();
    await time.advance(400_000, 2_000);
    assertEquals(children(), 1);
    const before = timers.size;
    for (let n = 0; n < 30; n++) await visit();
    assert(timers.size > before, "timers are counted");
    await time.advance(400_000, 2_000);
    assertEquals([children(), timers.size], [1, before]);
    served.app.stop();
    await served.gateway.stop();
  });
}

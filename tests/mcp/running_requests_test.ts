/** How many requests run at the same time, of one stream, of one client and of all. */
import { assertEquals } from "@std/assert";
import type { Emit } from "../../lib/base/observer.ts";
import { InFlight } from "../../lib/mcp/in_flight.ts";
import { unknownMethod } from "../../lib/mcp/methods/table.ts";
import type { McpServer } from "../../lib/mcp/server.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";

const SETTINGS = {
  MCP_PAGE_SIZE: 10,
  MCP_REQUEST_TIMEOUT_MS: 1_000,
  MCP_MAX_REQUESTS_PER_CONNECTION: 10,
  MCP_MAX_CONNECTIONS: 100,
  MCP_MAX_CONNECTIONS_PER_CLIENT: 50,
};

/** Requests of callers that run at the same time on one server, each on a stream of its own. */
class Load {
  readonly server: McpServer;
  readonly events: unknown[] = [];
  readonly #ends: (() => void)[] = [];
  #id = 0;

  constructor(limits: Partial<typeof SETTINGS>) {
    const emit: Emit = (event, ...report) => {
      if (event === "refused") this.events.push(report[0]);
    };
    this.server = testServer({ emit, settings: { ...SETTINGS, ...limits } });
  }

  /** Sends a request, and says why it is refused. */
  async send(
    caller: { address: string; principal?: string },
    inFlight = new InFlight(),
    id?: number,
  ): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const response = this.server.dispatch(
      { jsonrpc: "2.0", id: id ?? ++this.#id, method: "subject" },
      testScope({ caller, inFlight }),
      {
        requests: new Map([["subject", () => promise]]),
        notifications: new Map(),
        refuse: (method) => unknownMethod(method, []),
      },
    );
    if (!(response instanceof Promise)) {
      return response !== undefined && "error" in response ? response.error.message : "";
    }
    this.#ends.push(() => resolve({}));
    await Promise.resolve();
    return "runs";
  }

  async end(count = this.#ends.length): Promise<void> {
    for (const end of this.#ends.splice(0, count)) end();
    await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
  }
}

const ADA = { address: "127.0.0.1", principal: "ada" };

Deno.test("one client runs as many requests as its limit on all its streams, and others are not affected", async () => {
  using _time = new FakeTime();
  using log = new CapturedLog("info");
  const load = new Load({ MCP_MAX_CONNECTIONS_PER_CLIENT: 2 });
  const refusal = "Too many requests in flight: too many of all sessions and streams run " +
    "(MCP_MAX_CONNECTIONS_PER_CLIENT)";
  assertEquals([await load.send(ADA), await load.send(ADA), await load.send(ADA)], [
    "runs",
    "runs",
    refusal,
  ]);
  // A principal is the same client from every address, and an address is a client of its own.
  assertEquals(await load.send({ ...ADA, address: "127.0.0.2" }), refusal);
  assertEquals(await load.send({ address: "127.0.0.1" }), "runs");
  assertEquals(await load.send({ address: "2001:db8::1" }), "runs");
  assertEquals(await load.send({ address: "2001:db8::2" }), "runs");
  assertEquals(await load.send({ address: "2001:db8::3" }), refusal);
  assertEquals([load.server.refused, load.server.running], [3, 5]);
  assertEquals(load.events, ["max_requests", "max_requests", "max_requests"]);
  assertEquals(log.of("Refused").map(({ fields }) => fields), [
    { limit: "max_requests", refused: 1 },
  ]);
  await load.end(1);
  assertEquals([await load.send(ADA), await load.send(ADA)], ["runs", refusal]);
  await load.end();
  assertEquals(load.server.running, 0);
  // Whoever has ended all requests begins anew, whatever others run.
  const other = { address: "127.0.0.9" };
  assertEquals([await load.send(other), await load.send(other)], ["runs", "runs"]);
  assertEquals([await load.send(ADA), await load.send(ADA), await load.send(ADA)], [
    "runs",
    "runs",
    refusal,
  ]);
  await load.end();
});

Deno.test("all clients together run as many requests as the server's limit", async () => {
  using _time = new FakeTime();
  using _log = new CapturedLog();
  const load = new Load({ MCP_MAX_CONNECTIONS: 2 });
  assertEquals(
    [await load.send(ADA), await load.send({ address: "127.0.0.2" }), await load.send(ADA)],
    [
      "runs",
      "runs",
      "Too many requests in flight: too many of all sessions and streams run (MCP_MAX_CONNECTIONS)",
    ],
  );
  await load.end();
});

Deno.test("one stream runs as many requests as its limit, each with an id of its own", async () => {
  using _time = new FakeTime();
  using _log = new CapturedLog();
  const load = new Load({ MCP_MAX_REQUESTS_PER_CONNECTION: 2 });
  const inFlight = new InFlight();
  assertEquals([
    await load.send(ADA, inFlight, 1),
    await load.send(ADA, inFlight, 1),
    await load.send(ADA, inFlight, 2),
    await load.send(ADA, inFlight, 3),
    await load.send(ADA),
  ], [
    "runs",
    "Invalid request: a request with id 1 is still running",
    "runs",
    "Too many requests in flight: 2 already run (MCP_MAX_REQUESTS_PER_CONNECTION)",
    "runs",
  ]);
  assertEquals([load.server.refused, inFlight.size], [1, 2]);
  await load.end();
});

/** The ready-made middleware: its options, its figures at their limits, and whom it tells apart. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CallAborted, ConfigError, ProtocolError } from "../../lib/base/errors.ts";
import {
  cacheResults,
  limitOutput,
  logTiming,
  type Middleware,
  type MiddlewareCall,
  rateLimit,
} from "../../lib/mod.ts";
import { SharedRuns } from "../../lib/middleware/shared_runs.ts";
import type { Caller } from "../../lib/registry/context.ts";
import type { JsonObject } from "../../lib/wire/json_rpc.ts";
import { CapturedLog } from "../helpers/log.ts";

const ADA = { address: "10.0.0.1", principal: "ada" };

/** Calls a tool through middleware; each run of the tool has a number. */
class Calls {
  runs = 0;
  readonly #middleware: Middleware;

  constructor(middleware: Middleware) {
    this.#middleware = middleware;
  }

  async call(
    caller: Caller,
    members: Partial<MiddlewareCall> = {},
    result: JsonObject = {},
  ): Promise<JsonObject> {
    const signal = new AbortController().signal;
    const ctx = { headers: {}, signal, progress: () => {} };
    const call = { method: "tools/call", name: "count", arguments: {}, caller, ctx, ...members };
    const next = () => Promise.resolve({ run: ++this.runs, ...result });
    return await this.#middleware(call as unknown as MiddlewareCall, next);
  }

  /** The number of the run that a caller gets, or the text of the refusal. */
  async run(caller: Caller, members: Partial<MiddlewareCall> = {}): Promise<unknown> {
    const { run, content } = await this.call(caller, members);
    return run ?? (content as { text: string }[])[0]?.text;
  }
}

Deno.test("a wrong option of middleware is refused where it is given, by its name", () => {
  const tools = ["count"];
  for (
    const [make, message] of [
      [
        () => rateLimit({ perMinute: 1, brst: 2 } as never),
        'rateLimit() has no option "brst"; did you mean "burst"?',
      ],
      [
        () => rateLimit(undefined as never),
        "rateLimit() takes an object of options, not undefined",
      ],
      [() => rateLimit({ perMinute: 1, burst: 0.5 }), "Invalid burst: 0.5; give at least 1"],
      [
        () => rateLimit({ perMinute: 1, maxEntries: 0.5 }),
        "Invalid maxEntries: 0.5; give at least 1",
      ],
      [
        () => rateLimit({ perMinute: "1" as never }),
        'Invalid perMinute: "1"; give a positive number',
      ],
      [() => rateLimit({ perMinute: -1 }), "Invalid perMinute: -1; give a positive number"],
      [
        () => cacheResults({ tools, ttl: 1 } as never),
        'cacheResults() has no option "ttl"; did you mean "ttlMs"?',
      ],
      [() => cacheResults({ tools, ttlMs: 0 }), "Invalid ttlMs: 0; give a positive number"],
      [
        () => cacheResults({ tools, ttlMs: 1, maxEntries: 0.9 }),
        "Invalid maxEntries: 0.9; give at least 1",
      ],
      [
        () => cacheResults({ tools, ttlMs: 1, maxCharacters: 0 }),
        "Invalid maxCharacters: 0; give a positive number",
      ],
      [
        () => cacheResults({ tools, ttlMs: 1, clock: 1 as never }),
        "Option of cacheResults(): clock must be a function, not 1",
      ],
      [() => limitOutput({ maxBytes: 0 }), "Invalid maxBytes: 0; give a positive number"],
      [
        () => limitOutput({ maxByte: 1 } as never),
        'limitOutput() has no option "maxByte"; did you mean "maxBytes"?',
      ],
      [
        () => logTiming({ minMs: -1 }),
        "Option of logTiming(): minMs must be a number, at least 0, not -1",
      ],
      [
        () => logTiming({ min: 1 } as never),
        'logTiming() has no option "min"; did you mean "minMs"?',
      ],
    ] as const
  ) assertEquals(assertThrows(make, ConfigError).message, message);
  rateLimit({ perMinute: 0.1, burst: 1, maxEntries: 1 });
  cacheResults({ tools, ttlMs: 0.1, maxEntries: 1 });
  logTiming({ minMs: 0 });
});

Deno.test("rateLimit() says after how many seconds, rounded up, the next call is allowed", async () => {
  let now = 0;
  const calls = new Calls(rateLimit({ perMinute: 1, clock: () => now }));
  const refusal = (seconds: number) =>
    `Too many calls of count: 1 a minute are allowed; call again in ${seconds} s`;
  assertEquals([await calls.run(ADA), await calls.run(ADA)], [1, refusal(60)]);
  now = 29_970;
  assertEquals(await calls.run(ADA), refusal(31));
  now = 60_000;
  assertEquals(await calls.run(ADA), 2);
});

Deno.test("rateLimit() allows at once as many calls as in a minute, and at least one", async () => {
  for (const [perMinute, atOnce] of [[0.5, 1], [1, 1], [3, 3]] as const) {
    const calls = new Calls(rateLimit({ perMinute, clock: () => 0 }));
    for (let call = 0; call <= atOnce; call++) await calls.call(ADA);
    assertEquals(calls.runs, atOnce);
  }
});

Deno.test("rateLimit() tells callers apart by principal, else by address, or as it is told", async () => {
  const callers = [
    ADA,
    { ...ADA, address: "10.0.0.2" },
    { address: "10.0.0.1" },
    { address: "10.0.0.1" },
    { address: "10.0.0.3" },
    { address: "10.0.0.1", principal: "bob" },
  ];
  const runsFor = async (callerOf?: (caller: Caller) => string) => {
    const options = { perMinute: 1, clock: () => 0, ...(callerOf && { callerOf }) };
    const calls = new Calls(rateLimit(options));
    for (const caller of callers) await calls.call(caller);
    return calls.runs;
  };
  assertEquals([
    await runsFor(),
    await runsFor(() => "one"),
    await runsFor(({ address }) => address),
  ], [
    4,
    1,
    3,
  ]);
});

Deno.test("middleware for tools leaves other requests and other tools alone", async () => {
  for (
    const middleware of [
      rateLimit({ perMinute: 1, tools: ["count"], clock: () => 0 }),
      cacheResults({ tools: ["count"], ttlMs: 1, clock: () => 0 }),
    ]
  ) {
    const calls = new Calls(middleware);
    for (const members of [{ method: "prompts/get" }, { name: "other" }]) {
      const before = calls.runs;
      await calls.run(ADA, members);
      await calls.run(ADA, members);
      assertEquals(calls.runs, before + 2);
    }
  }
});

Deno.test("cacheResults() gives a result again until its time is over, and not at that time", async () => {
  let now = 5;
  const calls = new Calls(cacheResults({ tools: ["count"], ttlMs: 10, clock: () => now }));
  assertEquals(await calls.run(ADA), 1);
  now = 14.9;
  assertEquals(await calls.run(ADA), 1);
  now = 15;
  assertEquals([await calls.run(ADA), await calls.run(ADA)], [2, 2]);
});

Deno.test("cacheResults() tells callers apart by all that a tool may read of them, but not by their token", async () => {
  const calls = new Calls(cacheResults({ tools: ["count"], ttlMs: 10, clock: () => 0 }));
  const claims = { role: "admin", exp: 1, iat: 1, nbf: 1, jti: "a" };
  const first = { ...ADA, scopes: ["a", "b"], claims };
  assertEquals(await calls.run(first), 1);
  const renewed = { role: "admin", exp: 2, iat: 2, nbf: 2, jti: "b" };
  assertEquals(await calls.run({ ...first, scopes: ["b", "a"], claims: renewed }), 1);
  assertEquals(await calls.run({ ...first, scopes: ["a"] }), 2);
  assertEquals(await calls.run({ ...first, claims: { ...claims, role: "guest" } }), 3);
  assertEquals(await calls.run({ ...first, principal: "bob" }), 4);
  assertEquals(await calls.run(first, { arguments: { a: 1 } }), 5);
  const shared = new Calls(
    cacheResults({ tools: ["count"], ttlMs: 10, isShared: true, clock: () => 0 }),
  );
  assertEquals([await shared.run(first), await shared.run({ address: "10.9.9.9" })], [1, 1]);
});

Deno.test("logTiming() logs from the least time on, rounded, with the outcome of each request", async () => {
  using log = new CapturedLog("info");
  let now = 0;
  const timing = logTiming({ minMs: 10, clock: () => now });
  const run = async (ms: number, end: () => unknown) =>
    await timing({ method: "tools/call", name: "count" } as MiddlewareCall, async () => {
      now += ms;
      await Promise.resolve();
      return end() as JsonObject;
    });
  const fail = (error: Error) => () => {
    throw error;
  };
  assertEquals(await run(10, () => ({ a: 1 })), { a: 1 });
  await run(9.9, () => ({}));
  await run(12.6, () => ({ isError: true }));
  for (
    const error of [new ProtocolError("not_found", ""), new CallAborted("timeout"), new Error("no")]
  ) await assertRejects(() => run(20, fail(error)), error.constructor as never);
  assertEquals(log.of("Request timed").map(({ fields }) => [fields.outcome, fields.duration_ms]), [
    ["ok", 10],
    ["tool_error", 13],
    ["not_found", 20],
    ["timeout", 20],
    ["internal_error", 20],
  ]);
});

Deno.test("a run is not shared with a caller that has left, and each caller gets a result of its own", async () => {
  const runs = new SharedRuns();
  let count = 0;
  const run = () => {
    const result = { run: ++count };
    return Promise.resolve({ result, text: JSON.stringify(result) });
  };
  const context = (signal = new AbortController().signal) => ({ signal, progress: () => {} });
  const ask = (signal?: AbortSignal) =>
    runs.run("key", context(signal), { known: () => undefined, run });
  const [one, other] = await Promise.all([ask(), ask()]);
  assertEquals([one, other, one === other], [{ run: 1 }, { run: 1 }, false]);
  assertEquals(await ask(), { run: 2 });
  const gone = await Promise.all([ask(AbortSignal.abort()), ask()]);
  assertEquals(gone, [{ run: 3 }, { run: 4 }]);
  const known = { known: () => '{"kept":true}', run };
  assertEquals([await runs.run("key", context(), known), count], [{ kept: true }, 4]);
});

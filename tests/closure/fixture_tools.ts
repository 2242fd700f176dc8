/**
 * Tools for the closure tests, served by the real server through `MCP_TOOLS`. They look at what
 * the product holds by wrapping its classes; this module is loaded before the app is made.
 *
 * @module
 */
import v8 from "node:v8";
import vm from "node:vm";
import * as z from "zod";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { type CancellableRequest, InFlight } from "../../lib/mcp/in_flight.ts";
import { CatalogList } from "../../lib/registry/catalog_list.ts";
import { defineTool, type Tool } from "../../lib/registry/tool.ts";
import { StreamRegistry } from "../../lib/stream/stream_registry.ts";
import type { EventStream } from "../../lib/stream/event_stream.ts";
import { countdown } from "../../lib/tools/countdown.ts";

const LEFTOVERS = z.object({
  /** Deadlines and heartbeats that wait. */
  wheel_entries: z.number(),
  /** Timers of the runtime that run. */
  timers: z.number(),
  /** Listeners for "abort" that were not removed. */
  abort_listeners: z.number(),
  /** Requests that are not answered, on whatever stream. */
  running_requests: z.number(),
  /** Connections that a forced garbage collection cannot free. */
  connections: z.number(),
});

/** Resources in use inside the server; all of them must be gone when the clients are gone. */
export type Leftovers = z.infer<typeof LEFTOVERS>;

const COUNTDOWN_RUNS = z.object({
  runs: z.array(z.object({ aborted_at: z.number().nullable(), ended_at: z.number().nullable() })),
});

const wheels = new Set<TimerWheel>();
const timers = new Set<unknown>();
const running = new Set<CancellableRequest>();
const connections = new Set<WeakRef<EventStream>>();
const countdownRuns: z.infer<typeof COUNTDOWN_RUNS>["runs"] = [];
let abortListeners = 0;
/** Runs of `countdown` that are remembered. */
const MAX_RUNS = 1_000;

v8.setFlagsFromString("--expose-gc");
export const collectGarbage: () => void = vm.runInNewContext("gc");

watchWheels();
watchTimers();
watchAbortListeners();
watchRequests();
watchConnections();
watchCountdown();
watchShelves();

export const leftovers = defineTool({
  name: "leftovers",
  description: "Counts what the server holds",
  output: LEFTOVERS,
  run: () => {
    collectGarbage();
    for (const ref of connections) if (ref.deref() === undefined) connections.delete(ref);
    return {
      wheel_entries: [...wheels].reduce((sum, { size }) => sum + size, 0),
      timers: timers.size,
      abort_listeners: abortListeners,
      running_requests: running.size,
      connections: connections.size,
    };
  },
});

export const countdown_runs = defineTool({
  name: "countdown_runs",
  description: "Tells when each countdown was aborted and when it really ended (ms since 1970)",
  output: COUNTDOWN_RUNS,
  run: () => ({ runs: countdownRuns }),
});

/** The list of tools, once the app has one. */
let tools: CatalogList<Tool> | undefined;

export const chatter = defineTool({
  name: "chatter",
  description: "Tells its progress, logs and changes the list of tools, so often and so much",
  input: z.object({ rounds: z.int(), bytes: z.int() }),
  run: async ({ rounds, bytes }, { progress, log, signal }) => {
    const text = "x".repeat(bytes);
    for (let round = 1; round <= rounds && !signal.aborted; round++) {
      progress(round, rounds, text);
      log.info({ round, text });
      tools?.add(echoOf(`chatter-${round}`));
      tools?.remove(`chatter-${round}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return `said ${rounds}`;
  },
});

function echoOf(name: string): Tool {
  return defineTool({ name, description: "Is there for a moment", run: () => name });
}

function watchShelves(): void {
  const { add } = CatalogList.prototype;
  CatalogList.prototype.add = function (item) {
    if (item.name === "chatter") tools = this as unknown as CatalogList<Tool>;
    add.call(this, item);
  };
}

function watchWheels(): void {
  const { schedule } = TimerWheel.prototype;
  TimerWheel.prototype.schedule = function (entry, delayMs) {
    wheels.add(this);
    schedule.call(this, entry, delayMs);
  };
}

function watchTimers(): void {
  const { setTimeout, clearTimeout } = globalThis;
  const watchedSetTimeout = (callback: () => void, delay?: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      callback();
    }, delay);
    timers.add(timer);
    return timer;
  };
  const watchedClearTimeout = (timer?: number) => {
    timers.delete(timer);
    clearTimeout(timer);
  };
  Object.assign(globalThis, { setTimeout: watchedSetTimeout, clearTimeout: watchedClearTimeout });
}

function watchAbortListeners(): void {
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  const forget = new WeakMap<AbortSignal, Map<unknown, () => void>>();
  AbortSignal.prototype.addEventListener = function (
    this: AbortSignal,
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: AddEventListenerOptions | boolean,
  ) {
    addEventListener.call(this, type, listener, options);
    const known = forget.get(this) ?? new Map();
    forget.set(this, known);
    if (known.has(listener)) return;
    abortListeners++;
    const forgetThis = () => {
      if (known.delete(listener)) abortListeners--;
    };
    known.set(listener, forgetThis);
    addEventListener.call(this, "abort", forgetThis, { once: true });
  };
  AbortSignal.prototype.removeEventListener = function (
    this: AbortSignal,
    type: string,
    listener: EventListenerOrEventListenerObject,
  ) {
    removeEventListener.call(this, type, listener);
    forget.get(this)?.get(listener)?.();
  };
}

function watchRequests(): void {
  const { add, remove } = InFlight.prototype;
  InFlight.prototype.add = function (call) {
    running.add(call);
    add.call(this, call);
  };
  InFlight.prototype.remove = function (call) {
    running.delete(call);
    remove.call(this, call);
  };
}

function watchConnections(): void {
  const { open } = StreamRegistry.prototype;
  StreamRegistry.prototype.open = function (origin, options) {
    const connection = open.call(this, origin, options);
    connections.add(new WeakRef(connection));
    return connection;
  };
}

function watchCountdown(): void {
  const call = countdown.call.bind(countdown);
  Object.assign(countdown, {
    call: (async (args, ctx) => {
      const run: typeof countdownRuns[number] = { aborted_at: null, ended_at: null };
      countdownRuns.push(run);
      // Else the fixture would be the leak that a long run finds.
      if (countdownRuns.length > MAX_RUNS) countdownRuns.shift();
      const onAbort = () => void (run.aborted_at = Date.now());
      ctx.signal.addEventListener("abort", onAbort, { once: true });
      try {
        return await call(args, ctx);
      } finally {
        run.ended_at = Date.now();
        ctx.signal.removeEventListener("abort", onAbort);
      }
    }) satisfies typeof call,
  });
}

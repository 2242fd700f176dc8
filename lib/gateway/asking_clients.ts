/**
 * Servers for clients of 2026-07-28 that can be asked: they declare what such clients declare, and
 * their questions go to the client of the call that runs.
 *
 * @module
 */
import type { AsyncLocalStorage } from "node:async_hooks";
import { nodeAsyncHooks } from "../base/node.ts";
import type { ChildEnd } from "../base/server_report.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { Call } from "../mcp/call.ts";
import { modernMethods } from "../mcp/methods/modern.ts";
import type { Method, MethodTable, ModernMethods } from "../mcp/methods/table.ts";
import type { RequestScope } from "../mcp/scope.ts";
import type { ServerContext } from "../mcp/server_context.ts";
import { readInitialize } from "../mcp/session/client_state.ts";
import { Catalog } from "../registry/catalog.ts";
import { METHODS } from "../wire/methods.ts";
import { AskingPool } from "./asking_pool.ts";
import { Callers } from "./callers.ts";
import { type PlaceHolder, takePlaces } from "./child_places.ts";
import { HeldCalls, type Round } from "./held_call.ts";
import { relay } from "./relay.ts";
import type { SessionLimits, SessionServer } from "./session_servers.ts";
import { canBeAsked, clientOf } from "./share.ts";
import { requireTurns } from "./start_turns.ts";

/** Most processes of one server for clients with the same capabilities. */
const MAX_MEMBERS = 8;

/** Stands for all clients without a credential, which share their processes. */
const ANYBODY = "anybody";

/** The features for clients with the same credential and capabilities. */
interface View {
  readonly key: string;
  readonly holder: PlaceHolder;
  readonly pools: readonly AskingPool[];
  readonly table: MethodTable;
  /** Whether the lists of all reachable servers are known. */
  isReady: boolean;
  /** Resolves when they are, or when all callers have left. */
  connecting: Promise<void> | undefined;
  callers: Callers | undefined;
  running: number;
  /** When a request last ended (ms). */
  usedAt: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

/** The servers for all such clients. */
export class AskingClients {
  readonly #servers: readonly SessionServer[];
  readonly #limits: SessionLimits;
  readonly #held = new HeldCalls();
  readonly #views = new Map<string, View>();
  /** Finds the request that runs, which handlers of features do not see. */
  #rounds: AsyncLocalStorage<Round> | undefined;

  constructor(servers: readonly SessionServer[], limits: SessionLimits) {
    this.#servers = servers;
    this.#limits = limits;
  }

  /** The methods of an app's clients of 2026-07-28, for `createApp()`. */
  readonly methods: ModernMethods = (shared, context) => {
    const requests = new Map([...shared.requests].map(([name, method]) => {
      if (name === METHODS.discover) return [name, method] as const;
      const own: Method = (params, call) => {
        if (this.#limits.share === "always" || !canBeAsked(call.scope)) {
          if (call.scope.logLevel === undefined) return method(params, call);
          return this.#logging(call, () => method(params, call));
        }
        return this.#run(this.#viewOf(call.scope, context), name, { call, params });
      };
      return [name, own] as const;
    }));
    return { ...shared, requests };
  };

  /** Ends all. */
  async stop(): Promise<void> {
    this.#held.clear();
    await Promise.all([...this.#views.keys()].map((key) => this.#end(key, "drain")));
  }

  /** Runs a request that wants log messages. */
  async #logging(call: Call, work: () => MaybePromise<unknown>): Promise<unknown> {
    const { logLevel = "info" } = call.scope;
    for (const { interest } of this.#servers) interest.setLevel(call, logLevel);
    try {
      return await work();
    } finally {
      for (const { interest } of this.#servers) interest.forget(call);
    }
  }

  async #run(view: View, name: string, round: Round): Promise<unknown> {
    clearTimeout(view.idle);
    view.running++;
    try {
      if (!view.isReady) await this.#connect(view, round.call.signal);
      const method = view.table.requests.get(name)!;
      return await this.#rounds!.run(round, () => method(round.params, round.call));
    } finally {
      view.running--;
      view.usedAt = this.#limits.now();
      this.#endLater(view);
    }
  }

  /** Waits for the lists of a view. */
  async #connect(view: View, signal: AbortSignal): Promise<void> {
    while (!view.isReady && !signal.aborted) {
      view.callers ??= new Callers();
      view.callers.add(signal);
      await (view.connecting ??= connectAll(view, view.callers.signal));
    }
  }

  /**
   * A server may keep the answers of clients, such as their roots, so callers with different
   * credentials do not share a process.
   *
   * @throws {ProtocolError} `overloaded` if a server has no place for further clients
   */
  #viewOf({ capabilities: declared, caller }: RequestScope, context: ServerContext): View {
    const { capabilities } = readInitialize({ capabilities: declared });
    const key = JSON.stringify([caller.principal, capabilities]);
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const holder = this.#holderOf(key, caller.principal ?? ANYBODY);
    takePlaces(this.#servers.map(({ places }) => places), holder);
    this.#rounds ??= new (nodeAsyncHooks().AsyncLocalStorage)<Round>();
    const catalog = new Catalog();
    const pools = this.#servers.map((definition) => {
      const pool = new AskingPool(definition, {
        client: clientOf(caller),
        capabilities: { ...capabilities },
        maxMembers: MAX_MEMBERS,
      });
      const { selection } = definition;
      relay(pool.first, {
        catalog,
        selection,
        send: (method, params) => {
          const round = this.#rounds?.getStore();
          if (round === undefined) return pool.first.request(method, params);
          return this.#held.run(round, () => pool.start(round.call, method, params));
        },
      });
      return pool;
    });
    const view: View = {
      key,
      holder,
      pools,
      table: modernMethods({ ...context, catalog }),
      isReady: false,
      connecting: undefined,
      callers: undefined,
      running: 0,
      usedAt: this.#limits.now(),
      idle: undefined,
    };
    // These clients listen to the changes of the shared catalog.
    catalog.onChange((change) => {
      if (view.isReady && change.kind !== "resource") context.catalog.listChanged(change.kind);
    });
    this.#views.set(key, view);
    return view;
  }

  #holderOf(key: string, client: string): PlaceHolder {
    const view = () => this.#views.get(key);
    return {
      client,
      get isBusy() {
        return view() !== undefined && isBusy(view()!);
      },
      get usedAt() {
        return view()?.usedAt ?? 0;
      },
      evict: () => void this.#end(key, "evicted"),
    };
  }

  #endLater(view: View): void {
    clearTimeout(view.idle);
    // It may have ended before its last request did.
    if (view.running > 0 || this.#views.get(view.key) !== view) return;
    view.idle = setTimeout(() => {
      if (isBusy(view)) this.#endLater(view);
      else void this.#end(view.key, "idle");
    }, this.#limits.idleMs);
  }

  async #end(key: string, reason: ChildEnd): Promise<void> {
    const view = this.#views.get(key);
    if (view === undefined) return;
    this.#views.delete(key);
    clearTimeout(view.idle);
    for (const { places } of this.#servers) places.free(view.holder);
    await Promise.all(view.pools.map((pool) => pool.stop(reason)));
  }
}

/**
 * Connects to the servers of a view. If all callers leave meanwhile, its next caller does so again.
 *
 * @throws {ProtocolError} `overloaded` if too many starts wait
 */
async function connectAll(view: View, signal: AbortSignal): Promise<void> {
  const connecting = view.pools.map(({ first }) => first.connect(signal));
  const results = await Promise.allSettled(connecting);
  view.connecting = view.callers = undefined;
  requireTurns(results);
  view.isReady = !signal.aborted || results.every(({ status }) => status === "fulfilled");
}

function isBusy({ running, pools }: View): boolean {
  return running > 0 || pools.some((pool) => pool.isBusy);
}

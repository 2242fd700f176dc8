/**
 * Separate servers for sessions with clients that can be asked. All questions, logs and reports of
 * such a server go to its one client.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { ignoreRejection, type MaybePromise } from "../base/promises.ts";
import type { ChildEnd } from "../base/server_report.ts";
import type { Call } from "../mcp/call.ts";
import { changeNotification } from "../mcp/changes/change_bus.ts";
import { legacyMethods } from "../mcp/methods/legacy.ts";
import type {
  Method,
  MethodTable,
  NotificationHandler,
  SessionMethods,
} from "../mcp/methods/table.ts";
import type { LegacyScope } from "../mcp/scope.ts";
import type { ServerContext } from "../mcp/server_context.ts";
import type { ClientState } from "../mcp/session/client_state.ts";
import { Catalog } from "../registry/catalog.ts";
import { METHODS } from "../wire/methods.ts";
import { type ChildPlaces, type PlaceHolder, takePlaces } from "./child_places.ts";
import type { Selection } from "./features.ts";
import type { GatewayServer, GatewayServerOptions } from "./server.ts";
import { canBeAsked, clientOf, type Share } from "./share.ts";
import { SessionLink } from "./session_link.ts";
import type { SharedInterest } from "./shared_interest.ts";
import { relay } from "./relay.ts";

/** Definition of a server that each session gets. */
export interface SessionServer {
  readonly selection: Selection;
  /** The subscriptions and levels of clients that share its processes. */
  readonly interest: SharedInterest;
  /** Its places for children of single clients. */
  readonly places: ChildPlaces;
  /** Makes it, for a client with these capabilities and this key. */
  readonly create: (
    options: Required<Pick<GatewayServerOptions, "capabilities" | "onQuestion" | "policy">> & {
      readonly client: string;
    },
  ) => GatewayServer;
}

/** The limits of sessions with servers of their own. */
export interface SessionLimits {
  /** After so long without a call and a stream, a session's servers end (ms). */
  readonly idleMs: number;
  /** The clients that share a process; default: those that cannot be asked. */
  readonly share?: Share;
  readonly now: () => number;
}

/** A session's own servers, and the methods that they answer. */
interface Own {
  readonly holder: PlaceHolder;
  readonly link: SessionLink;
  readonly table: MethodTable<LegacyScope>;
  /** Resolves when the lists of all reachable servers are known. */
  ready: Promise<unknown> | undefined;
}

/** Methods that are passed on to servers, with the capability that each needs. */
const TOLD: Readonly<Record<string, string>> = {
  [METHODS.setLogLevel]: "logging",
  [METHODS.unsubscribe]: "resources",
};
/** Methods that reach a shared server, at once or at first. */
const PASSED_ON: ReadonlySet<string> = new Set([
  METHODS.callTool,
  METHODS.readResource,
  METHODS.getPrompt,
  METHODS.complete,
  METHODS.subscribe,
  METHODS.unsubscribe,
  METHODS.setLogLevel,
]);
const ROOTS_CHANGED = "notifications/roots/list_changed";
const log = logFor("gateway");

/** The servers of all sessions that have their own. */
export class SessionServers {
  readonly #servers: readonly SessionServer[];
  readonly #limits: SessionLimits;
  readonly #own = new Map<ClientState, Own>();
  /** Sessions whose clients cannot be asked: they use the shared servers. */
  readonly #sharing = new Set<ClientState>();
  #sweeping: ReturnType<typeof setInterval> | undefined;

  constructor(servers: readonly SessionServer[], limits: SessionLimits) {
    this.#servers = servers;
    this.#limits = limits;
  }

  /** Sessions that have their own. */
  get size(): number {
    return this.#own.size;
  }

  /** Sessions that use the shared servers. */
  get sharing(): number {
    return this.#sharing.size;
  }

  /** The methods of an app's sessions, for `createApp()`. */
  readonly methods: SessionMethods = (shared, context) => {
    const requests = new Map([...shared.requests].map(([name, method]) => {
      const own: Method<LegacyScope> = (params, call) => {
        const { session } = call.scope;
        const answered = name === METHODS.initialize ? method(params, call) : undefined;
        const found = this.#hasOwn(session) ? this.#ownOf(session, context) : this.#share(session);
        if (answered !== undefined) return answered;
        if (found === undefined) {
          const result = PASSED_ON.has(name)
            ? this.#use(session, () => method(params, call))
            : method(params, call);
          return TOLD[name] === undefined ? result : this.#tellShared(name, session, result);
        }
        const run = () => this.#run(found, name, call);
        // A session that waits for its servers to start is not idle.
        return found.link.run(
          call,
          () => found.ready === undefined ? run() : found.ready.then(run),
        );
      };
      return [name, own] as const;
    }));
    const rootsChanged: NotificationHandler = (_, { session }) => {
      if (session !== undefined) this.#own.get(session)?.link.notify(ROOTS_CHANGED);
    };
    const notifications = new Map([...shared.notifications, [ROOTS_CHANGED, rootsChanged]]);
    return { ...shared, requests, notifications };
  };

  /** Ends all. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    await Promise.all([...this.#own.keys()].map((session) => this.#end(session, "drain")));
  }

  #share(session: ClientState): undefined {
    if (this.#sharing.has(session)) return;
    this.#sharing.add(session);
    session.onEnd(() => {
      this.#sharing.delete(session);
      for (const { interest } of this.#servers) {
        interest.forget(session);
        interest.sole.forget(session);
      }
    });
  }

  /** Passes a request of a session on to the shared servers. */
  #use<T>(session: ClientState, work: () => T): T {
    return this.#servers.reduce<() => T>(
      (within, { interest }) => () => interest.sole.use(session, within),
      work,
    )();
  }

  /** Whether a session gets its own servers. */
  #hasOwn(session: ClientState): boolean {
    const { share = "auto" } = this.#limits;
    return share === "never" || (share === "auto" && canBeAsked(session));
  }

  /** Waits until the shared servers know of a level or an unsubscription, as a client would directly. */
  async #tellShared(name: string, session: ClientState, result: unknown): Promise<unknown> {
    const settled = await result;
    const interests = this.#servers.map(({ interest }) => interest);
    if (name === METHODS.setLogLevel) {
      for (const interest of interests) interest.setLevel(session, session.logLevel);
    }
    await Promise.all(interests.map((interest) => interest.settled));
    return settled;
  }

  #run({ link, table }: Own, name: string, call: Call<LegacyScope>): MaybePromise<unknown> {
    const params = call.request.params ?? {};
    const result = table.requests.get(name)!(params, call);
    if (name === METHODS.subscribe) return link.subscribe(String(params.uri)).then(() => result);
    // Settings of the whole session are passed on to the servers.
    const capability = TOLD[name];
    if (capability === undefined) return result;
    return link.request({ method: name, params, capability }).then(() => result);
  }

  /** @throws {ProtocolError} `overloaded` if a server has no place for another session */
  #ownOf(session: ClientState, context: ServerContext): Own {
    const known = this.#own.get(session);
    if (known !== undefined) return known;
    const link = new SessionLink(session, this.#limits.now);
    const client = clientOf(session.caller);
    const holder: PlaceHolder = {
      client,
      get isBusy() {
        return link.isBusy;
      },
      get usedAt() {
        return link.usedAt;
      },
      evict: () => void this.#end(session, "evicted"),
    };
    takePlaces(this.#servers.map(({ places }) => places), holder);
    session.ignoreChanges();
    const catalog = new Catalog();
    for (const { selection, create } of this.#servers) {
      const server = create({
        capabilities: link.capabilities,
        onQuestion: link.ask,
        policy: "session",
        client,
      });
      relay(server, { catalog, selection });
      link.add(server, selection.scopes);
    }
    const { legacy: table } = legacyMethods({ ...context, catalog });
    const own: Own = { holder, link, table, ready: undefined };
    own.ready = ignoreRejection(
      link.connect().then(() => {
        own.ready = undefined;
        catalog.onChange((change) => session.sendNotification(changeNotification(change)));
      }, (error) => {
        // The next request of the session tries again.
        void this.#end(session, "evicted");
        throw error;
      }),
    );
    this.#own.set(session, own);
    session.onEnd(() => void this.#end(session, "session_ended"));
    this.#sweeping ??= setInterval(() => this.#sweep(), this.#limits.idleMs / 4);
    return own;
  }

  #sweep(): void {
    const before = this.#limits.now() - this.#limits.idleMs;
    for (const [session, { link }] of [...this.#own]) {
      if (session.isListening()) link.touch();
      else if (!link.isBusy && link.usedAt < before) void this.#end(session, "idle");
    }
  }

  async #end(session: ClientState, reason: ChildEnd): Promise<void> {
    const own = this.#own.get(session);
    if (own === undefined) return;
    this.#own.delete(session);
    for (const { places } of this.#servers) places.free(own.holder);
    if (this.#own.size === 0) {
      clearInterval(this.#sweeping);
      this.#sweeping = undefined;
    }
    await own.link.stop(reason).catch((error) =>
      log.warning("Servers of a session did not end", { error: messageOf(error) })
    );
  }
}

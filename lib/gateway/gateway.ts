/**
 * All servers of a gateway: each at its own endpoint, and all together at `/mcp`.
 *
 * @module
 */
import { ConfigError } from "../base/errors.ts";
import { settlesWithin } from "../base/promises.ts";
import type { ServersBehind } from "../base/server_report.ts";
import type { ModernMethods, SessionMethods } from "../mcp/methods/table.ts";
import { Catalog, type SubscriptionWatcher } from "../registry/catalog.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { AskingClients } from "./asking_clients.ts";
import { ChildPlaces } from "./child_places.ts";
import type { ServerConfig } from "./config.ts";
import { originOf } from "./features.ts";
import type { KnownEra } from "./handshake.ts";
import { KnownEntries } from "./known_entries.ts";
import { relay } from "./relay.ts";
import type { GatewayServer, GatewayServerOptions } from "./server.ts";
import { warnOfMisspelledTools } from "./misspelled_tools.ts";
import { type SessionLimits, type SessionServer, SessionServers } from "./session_servers.ts";
import { sharedPolicy } from "./share.ts";
import { firstSuccess, SharedInterest } from "./shared_interest.ts";
import { StartTurns } from "./start_turns.ts";
import { ServerTally } from "./tally.ts";

/** The policy of a child, the requests that it may send to its client, and what answers them. */
export type ServerClient = Pick<
  GatewayServerOptions,
  "capabilities" | "entries" | "known" | "onQuestion" | "policy" | "takeTurn" | "tally"
>;

/** Dependencies of a {@linkcode Gateway}. */
export interface GatewayOptions {
  readonly configs: readonly ServerConfig[];
  /** Whether each server has its own path; false for a server named on the command line. */
  readonly hasPaths: boolean;
  /** Makes a child of a server, for all clients or for one that can be asked. */
  readonly create: (config: ServerConfig, client: ServerClient) => GatewayServer;
  readonly limits: SessionLimits & {
    /** Most children of one server that not all clients share, unless its entry says otherwise. */
    readonly maxChildren: number;
  };
  /** The turns in which processes start; default: as many as the machine can start well. */
  readonly turns?: StartTurns;
  /** How long {@linkcode Gateway.start} waits for servers that take their time (ms). */
  readonly waitMs: number;
}

/** One server and its own endpoint. */
interface Served {
  readonly config: ServerConfig;
  readonly server: GatewayServer;
  readonly interest: SharedInterest;
  readonly catalog: Catalog;
  /** As the server names itself, once it is connected. */
  readonly info: { -readonly [Key in keyof Implementation]: Implementation[Key] };
  readonly sessions: SessionServers;
  readonly asking: AskingClients;
}

/** The servers, as an app serves them. */
export class Gateway implements ServersBehind {
  readonly #options: GatewayOptions;
  readonly #tallies: ReadonlyMap<string, ServerTally>;
  readonly #eras: ReadonlyMap<string, KnownEra>;
  readonly #entries: ReadonlyMap<string, KnownEntries>;
  readonly #interests: ReadonlyMap<string, SharedInterest>;
  readonly #places: ReadonlyMap<string, ChildPlaces>;
  readonly #served: readonly Served[];
  readonly #sessions: SessionServers;
  readonly #asking: AskingClients;
  readonly #turns: StartTurns;
  readonly #collisions = new Set<string>();

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new StartTurns();
    const { configs, hasPaths } = options;
    this.#tallies = new Map(
      configs.map(({ name }) => [
        name,
        new ServerTally(name, hasPaths ? `/mcp/${name}` : undefined),
      ]),
    );
    this.#eras = new Map(configs.map(({ name }) => [name, { isLegacy: false }]));
    this.#entries = new Map(configs.map(({ name }) => [name, new KnownEntries()]));
    this.#interests = new Map(configs.map(({ name }) => [name, new SharedInterest()]));
    this.#places = new Map(configs.map(({ name, maxChildren }) => [
      name,
      new ChildPlaces(name, maxChildren ?? options.limits.maxChildren),
    ]));
    const all = this.#definitionsOf(configs);
    const limits = limitsOf(configs, options.limits);
    this.#sessions = new SessionServers(all, limits);
    this.#asking = new AskingClients(all, limits);
    this.#served = configs.map((config) => {
      const alone = this.#definitionsOf([{ ...config, prefix: "" }]);
      return {
        config,
        server: this.#create(config, { policy: "shared" }),
        interest: this.#interests.get(config.name)!,
        catalog: new Catalog(),
        info: { name: config.name, version: "unknown" },
        sessions: new SessionServers(alone, limitsOf([config], options.limits)),
        asking: new AskingClients(alone, limitsOf([config], options.limits)),
      };
    });
    for (const { server, sessions } of this.#served) {
      server.countClients = () => this.#sessions.sharing + sessions.sharing;
    }
  }

  /** Makes the methods of the sessions at `/mcp`. */
  get sessionMethods(): SessionMethods {
    return this.#sessions.methods;
  }

  /** Makes the methods of clients of 2026-07-28 at `/mcp`. */
  get modernMethods(): ModernMethods {
    return this.#asking.methods;
  }

  /** The servers' own endpoints, for `createApp()`. */
  get endpoints() {
    if (!this.#options.hasPaths) return [];
    return this.#served.map(({ config, server, catalog, info, sessions, asking }) => ({
      path: `/mcp/${config.name}`,
      catalog,
      info,
      instructions: () => server.connection?.facts.instructions,
      sessionMethods: sessions.methods,
      modernMethods: asking.methods,
    }));
  }

  /** The instructions of all servers, each under its name. */
  readonly instructions = (): string | undefined => {
    const texts = this.#served.flatMap(({ config: { name }, server: { connection } }) => {
      const text = connection?.facts.instructions;
      if (text === undefined) return [];
      return this.#served.length === 1 ? [text] : [`# ${name}\n\n${text}`];
    });
    return texts.length === 0 ? undefined : texts.join("\n\n");
  };

  reports() {
    return [...this.#tallies.values()].map((tally) => tally.report());
  }

  restart(id: string) {
    for (const [server, tally] of this.#tallies) {
      const child = tally.find(id);
      if (child !== undefined) return { server, pid: child.restart() };
    }
    return undefined;
  }

  /** Serves all by one catalog as well, under names with prefixes. */
  serve(catalog: Catalog): void {
    catalog.watcher = this.#watcherOf(catalog);
    for (const { config, server, interest, catalog: own, info } of this.#served) {
      own.watcher = interest;
      const onRequest = () => interest.sole.noteRequest();
      relay(
        server,
        {
          catalog,
          selection: config,
          onCollision: (message) => void this.#collisions.add(message),
          onTools: (names) => warnOfMisspelledTools(config.name, config, names),
          onRequest,
        },
        { catalog: own, selection: { ...config, prefix: "" }, onRequest },
      );
      interest.attachShared(server);
      interest.onUpdated = (uri, meta) => {
        own.resourceUpdated(uri, meta);
        if (this.#ownersOf(uri, catalog).includes(interest)) catalog.resourceUpdated(uri, meta);
      };
      const { onConnected } = server;
      server.onConnected = (connection) => {
        Object.assign(info, connection.facts.info);
        return onConnected(connection);
      };
    }
  }

  /** Passes a subscription at `/mcp` to the server that has the resource. */
  #watcherOf(catalog: Catalog): SubscriptionWatcher {
    const owners = new Map<string, { interests: readonly SharedInterest[]; clients: number }>();
    return {
      subscribed: (uri) => {
        const known = owners.get(uri) ?? { interests: this.#ownersOf(uri, catalog), clients: 0 };
        known.clients++;
        owners.set(uri, known);
        for (const interest of known.interests) interest.subscribed(uri);
      },
      // Another server may have the resource by now.
      unsubscribed: (uri) => {
        const known = owners.get(uri);
        if (known === undefined) return;
        for (const interest of known.interests) interest.unsubscribed(uri);
        if (--known.clients === 0) owners.delete(uri);
      },
      holding: (uri) => {
        const asked = owners.get(uri)?.interests.map((interest) => interest.holding(uri)) ?? [];
        // One that has nothing to wait for has accepted it, or is not connected yet.
        const pending = asked.filter((one) => one !== undefined);
        return pending.length === 0 || pending.length < asked.length
          ? undefined
          : firstSuccess(pending);
      },
    };
  }

  /**
   * The server that offers a resource. If none lists it, all servers that need no scopes may have it.
   */
  #ownersOf(uri: string, catalog: Catalog): readonly SharedInterest[] {
    const origin = catalog.referenced(uri)?.origin;
    const owner = this.#served.find(({ config: { name } }) => originOf(name) === origin);
    if (owner !== undefined) return [owner.interest];
    const open = this.#served.filter(({ config }) => config.scopes.length === 0);
    return (open.length === 0 ? this.#served : open).map(({ interest }) => interest);
  }

  /**
   * Connects to all servers. One that cannot be started is tried again; clients are then notified
   * of its lists.
   *
   * @throws {ConfigError} if two servers have tools or prompts with the same name
   */
  async start(): Promise<void> {
    const connecting = this.#served.map(({ server }) => server.connect());
    await settlesWithin(this.#options.waitMs, Promise.allSettled(connecting));
    if (this.#collisions.size === 0) return;
    throw new ConfigError([
      'Names collide; "lifeline": { "prefix": "always" } of one of the servers keeps them apart:',
      ...this.#collisions,
    ].join("\n  "));
  }

  /** Ends all servers. */
  async stop(): Promise<void> {
    const own = this.#served.flatMap(({ server, sessions, asking }) => [server, sessions, asking]);
    await Promise.all([this.#sessions, this.#asking, ...own].map((one) => one.stop()));
  }

  /** @param client the key of the client that it is for; undefined if all share it */
  #create(config: ServerConfig, own: ServerClient, client?: string): GatewayServer {
    const { name, launch } = config;
    const tally = this.#tallies.get(name)!;
    return this.#options.create(config, {
      ...own,
      // A connection to a server elsewhere keeps no processor busy.
      ...("command" in launch && { takeTurn: (signal) => this.#turns.take(client, signal) }),
      tally,
      known: this.#eras.get(name)!,
      entries: this.#entries.get(name)!,
    });
  }

  #definitionsOf(configs: readonly ServerConfig[]): readonly SessionServer[] {
    return configs.map((config) => ({
      selection: config,
      interest: this.#interests.get(config.name)!,
      places: this.#places.get(config.name)!,
      create: ({ client, ...own }) => this.#create(config, own, client),
    }));
  }
}

/** The limits of sessions that have processes of all these servers: the strictest of each. */
function limitsOf(configs: readonly ServerConfig[], limits: SessionLimits): SessionLimits {
  return {
    ...limits,
    idleMs: Math.min(...configs.map(({ idleMs }) => idleMs ?? limits.idleMs)),
    share: sharedPolicy(configs.map(({ share }) => share)),
  };
}

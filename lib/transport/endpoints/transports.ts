/**
 * The transports of an app, one for each endpoint. They share its streams, limits and store; each
 * has its own features and sessions.
 *
 * @module
 */
import { RegistrationError } from "../../base/errors.ts";
import { sessionKeys } from "../../base/session_settings.ts";
import type { Settings } from "../../base/settings.ts";
import { Signer } from "../../base/signer.ts";
import type { ModernMethods, SessionMethods } from "../../mcp/methods/table.ts";
import type { McpServer } from "../../mcp/server.ts";
import type { Instructions } from "../../mcp/server_context.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { EventStore } from "../../store/event_store.ts";
import {
  createStore,
  createTransport,
  type Transport,
  type TransportOptions,
} from "../create_transport.ts";
import { type Core, MAIN_PATH } from "../dialect.ts";
import type { AccessCheck } from "../endpoint.ts";
import type { Implementation } from "../../wire/mcp_types.ts";

/** An endpoint beside `/mcp`. It speaks every dialect, and shares all limits with the others. */
export interface EndpointOptions {
  /** Its path, such as `/mcp/files`; the plain dialect has the path `/mcp/files/sse`. */
  readonly path: string;
  /** The features that it serves. */
  readonly catalog: Catalog;
  /**
   * Its name and version for clients; default: those of the app. Each answer reads it again, so its
   * members may change.
   */
  readonly info?: Implementation | undefined;
  /** For the model: how to use it. */
  readonly instructions?: Instructions | undefined;
  /** Makes the methods of a session from the shared ones. */
  readonly sessionMethods?: SessionMethods | undefined;
  /** Makes the methods of 2026-07-28 from the shared ones. */
  readonly modernMethods?: ModernMethods | undefined;
}

/** The endpoints of an app, the one at `/mcp` first. */
export type Endpoints = readonly [
  EndpointOptions & { readonly info: Implementation },
  ...EndpointOptions[],
];

/** The parts that the endpoints of an app share. */
export interface SharedParts {
  readonly core: Core;
  readonly settings: Settings;
  readonly shared: Pick<TransportOptions, "use" | "lifespan" | "dialects" | "masksErrors">;
  /** The library user's own store. */
  readonly store: EventStore | undefined;
  readonly accessTo: (catalog: Catalog) => AccessCheck;
}

/** An endpoint and its transport. */
export interface ServedEndpoint {
  readonly path: string;
  readonly transport: Transport;
}

/** Paths below `/mcp` that the app itself serves. */
const TAKEN = ["/mcp/sse", "/mcp/info", "/mcp/stdio", "/mcp/connections"];
const PATH_REGEXP = /^\/[A-Za-z0-9_.~/-]*[A-Za-z0-9_~-]$/;

/** The transports of all endpoints. */
export class Transports {
  /** The one at `/mcp`. */
  readonly main: Transport;
  readonly all: readonly ServedEndpoint[];
  readonly store: EventStore;
  /** The sessions of all endpoints. */
  readonly sessions: Pick<Transport["sessions"], "size" | "endOf">;
  /** The requests of all endpoints. */
  readonly server: Pick<McpServer, "running" | "abandoned" | "refused" | "cutRunning">;

  /**
   * @param endpoints the one at `/mcp` first
   * @throws {RegistrationError} for a path that is taken or is not a path
   */
  constructor(
    endpoints: Endpoints,
    { core, settings, shared, store, accessTo }: SharedParts,
  ) {
    const [main] = endpoints;
    const signer = new Signer(...sessionKeys(settings.MCP_SESSION_KEY));
    this.store = createStore(settings, core.fleet?.eventStore ?? store, core.wheel);
    this.all = endpoints.map(({ path, catalog, info = main.info, ...own }) => ({
      path,
      transport: createTransport(core, settings, {
        ...{ ...shared, ...own, info, catalog, store: this.store, access: accessTo(catalog) },
        path,
        signer: path === MAIN_PATH ? signer : signer.derive(path),
      }),
    }));
    endpoints.slice(1).forEach(({ path }, at, others) => requirePath(path, others.slice(0, at)));
    const transports = this.all.map(({ transport }) => transport);
    this.main = transports[0]!;
    const sum = (amount: (one: Transport) => number) =>
      transports.reduce((total, one) => total + amount(one), 0);
    this.sessions = {
      get size() {
        return sum(({ sessions }) => sessions.size);
      },
      endOf: (principal) => sum(({ sessions }) => sessions.endOf(principal)),
    };
    this.server = {
      get running() {
        return sum(({ server }) => server.running);
      },
      get abandoned() {
        return sum(({ server }) => server.abandoned);
      },
      get refused() {
        return sum(({ server }) => server.refused);
      },
      cutRunning: () => transports.forEach(({ server }) => server.cutRunning()),
    };
  }

  /** Ends all sessions at once and stops their timers. */
  stop(): void {
    for (const { transport } of this.all) transport.stop();
  }
}

/** @throws {RegistrationError} */
function requirePath(path: string, earlier: readonly EndpointOptions[]): void {
  if (!PATH_REGEXP.test(path)) {
    throw new RegistrationError(
      `Cannot serve an endpoint at ${JSON.stringify(path)}: a path begins with "/" and has ` +
        'letters, digits, "_", "-", "." and "~"',
    );
  }
  const taken = [MAIN_PATH, ...TAKEN, ...earlier.flatMap((one) => [one.path, `${one.path}/sse`])];
  const collision = [path, `${path}/sse`].find((one) => taken.includes(one));
  if (collision === undefined) return;
  throw new RegistrationError(
    `Cannot serve an endpoint at ${path}: ${collision} is taken by another endpoint or a page`,
  );
}

/**
 * The context that a handler gets for a running request.
 *
 * A context looks like a plain object: its members are own properties, they can be destructured and
 * spread into another object, and they do not expose the server. It is a proxy because most calls
 * read no member: a member is made when it is first read, and an object with ten getters costs more
 * than the rest of a quick call (docs/decisions/0011-tool-context.md).
 *
 * @module
 */
import type { Caller, ClientLog, ToolContext, ToolSession } from "../registry/context.ts";
import type { Viewer } from "../registry/visibility.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import { ownMeta } from "../wire/meta.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { elicitThrough, rootsThrough, sampleThrough } from "./ask/questions.ts";
import type { Call } from "./call.ts";
import type { ServerContext } from "./server_context.ts";
import type { ClientState } from "./session/client_state.ts";
import { changeNotification } from "./changes/change_bus.ts";
import { LOG_SEVERITY } from "./log_levels.ts";

/** How soon a client comes back to a stream that was let go of (ms). */
const DEFAULT_RETRY_MS = 1_000;
/** The latest time at which a client may be asked to come back (ms). */
const MAX_RETRY_MS = 3_600_000;

const LIST_KINDS = ["tools", "resources", "prompts"] as const;
const NO_HEADERS: ToolContext["headers"] = Object.freeze({});

/** Makes each member from the call. */
const MEMBERS: { readonly [Name in keyof ToolContext]: (call: Call) => ToolContext[Name] } = {
  headers: (call) => call.scope.caller.headers ?? NO_HEADERS,
  meta: ({ request }) => ownMeta(request.params),
  session: sessionOf,
  app: (call) => call.server.lifespan.value,
  signal: (call) => call.signal,
  connectionId: (call) => call.scope.connectionId,
  caller: (call) => callerOf(call.scope.caller),
  capabilities: (call) => structuredClone(call.scope.capabilities),
  log: logOf,
  wantsProgress: (call) => call.wantsProgress,
  progress: (call) => (progress, total, message, meta) =>
    call.reportProgress(progress, total, message, meta),
  elicit: (call) => elicitThrough((question) => call.ask(question), call.masksErrors),
  sample: (call) => sampleThrough((question) => call.ask(question)),
  roots: (call) => rootsThrough((question) => call.ask(question)),
  releaseStream: (call) => (retryMs = DEFAULT_RETRY_MS) => call.releaseStream(wholeRetry(retryMs)),
};
const NAMES = Object.keys(MEMBERS) as (keyof ToolContext)[];

/** Members that were read or added, by name. */
type Known = Record<PropertyKey, unknown>;

/** Makes the context of a call. */
export function createToolContext(call: Call): ToolContext {
  return new Proxy<Known>({}, new Members(call)) as Known & ToolContext;
}

class Members implements ProxyHandler<Known> {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  get(known: Known, name: PropertyKey): unknown {
    if (!isPending(known, name)) return Reflect.get(known, name);
    const value = MEMBERS[name](this.#call);
    // A stream may begin later.
    if (value !== undefined) known[name] = value;
    return value;
  }

  has(known: Known, name: PropertyKey): boolean {
    return isPending(known, name) || Reflect.has(known, name);
  }

  ownKeys(known: Known): (string | symbol)[] {
    return [...new Set<string | symbol>([...NAMES, ...Reflect.ownKeys(known)])];
  }

  getOwnPropertyDescriptor(known: Known, name: PropertyKey): PropertyDescriptor | undefined {
    return isPending(known, name)
      ? { value: this.get(known, name), writable: true, enumerable: true, configurable: true }
      : Reflect.getOwnPropertyDescriptor(known, name);
  }

  /** An object that takes no more members must have all of them. */
  preventExtensions(known: Known): boolean {
    for (const name of NAMES) known[name] = this.get(known, name);
    return Reflect.preventExtensions(known);
  }
}

/** Whether a member is still to be made. */
function isPending(known: Known, name: PropertyKey): name is keyof ToolContext {
  return Object.hasOwn(MEMBERS, name) && !Object.hasOwn(known, name);
}

function sessionOf({ scope: { session }, server }: Call): ToolSession | undefined {
  if (session === undefined) return undefined;
  return session.toolSession ??= toolSession(session, server);
}

/** All calls of a session share it, so no handler may alter it. */
function toolSession(session: ClientState, { catalog }: ServerContext): ToolSession {
  const setVisible = (tag: string, isVisible: boolean) => {
    const before = catalog.seenWith(tag, viewerOf(session));
    if (!session.setVisible(tag, isVisible)) return;
    const after = catalog.seenWith(tag, viewerOf(session));
    for (const kind of LIST_KINDS) {
      if (before[kind] !== after[kind]) session.sendNotification(changeNotification({ kind }));
    }
  };
  return Object.freeze({
    get: <T>(key: string) => session.data.get(key) as T | undefined,
    set: (key: string, value: unknown) => session.data.set(key, value),
    show: (tag: string) => setVisible(tag, true),
    hide: (tag: string) => setVisible(tag, false),
  });
}

function viewerOf({ visibility, listScopes }: ClientState): Viewer {
  return { visibility, granted: listScopes };
}

function callerOf(caller: Caller): Caller {
  const { address, name, version, principal, clientId, scopes, claims } = caller;
  if (principal === undefined) return Object.freeze({ address, name, version, principal });
  return Object.freeze({
    ...{ address, name, version, principal, clientId },
    scopes: Object.freeze([...scopes ?? []]),
    claims: copyOf(claims ?? {}),
  });
}

/** All requests with one token share the claims, so each handler gets its own copy. */
function copyOf(claims: NonNullable<Caller["claims"]>): NonNullable<Caller["claims"]> {
  try {
    return structuredClone(claims);
  } catch {
    // A function of the library's user may have put anything into them.
    return { ...claims };
  }
}

function logOf(call: Call): ClientLog {
  const levels = Object.keys(LOG_SEVERITY) as LoggingLevel[];
  return Object.fromEntries(
    levels.map((level) => [
      level,
      (data: unknown, logger?: string, meta?: JsonObject) =>
        call.sendLog(level, data, logger, meta),
    ]),
  ) as ClientLog;
}

/**
 * The retry time as a whole number that the wire accepts; an invalid number must not fail the call.
 */
function wholeRetry(retryMs: number): number {
  if (Number.isNaN(retryMs)) return DEFAULT_RETRY_MS;
  return Math.round(Math.min(Math.max(retryMs, 0), MAX_RETRY_MS));
}

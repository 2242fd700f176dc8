import { messageOf, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { SubscriptionWatcher } from "../registry/catalog.ts";
import { isObject, type JsonObject, type JsonRpcNotification } from "../wire/json_rpc.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { metaMember } from "../wire/meta.ts";
import { METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import type { Connection, GatewayServer } from "./server.ts";
import { SoleSession } from "./sole_session.ts";

const log = logFor("gateway");

/**
 * The subscriptions and log levels of all clients that share a server. Each of its processes gets
 * one subscription for a resource, however many clients have it, and the most talkative level that
 * a client asked for. Each client then gets the messages that it asked for.
 */
export class SharedInterest implements SubscriptionWatcher {
  /** Called with the URI of a resource that has changed, and the `_meta` of the notification. */
  onUpdated: (uri: string, meta: JsonObject | undefined) => void = () => {};
  /** The session that has the process for itself, if there is one. */
  readonly sole: SoleSession = new SoleSession();
  readonly #servers = new Set<GatewayServer>();
  readonly #subscriptions = new Map<string, SharedSubscription>();
  /** Clients that want messages of the level `debug`; all other levels are filtered here. */
  readonly #debugging = new Set<object>();
  /** Undefined until a client asks for a level: the server has a default. */
  #level: LoggingLevel | undefined;
  /** Settles when the latest request was answered. Never rejects. */
  settled: Promise<unknown> = Promise.resolve();

  /** Keeps a process subscribed, also after a restart. */
  attach(server: GatewayServer): void {
    this.#servers.add(server);
    const { onConnected, onNotification } = server;
    server.onConnected = async (connection) => {
      await onConnected(connection);
      this.#restore(connection);
    };
    server.onNotification = (message: JsonRpcNotification) => {
      onNotification(message);
      if (message.method === NOTIFICATIONS.resourceUpdated) {
        this.onUpdated(String(message.params?.uri), metaMember(message.params)._meta);
      }
    };
  }

  /** Passes on log messages of the process that all clients share, if it has one client. */
  attachShared(server: GatewayServer): void {
    this.attach(server);
    const { onConnected, onNotification } = server;
    server.onConnected = async (connection) => {
      // Subscriptions of several clients are made anew.
      if (this.#subscriptions.size === 0) this.sole.restarted();
      await onConnected(connection);
    };
    server.onNotification = (message) => {
      const { method, params = {} } = message;
      if (method !== NOTIFICATIONS.message || !this.sole.takeLog(params)) onNotification(message);
    };
  }

  detach(server: GatewayServer): void {
    this.#servers.delete(server);
  }

  subscribed(uri: string): void {
    const known = this.#subscriptions.get(uri);
    if (known !== undefined) return void known.clients++;
    const subscription: SharedSubscription = { clients: 1, isRefused: false, holding: undefined };
    this.#subscriptions.set(uri, subscription);
    subscription.holding = this.#subscribe(uri)?.then(
      () => void (subscription.holding = undefined),
      (error) => {
        subscription.isRefused = true;
        throw error;
      },
    );
    // A caller that waits gets the error; some do not wait.
    subscription.holding?.catch(() => {});
  }

  unsubscribed(uri: string): void {
    const known = this.#subscriptions.get(uri);
    if (known === undefined || --known.clients > 0) return;
    this.#subscriptions.delete(uri);
    if (!known.isRefused) this.#sendAll(METHODS.unsubscribe, { uri });
  }

  holding(uri: string): Promise<void> | undefined {
    return this.#subscriptions.get(uri)?.holding;
  }

  /**
   * Subscribes at each process, one of which must accept it. Those that start later are asked when
   * they are connected.
   */
  #subscribe(uri: string): Promise<unknown> | undefined {
    this.sole.noteRequest();
    const connections = this.#connections();
    if (connections.length === 0) return undefined;
    return firstSuccess(connections.map((one) => subscribeAt(one, uri)));
  }

  /** A client wants messages of this level and of the more urgent ones. */
  setLevel(client: object, level: LoggingLevel): void {
    if (level === "debug") this.#debugging.add(client);
    else this.#debugging.delete(client);
    this.#updateLevel();
  }

  /** A client is gone, or its request is. */
  forget(client: object): void {
    if (this.#debugging.delete(client)) this.#updateLevel();
  }

  #updateLevel(): void {
    const level = this.#debugging.size > 0 ? "debug" : "info";
    if (level === this.#level) return;
    this.#level = level;
    this.#sendAll(METHODS.setLogLevel, { level });
  }

  #restore(connection: Connection): void {
    if (this.#level !== undefined) {
      void send(connection, METHODS.setLogLevel, { level: this.#level });
    }
    for (const uri of this.#subscriptions.keys()) void send(connection, METHODS.subscribe, { uri });
  }

  #sendAll(method: string, params: JsonObject): void {
    this.settled = Promise.all(this.#connections().map((one) => send(one, method, params)));
  }

  #connections(): readonly Connection[] {
    return [...this.#servers].flatMap(({ connection }) => connection ?? []);
  }
}

/** A resource that clients subscribed to. */
interface SharedSubscription {
  clients: number;
  isRefused: boolean;
  /** Pending until the server has answered; rejected if it refused. */
  holding: Promise<void> | undefined;
}

/**
 * Subscribes to a resource for a client.
 *
 * @throws {ProtocolError} the server's error, or `method_not_found` if it has no subscriptions
 */
export async function subscribeAt(
  { upstream, facts: { info, capabilities } }: Connection,
  uri: string,
): Promise<void> {
  if (!canSubscribe(capabilities)) {
    throw new ProtocolError(
      "method_not_found",
      `Method not found: the server ${info.name} has no subscriptions to resources`,
    );
  }
  await upstream.request(METHODS.subscribe, { uri });
}

/** @throws the first error, if none succeeds */
export async function firstSuccess(all: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.any(all);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

function canSubscribe({ resources }: JsonObject): boolean {
  return isObject(resources) && resources.subscribe === true;
}

/** Sends a request if the server can answer it. */
function send(
  { upstream, facts: { capabilities } }: Connection,
  method: string,
  params: JsonObject,
): Promise<unknown> {
  const can = method === METHODS.setLogLevel
    ? isObject(capabilities.logging)
    : canSubscribe(capabilities);
  if (!can) return Promise.resolve();
  return upstream.request(method, params)
    .catch((error) => log.debug("Server refused", { method, ...params, error: messageOf(error) }));
}

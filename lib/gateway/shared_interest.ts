import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { SubscriptionWatcher } from "../registry/catalog.ts";
import { isObject, type JsonObject, type JsonRpcNotification } from "../wire/json_rpc.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import type { Connection, GatewayServer } from "./server.ts";

const log = logFor("gateway");

/**
 * The subscriptions and log levels of all clients that share a server. Each of its processes gets
 * one subscription for a resource, however many clients have it, and the most talkative level that
 * a client asked for. Each client then gets the messages that it asked for.
 */
export class SharedInterest implements SubscriptionWatcher {
  /** Called with the URI of a resource that has changed. */
  onUpdated: (uri: string) => void = () => {};
  readonly #servers = new Set<GatewayServer>();
  /** Number of clients, by resource. */
  readonly #clients = new Map<string, number>();
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
        this.onUpdated(String(message.params?.uri));
      }
    };
  }

  detach(server: GatewayServer): void {
    this.#servers.delete(server);
  }

  subscribed(uri: string): void {
    const clients = this.#clients.get(uri) ?? 0;
    this.#clients.set(uri, clients + 1);
    if (clients === 0) this.#sendAll(METHODS.subscribe, { uri });
  }

  unsubscribed(uri: string): void {
    const clients = this.#clients.get(uri) ?? 0;
    if (clients > 1) return void this.#clients.set(uri, clients - 1);
    if (this.#clients.delete(uri)) this.#sendAll(METHODS.unsubscribe, { uri });
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
    for (const uri of this.#clients.keys()) void send(connection, METHODS.subscribe, { uri });
  }

  #sendAll(method: string, params: JsonObject): void {
    const connections = [...this.#servers].flatMap(({ connection }) => connection ?? []);
    this.settled = Promise.all(connections.map((one) => send(one, method, params)));
  }
}

/** Sends a request if the server can answer it. */
function send(
  { upstream, facts: { capabilities } }: Connection,
  method: string,
  params: JsonObject,
): Promise<unknown> {
  const { resources, logging } = capabilities;
  const can = method === METHODS.setLogLevel
    ? isObject(logging)
    : isObject(resources) && resources.subscribe === true;
  if (!can) return Promise.resolve();
  return upstream.request(method, params)
    .catch((error) => log.debug("Server refused", { method, ...params, error: messageOf(error) }));
}

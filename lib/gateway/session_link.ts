import { hasScopes } from "../auth/scopes.ts";
import { CallAborted, messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { ChildEnd } from "../base/server_report.ts";
import type { AskingCall, Question } from "../mcp/ask/questions.ts";
import type { Call } from "../mcp/call.ts";
import { DEFAULT_LOG_LEVEL, LOG_SEVERITY } from "../mcp/log_levels.ts";
import type { ClientState } from "../mcp/session/client_state.ts";
import {
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
  notification,
} from "../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../wire/mcp_types.ts";
import { metaMember } from "../wire/meta.ts";
import { CLIENT_METHODS, METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import type { GatewayServer } from "./server.ts";
import { firstSuccess, subscribeAt } from "./shared_interest.ts";
import type { AnswerQuestion } from "./server_questions.ts";
import { requireTurns } from "./start_turns.ts";

const log = logFor("gateway");

/** Connects a session to its own servers: calls, questions, logs and updates. */
export class SessionLink {
  /** On the clock of its maker (ms). */
  usedAt: number;
  readonly #session: ClientState;
  readonly #servers: GatewayServer[] = [];
  /** The scopes that the resources of each server need. */
  readonly #scopes = new Map<GatewayServer, readonly string[]>();
  readonly #now: () => number;
  /** Calls that run, the newest last. */
  readonly #running = new Set<Call>();
  readonly #stopped = new AbortController();

  constructor(session: ClientState, now: () => number) {
    this.#session = session;
    this.#now = now;
    this.usedAt = now();
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** The capabilities that the servers may use: those of the client. */
  get capabilities(): JsonObject {
    const { roots, sampling, elicitation } = this.#session.capabilities;
    return {
      ...(roots !== undefined && { roots: { listChanged: true } }),
      ...(sampling !== undefined && { sampling }),
      ...(elicitation !== undefined && { elicitation }),
    };
  }

  /** @param scopes that its resources need */
  add(server: GatewayServer, scopes: readonly string[]): void {
    const { onNotification, onConnected } = server;
    this.#scopes.set(server, scopes);
    server.onNotification = (message) => {
      if (!this.#takeNotification(server, message)) onNotification(message);
    };
    server.onConnected = async (connection) => {
      await onConnected(connection);
      // A restarted server does not know the session's level and subscriptions.
      const { logLevel: level } = this.#session;
      if (level !== DEFAULT_LOG_LEVEL && connection.facts.capabilities.logging !== undefined) {
        await connection.upstream.request(METHODS.setLogLevel, { level }).catch(() => {});
      }
      for (const uri of this.#session.subscriptions) {
        await connection.upstream.request(METHODS.subscribe, { uri }).catch(() => {});
      }
    };
    this.#servers.push(server);
  }

  /**
   * Starts the servers; one that cannot be started is tried again, and holds up no other.
   *
   * @throws {ProtocolError} `overloaded` if too many starts wait
   */
  async connect(): Promise<void> {
    requireTurns(await Promise.allSettled(this.#servers.map((server) => server.connect())));
  }

  touch(): void {
    this.usedAt = this.#now();
  }

  /** Runs a call. Its stream carries the servers' questions meanwhile. */
  run<T>(call: Call, work: () => MaybePromise<T>): MaybePromise<T> {
    this.touch();
    this.#running.add(call);
    const done = (): void => {
      this.#running.delete(call);
      this.touch();
    };
    try {
      const result = work();
      if (result instanceof Promise) return result.finally(done);
      done();
      return result;
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Tells all servers. */
  notify(method: string): void {
    for (const { connection } of this.#servers) connection?.upstream.notify(method);
  }

  /**
   * Sends a request to all servers that have a capability; errors are ignored, because the session
   * itself keeps its level and subscriptions.
   */
  async request(
    { method, params, capability }: {
      readonly method: string;
      readonly params: JsonObject;
      readonly capability: string;
    },
  ): Promise<void> {
    const { _meta, ...rest } = params;
    const having = this.#servers.map(({ connection }) => connection)
      .filter((one) => one?.facts.capabilities[capability] !== undefined);
    await Promise.allSettled(having.map((one) => one?.upstream.request(method, rest)));
  }

  /**
   * Subscribes the session to a resource that one of its servers has.
   *
   * @throws {ProtocolError} the error of the first server, if none accepts it
   */
  async subscribe(uri: string): Promise<void> {
    const connections = this.#servers.filter((server) => this.#mayRead(server))
      .flatMap(({ connection }) => connection ?? []);
    if (connections.length === 0) return;
    try {
      await firstSuccess(connections.map((one) => subscribeAt(one, uri)));
    } catch (error) {
      this.#session.subscriptions.delete(uri);
      throw error;
    }
  }

  async stop(reason: ChildEnd): Promise<void> {
    this.#stopped.abort(new CallAborted("disconnected", "Session ended"));
    await Promise.all(this.#servers.map((server) => server.stop(reason)));
  }

  /** Asks the client, on the stream of the newest call, else on the session's own. */
  readonly ask: AnswerQuestion = (method, params, signal) => {
    const question = questionOf(method, params);
    if (question === undefined) {
      return Promise.reject(new Error(`Clients cannot be asked for ${method}`));
    }
    const call = [...this.#running].findLast((one) => !one.isDone);
    return this.#session.ask(question, until(call ?? this.#asking(), signal));
  };

  #mayRead(server: GatewayServer): boolean {
    return hasScopes(this.#scopes.get(server) ?? [], this.#session.caller.scopes);
  }

  #asking(): AskingCall {
    const { signal } = this.#stopped;
    const send = (message: JsonRpcNotification | JsonRpcRequest): void =>
      this.#session.sendNotification(message);
    return { signal, aborted: undefined, scope: { send } };
  }

  /** @returns whether it was for this session alone */
  #takeNotification(server: GatewayServer, message: JsonRpcNotification): boolean {
    const { method, params = {} } = message;
    if (method === NOTIFICATIONS.message) {
      const severity = LOG_SEVERITY[params.level as LoggingLevel] ?? 0;
      if (severity >= LOG_SEVERITY[this.#session.logLevel]) this.#send(message);
      return true;
    }
    if (method === NOTIFICATIONS.elicitationComplete) {
      this.#send(message);
      return true;
    }
    if (method !== NOTIFICATIONS.resourceUpdated) return false;
    const isWanted = this.#session.subscriptions.covers(String(params.uri));
    if (isWanted && this.#mayRead(server)) this.#send(message);
    return true;
  }

  #send({ method, params }: JsonRpcNotification): void {
    const { _meta, ...rest } = params ?? {};
    try {
      this.#session.sendNotification(notification(method, { ...rest, ...metaMember(params) }));
    } catch (error) {
      log.warning("Notification of a server was not sent", { error: messageOf(error) });
    }
  }
}

/** The same, until the server does not want the answer any more. */
function until(asking: AskingCall, signal: AbortSignal | undefined): AskingCall {
  if (signal === undefined) return asking;
  return {
    scope: asking.scope,
    signal: AbortSignal.any([asking.signal, signal]),
    get aborted() {
      if (asking.aborted !== undefined || !signal.aborted) return asking.aborted;
      return new CallAborted("cancelled", messageOf(signal.reason));
    },
  };
}

/**
 * A server's question, and the capability that a client needs for it; undefined for an unknown
 * method.
 */
export function questionOf(method: string, asked: JsonObject): Question | undefined {
  const requires = requiredFor(method, asked);
  if (requires === undefined) return undefined;
  const { _meta, ...rest } = asked;
  const params = { ...rest, ...metaMember(asked) };
  return { method: method as Question["method"], params, requires, key: undefined };
}

function requiredFor(method: string, params: JsonObject): ClientCapabilities | undefined {
  if (method === CLIENT_METHODS.listRoots) return { roots: {} };
  if (method === CLIENT_METHODS.sample) {
    return { sampling: params.tools === undefined ? {} : { tools: {} } };
  }
  if (method !== CLIENT_METHODS.elicit) return undefined;
  return { elicitation: params.mode === "url" ? { url: {} } : { form: {} } };
}

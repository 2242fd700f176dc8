/**
 * Messages between instances, as the parts of a fleet use them.
 *
 * @module
 */
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { JsonRpcId } from "../wire/json_rpc.ts";

/** The body of a message; its reader checks the shape. */
export type Body = Readonly<Record<string, unknown>>;
/** Handles a message; its result is the reply to a request. */
export type Handler = (body: Body, from: string) => unknown;
/** State of another instance, as far as it is known. */
export type InstanceState = "alive" | "dead" | "unknown";

/** Sends messages to other instances, and knows which ids are theirs. */
export interface Messenger {
  /** Name of this instance. */
  readonly me: string;
  readonly wheel: TimerWheel;
  /** Since when the store has been there without a break, on the wheel's clock; else infinite. */
  readonly upSince: number;
  /** Has messages of a kind handled. */
  on(kind: string, handler: Handler): void;
  /** Sends a message to another instance; it may get lost. */
  tell(instance: string, kind: string, body: Body): void;
  /** Sends a message to all others; it may get lost. */
  broadcast(kind: string, body: Body): void;
  /**
   * Asks another instance.
   *
   * @param waitMs time for its answer (ms); default: 2 s
   * @returns its answer
   * @throws {ProtocolError} `not_routed` if no answer comes in time
   */
  ask(instance: string, kind: string, body: Body, waitMs?: number): Promise<unknown>;
  /**
   * The state of an instance. No instance counts as dead because the store was away: after a break
   * every instance has a whole lease to show that it is alive.
   */
  stateOf(instance: string): Promise<InstanceState>;
  /**
   * Claims something for this instance, so that only one instance does it.
   *
   * @returns false if another instance has claimed it before
   * @throws {Error} while the store is away
   */
  claim(key: string): Promise<boolean>;
  /** The other instance that asked a question, or sent a ping. */
  askerOf(id: JsonRpcId | null): string | undefined;
  /** The other instance that has a connection. */
  holderOf(connectionId: string): string | undefined;
}

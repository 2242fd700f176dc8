/** Helpers that the parts of a store in Redis share. */
import type { Argument, Reply } from "./connection.ts";

/** How to use a store in Redis. */
export interface RedisStoreOptions {
  /** `redis://…` or `rediss://…`, with user and password where there are any. */
  readonly url: string;
  /** Begins all keys and channels. */
  readonly prefix: string;
  /** Time for which an instance that shows no life counts as alive (ms). */
  readonly leaseMs: number;
  /** Bounds of one log: entries, bytes, and time since the last one (ms). */
  readonly maxEvents: number;
  readonly maxStreamBytes: number;
  readonly maxAgeMs: number;
  /** Time for which a session is remembered (ms). */
  readonly sessionMs: number;
}

/** Runs a script by its digest. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args: readonly Argument[],
) => Promise<Reply>;

/** The connection and options that the parts of a store in Redis use. */
export interface RedisParts {
  readonly me: string;
  readonly run: RunScript;
  readonly send: (args: readonly Argument[]) => Promise<Reply>;
}

const DECODER = new TextDecoder();

/** A text of a reply; empty if the reply is not a text. */
export function textOf(reply: Reply | undefined): string {
  return reply instanceof Uint8Array ? DECODER.decode(reply) : "";
}

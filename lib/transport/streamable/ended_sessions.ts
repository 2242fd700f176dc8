import { LruMap } from "../../base/lru_map.ts";
import type { RequestOrigin } from "../peer.ts";
import { sessionNotFound, type SessionToken } from "./session_token.ts";

/** Most ended sessions, and callers whose sessions were ended, that are remembered. */
const MAX_ENDED = 100_000;

/** The sessions that have ended, so that their ids are unknown although their seals are valid. */
export class EndedSessions {
  readonly #keys = new Set<string>();
  /** When all sessions of a principal were ended. */
  readonly #principals = new LruMap<string, { readonly at: number }>(MAX_ENDED);

  /** The session with a key has ended. */
  add(key: string): void {
    if (this.#keys.size >= MAX_ENDED) this.#keys.delete(this.#keys.values().next().value ?? "");
    this.#keys.add(key);
  }

  /**
   * All sessions of a principal have ended, also those that are not in memory.
   *
   * @param principal undefined for an anonymous caller, whose sessions end one by one
   * @param at when, in ms since the epoch; sessions that opened later go on. Undefined: never
   */
  addAllOf(principal: string | undefined, at: number | undefined): void {
    if (principal !== undefined && at !== undefined) this.#principals.set(principal, { at });
  }

  /** @throws {ProtocolError} `session_not_found` for a session of the caller that has ended */
  refuse(token: SessionToken, { identity }: Pick<RequestOrigin, "identity">): void {
    const { at = -Infinity } = this.#principals.get(identity?.principal ?? "") ?? {};
    if (!this.#keys.has(token.key) && token.at > at) return;
    throw sessionNotFound("the session has ended");
  }
}

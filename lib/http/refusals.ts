/**
 * Reports requests that are refused before a method runs to the operator.
 *
 * @module
 */
import { AuthFailure } from "../auth/auth_failure.ts";
import { type Clock, monotonic } from "../base/clock.ts";
import { messageOf, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { Throttle } from "../base/throttled_warning.ts";
import type { Emit } from "../base/observer.ts";

/** A request that was refused. */
export interface RefusedRequest {
  readonly method: string;
  readonly path: string;
  /** The client's address. */
  readonly address: string;
}

const log = logFor("http");
/** Longest text that is logged, in characters: clients choose most of these. */
const MAX_LOGGED = 512;
/** Kinds that have their own warning, or that any visitor causes; they are logged at `debug` alone. */
const QUIET_KINDS: readonly string[] = ["not_found", "too_many_requests", "overloaded", "draining"];
/** The error that clients get for a fault of the server; the log has the details. */
const INTERNAL = { kind: "internal_error", message: "Internal error" } as const;

/** Reports requests that are refused before a method runs: to observers and to the log. */
export class Refusals {
  readonly #emit: Emit;
  readonly #clock: Clock;
  readonly #throttle = new Throttle();

  constructor(emit: Emit, clock: Clock = monotonic) {
    this.#emit = emit;
    this.#clock = clock;
  }

  /** Reports a request that was answered with an error. */
  report(error: unknown, { method, path, address }: RefusedRequest): void {
    const { kind, message } = error instanceof ProtocolError ? error : INTERNAL;
    const cause = error instanceof ProtocolError ? error.cause : undefined;
    const auth = cause instanceof AuthFailure ? cause : undefined;
    this.#emit("requestRejected", kind, { method, path, address, message, auth });
    if (auth !== undefined) this.#warn(auth, path, address);
    const refused = QUIET_KINDS.includes(kind)
      ? undefined
      : this.#throttle.count(kind, this.#clock());
    log[refused === undefined ? "debug" : "info"]("Request refused", {
      method: method.slice(0, MAX_LOGGED),
      path: path.slice(0, MAX_LOGGED),
      client_ip: address,
      kind,
      error: message.slice(0, MAX_LOGGED),
      ...(refused !== undefined && { refused }),
    });
  }

  /** Says why a credential was refused, without a line for each of a crowd. */
  #warn({ reason, expected, given, cause }: AuthFailure, path: string, address: string): void {
    // Most clients send their first request without a token, to learn where to get one.
    if (reason === "missing") return;
    if (this.#throttle.count(`credential ${reason}`, this.#clock()) === undefined) return;
    log.warning("Credential refused", {
      reason,
      ...(expected !== undefined && { expected: describe(expected) }),
      ...(given !== undefined && { given: describe(given) }),
      ...(cause !== undefined && { cause: messageOf(cause).slice(0, MAX_LOGGED) }),
      path: path.slice(0, MAX_LOGGED),
      client_ip: address,
    });
  }
}

/** A value of a claim or a setting, as a text of bounded length. */
function describe(value: unknown): string {
  return (JSON.stringify(value) ?? "").slice(0, MAX_LOGGED);
}

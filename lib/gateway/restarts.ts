import { ProtocolError } from "../base/errors.ts";
import { Breaker } from "./breaker.ts";
import type { GatewayServerOptions } from "./running_server.ts";

/** Decides whether a server may start now, and starts it again after its end. */
export class Restarts {
  readonly #options: Pick<GatewayServerOptions, "name" | "restart">;
  readonly #breaker: Breaker;
  #hasRun = false;
  #isStopped = false;
  /** Whether an operator asked for the next start. */
  #isAsked = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Pick<GatewayServerOptions, "name" | "restart" | "now">) {
    this.#options = options;
    this.#breaker = new Breaker(options.now);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether the server failed so often that it is given up for a while. */
  get isBroken(): boolean {
    return this.#breaker.refusal !== undefined;
  }

  /**
   * Checks that the server may start now.
   *
   * @param why why its last run ended, in words for clients
   * @throws {ProtocolError} `overloaded`, saying why it may not
   */
  requireStart(why: string): void {
    const { name, restart } = this.#options;
    if (this.#isStopped) throw new ProtocolError("overloaded", `The server ${name} was ended`);
    if (restart === "never" && this.#hasRun && !this.#isAsked) {
      throw new ProtocolError(
        "overloaded",
        `${why}; it is not started again ("restart": "never")`,
      );
    }
    this.#isAsked = false;
    const { refusal } = this.#breaker;
    if (refusal !== undefined) throw new ProtocolError("overloaded", why + refusal);
  }

  /**
   * The server has started.
   *
   * @returns whether it had run before
   */
  started(): boolean {
    const isAgain = this.#hasRun;
    this.#hasRun = true;
    return isAgain;
  }

  connected(): void {
    this.#breaker.connected();
  }

  /** The server ended unasked, or could not be started. */
  ended(): void {
    this.#breaker.ended();
  }

  /** Starts the server without a request, later after each failure, if its options allow that. */
  startLater(start: () => void): void {
    const { restart = "always" } = this.#options;
    if (this.#isStopped || this.#retry !== undefined || restart !== "always") return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      start();
    }, this.#breaker.nextDelay());
  }

  /** An operator asks for a start: it is allowed once, whatever happened before. */
  allowOnce(): void {
    this.#cancel();
    this.#breaker.reset();
    this.#isAsked = true;
  }

  /** Allows no start any more. */
  stop(): void {
    this.#cancel();
    this.#isStopped = true;
  }

  #cancel(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }
}

import { ConfigError, messageOf, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { type MaybePromise, settlesWithin } from "../base/promises.ts";
import { endOf, type Lifespan } from "../registry/lifespan.ts";
import type { Peer } from "../transport/peer.ts";
import { errorResponse } from "../transport/respond.ts";

const log = logFor("lifespan");

/** Runs the start and the end of one app, each at most once. */
export class AppLifespan {
  readonly #lifespan: Lifespan;
  readonly #fleet: { start(): Promise<void> } | undefined;
  #value: unknown;
  #starting: Promise<void> | undefined;
  readonly #onStarted: (() => Promise<void>) | undefined;
  /** Whether there is something to end: an app without `onStart` has it from the beginning. */
  #isOpen: boolean;
  #isStarted: boolean;
  #isStopped = false;

  /**
   * @param fleet joined after `onStart`
   * @param onStarted called once, before the first request
   */
  constructor(
    lifespan: Lifespan,
    fleet?: { start(): Promise<void> },
    onStarted?: () => Promise<void>,
  ) {
    this.#lifespan = lifespan;
    this.#fleet = fleet;
    this.#onStarted = onStarted;
    this.#isOpen = lifespan.onStart === undefined && fleet === undefined;
    this.#isStarted = this.#isOpen && onStarted === undefined;
  }

  /** The result of `onStart`. */
  get value(): unknown {
    return this.#value;
  }

  /** Whether requests need not wait. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /**
   * Starts, unless that was done. A start that failed is tried again with the next call.
   *
   * @throws {ConfigError} saying why `onStart` failed
   */
  start(): Promise<void> {
    if (this.#isStarted) return Promise.resolve();
    return this.#starting ??= this.#start().finally(() => this.#starting = undefined);
  }

  /**
   * Runs `onStop`, if the app has started; waits for it at most `budgetMs`, and never rejects.
   *
   * @returns why `onStop` failed; undefined if it did not
   */
  async stop(budgetMs: number): Promise<Error | undefined> {
    // Without work no timer begins, either.
    if (this.#starting === undefined && !this.#needsStop) return undefined;
    const stopping = this.#stop();
    stopping.catch((error) => log.error("onStop failed", { error: messageOf(error) }));
    if (!await settlesWithin(budgetMs, stopping)) {
      const what = this.#starting === undefined ? "onStop" : "onStart";
      log.warning(`${what} did not end in time`, { budget_ms: budgetMs });
      return new Error(`${what} did not end within ${budgetMs} ms`);
    }
    return await stopping.then(
      () => undefined,
      (error) => new Error(`onStop failed: ${messageOf(error)}`, { cause: error }),
    );
  }

  /** Whether something that has started must be ended. */
  get #needsStop(): boolean {
    return this.#isOpen && !this.#isStopped &&
      endOf(this.#lifespan, this.#value) !== undefined;
  }

  async #stop(): Promise<void> {
    // A running start may already have opened things that must be closed.
    await this.#starting?.catch(() => {});
    if (!this.#needsStop) return;
    this.#isStopped = true;
    await endOf(this.#lifespan, this.#value)?.();
  }

  /** Ends what `onStart` has opened if the fleet cannot be joined: the next start opens it again. */
  async #join(): Promise<void> {
    try {
      await this.#fleet?.start();
    } catch (error) {
      try {
        await endOf(this.#lifespan, this.#value)?.();
      } catch (unended) {
        log.error("onStop failed", { error: messageOf(unended) });
      }
      throw error;
    }
  }

  async #start(): Promise<void> {
    try {
      this.#value = await this.#lifespan.onStart?.();
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`Cannot start: onStart failed: ${messageOf(error)}`, { cause: error });
    }
    await this.#join();
    this.#isOpen = true;
    await this.#onStarted?.();
    this.#isStarted = true;
  }
}

/** Answers requests. */
type Fetch = (request: Request, peer?: Peer) => MaybePromise<Response>;

/**
 * Makes requests wait until the app has started. An app without `onStart` and without other instances
 * pays nothing for it.
 */
export function afterStart(lifespan: AppLifespan, fetch: Fetch): Fetch {
  if (lifespan.isStarted) return fetch;
  return (request, peer) => {
    if (lifespan.isStarted) return fetch(request, peer);
    return lifespan.start().then(() => fetch(request, peer), (error) => {
      log.error("Request refused, as the app cannot start", { error: messageOf(error) });
      return errorResponse(
        new ProtocolError(
          "overloaded",
          "Server could not start; its log says why, try again later",
        ),
      );
    });
  };
}

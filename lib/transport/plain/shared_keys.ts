/**
 * Keys of calls that several instances share: the instance that claims a key first runs its call, and
 * the others wait for the response that it keeps in the store.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { LruMap } from "../../base/lru_map.ts";
import { TimerEntry } from "../../base/timer_wheel.ts";
import { notRouted } from "../../fleet/errors.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import { unknownOutcome } from "../../mcp/unknown_outcome.ts";
import { isObject } from "../../wire/json_rpc.ts";

/** The next step of a call with a key. */
export type KeyState =
  | { readonly is: "claimed" }
  | { readonly is: "answered"; readonly text: string }
  | { readonly is: "refused"; readonly error: ProtocolError };

/** A call with a key. */
export interface ClaimedCall {
  /** Name of its response in the store. */
  readonly name: string;
  /** Digest of its request. */
  readonly digest: string;
  /** Time for which its key is remembered (ms). */
  readonly lifeMs: number;
  /** Whether running it twice does no harm. */
  readonly isRepeatable: boolean;
}

/** The parts of {@linkcode SharedKeys}. */
export interface SharedKeysParts {
  readonly fleet: Fleet;
  /** Path of the endpoint. */
  readonly path: string;
  /** Reads the response of a call from the store. */
  readonly read: (name: string) => Promise<string | undefined>;
  /** Whether a call runs at this instance. */
  readonly isRunning: (name: string) => boolean;
}

/** Time between two looks for the response of another instance (ms). */
const LOOK_MS = 250;
/** Errors that are remembered. */
const MAX_FAILURES = 1_000;
/** The reply of an instance at which the call runs. */
const RUNNING = "running";

/** The keys of one endpoint at all instances. */
export class SharedKeys {
  readonly #parts: SharedKeysParts;
  /** The errors that answered the last calls, for instances that wait for their responses. */
  readonly #failures = new LruMap<string, { readonly failure: string }>(MAX_FAILURES);

  constructor(parts: SharedKeysParts) {
    this.#parts = parts;
    parts.fleet.on(this.#kind, ({ name }) => {
      if (parts.isRunning(String(name))) return RUNNING;
      return this.#failures.get(String(name));
    });
  }

  /** Claims the key of a call for this instance, or waits for the response of the one that has it. */
  async find(call: ClaimedCall): Promise<KeyState> {
    try {
      return await this.#find(call);
    } catch (error) {
      if (error instanceof ProtocolError) return { is: "refused", error };
      this.#parts.fleet.failed("claim", error);
      return { is: "refused", error: notRouted() };
    }
  }

  /**
   * Gives a key back, because its call may be tried again.
   *
   * @param failure the error that answered the call, as an event; undefined if it did not run
   */
  async release(name: string, failure: string | undefined): Promise<void> {
    const { fleet } = this.#parts;
    if (failure !== undefined) this.#failures.set(name, { failure });
    await fleet.store.directory.release(name).catch((error) => fleet.failed("claim", error));
  }

  async #find(call: ClaimedCall): Promise<KeyState> {
    const { fleet, read } = this.#parts;
    for (let hasEnded = false;;) {
      const claim = await fleet.store.directory.claim(call.name, call.digest, call.lifeMs);
      if (claim.note !== call.digest) throw keyFailure("was sent with another request already");
      const text = await read(call.name);
      if (text !== undefined) return { is: "answered", text };
      if (claim.isNew) return { is: "claimed" };
      if (hasEnded) throw keyFailure("was used, and the response is gone");
      const failure = await this.#follow(claim.instance, call);
      if (failure !== undefined) return { is: "answered", text: failure };
      // The response is kept, or the key is given back, before a call counts as ended.
      hasEnded = true;
    }
  }

  /**
   * Waits until a call at another instance has ended.
   *
   * @returns the error that answered it, as an event; undefined if its response is in the store
   * @throws {ProtocolError} if the instance has died
   */
  async #follow(
    instance: string,
    { name, isRepeatable }: ClaimedCall,
  ): Promise<string | undefined> {
    const { fleet } = this.#parts;
    while (instance !== fleet.me) {
      if (await fleet.stateOf(instance) === "dead") {
        throw unknownOutcome(
          "internal_error",
          "The server that had the call of this Idempotency-Key is gone, and the key cannot be used " +
            "again",
          isRepeatable,
        );
      }
      // An instance that does not answer may be frozen; its lease tells.
      const reply = await fleet.ask(instance, this.#kind, { name }).catch(() => RUNNING);
      if (isObject(reply) && typeof reply.failure === "string") return reply.failure;
      if (reply !== RUNNING) break;
      await pause(fleet);
    }
    return undefined;
  }

  get #kind(): string {
    return `keyed ${this.#parts.path}`;
  }
}

/** The error for a key that cannot run a request. */
export function keyFailure(what: string): ProtocolError {
  return new ProtocolError(
    "invalid_request",
    `Invalid request: this Idempotency-Key ${what}; send a new key to run the request`,
  );
}

class Pause extends TimerEntry {
  readonly #over = Promise.withResolvers<void>();

  get over(): Promise<void> {
    return this.#over.promise;
  }

  onDue(): void {
    this.#over.resolve();
  }
}

function pause({ wheel }: Fleet): Promise<void> {
  const entry = new Pause();
  wheel.schedule(entry, LOOK_MS);
  return entry.over;
}

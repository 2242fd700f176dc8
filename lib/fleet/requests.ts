import type { TimerWheel } from "../base/timer_wheel.ts";
import { notRouted } from "./errors.ts";
import type { Body } from "./messenger.ts";
import { ANSWER_MS, PendingReply } from "./pending_reply.ts";

/** The parts of a fleet that requests use. */
export interface RequestParts {
  readonly wheel: TimerWheel;
  /** Sends a message; rejects while the store is away. */
  readonly send: (instance: string, kind: string, body: Body) => Promise<void>;
  readonly failed: (what: string, error: unknown) => void;
  /** Called for an instance that did not answer in time. */
  readonly silent: (instance: string, what: string) => void;
}

/** The pending requests of this instance to others. */
export class Requests {
  readonly #parts: RequestParts;
  readonly #pending = new Map<string, PendingReply>();
  #count = 0;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /**
   * Asks another instance.
   *
   * @param waitMs time for its reply (ms)
   * @throws {ProtocolError} `not_routed` if none comes in time
   */
  async ask(
    instance: string,
    kind: string,
    body: Body,
    waitMs: number = ANSWER_MS,
  ): Promise<unknown> {
    const { wheel, send, failed, silent } = this.#parts;
    const id = String(++this.#count);
    const pending = new PendingReply(waitMs);
    this.#pending.set(id, pending);
    wheel.schedule(pending, waitMs);
    try {
      await send(instance, kind, { ...body, id }).catch((error) => {
        failed(kind, error);
        throw notRouted();
      });
      return await pending.reply.catch(() => {
        silent(instance, kind);
        throw notRouted();
      });
    } finally {
      wheel.cancel(pending);
      this.#pending.delete(id);
    }
  }

  /** Settles the request that a reply belongs to. */
  settle({ to, body }: Body): void {
    this.#pending.get(String(to))?.settle(body);
  }

  /** Rejects all pending requests. */
  stop(): void {
    for (const pending of this.#pending.values()) pending.onDue();
  }
}

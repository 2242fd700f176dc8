import { CallAborted } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import type { DroppableKind } from "../../wire/droppable.ts";
import { NO_SOCKET } from "../client.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxLimits, OutboxOwner } from "./outbox_owner.ts";
import type { QueueBudget } from "./queue_budget.ts";
import { FinalFlush, type FinalFlushHost } from "./final_flush.ts";

/** Counts long bodies. */
export interface LongBodyHost extends FinalFlushHost {
  readonly limits: OutboxLimits;
  readonly queues: Pick<QueueBudget, "enforceTotalBudget">;
  addQueued(delta: number): void;
  notificationDropped(kind: DroppableKind): void;
}

const log = logFor("stream");

/**
 * A long response body that is not an event stream, such as a large JSON answer. It counts among
 * the bytes that wait for readers, and a reader that takes nothing is cut off.
 */
export class LongBody implements OutboxOwner {
  /** The body. */
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly socket = NO_SOCKET;
  readonly isLongLived = false;
  readonly #outbox: Outbox;
  readonly #flush: FinalFlush;

  constructor(text: string, host: LongBodyHost) {
    this.#outbox = new Outbox(this, host, host.limits);
    this.readable = this.#outbox.readable;
    this.#outbox.add(text);
    this.#outbox.end();
    this.#flush = new FinalFlush(this.#outbox, host, () => this.#cut());
    host.queues.enforceTotalBudget();
  }

  /** Called by the outbox when the reader is gone. */
  cancel(): void {
    this.#flush.discard();
  }

  /** A body is watched from its start, by its {@linkcode FinalFlush}. */
  onStalled(): void {}

  /** A body has nothing that could be deferred. */
  sendDeferred(): void {}

  #cut(): void {
    log.warning("Results lost", { reason: "queue_full", results: 1 });
    this.#outbox.fail(new CallAborted("queue_full"));
  }
}

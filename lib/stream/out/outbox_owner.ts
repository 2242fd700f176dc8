/** Whose outbox it is. */
export interface OutboxOwner {
  /** Bytes that its listener has taken and the network has not. */
  readonly unsentBytes: number;
  /** The reader is gone. */
  cancel(): void;
  /** The reader has taken nothing for a while, and more waits than should. */
  onStalled(): void;
  /** Sends a message that was deferred, given as JSON. */
  sendDeferred(text: string): void;
}

/** See the settings of the same names. */
export interface OutboxLimits {
  readonly maxQueuedBytes: number;
  readonly maxTotalQueuedBytes: number;
}

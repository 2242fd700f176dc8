/** Takes the bytes of one stream to its reader. */
export interface Sink {
  /** Bytes that the network has not taken; a little more where they have frames around them. */
  readonly waitingBytes: number;
  /** Chunks that wait and that the sink keeps as they are. */
  readonly waitingChunks: number;
  /** @throws when the reader is gone */
  write(chunk: Uint8Array): void;
  /** Nothing more comes; what waits may still be read. Never throws. */
  end(): void;
  /** Nothing more comes, and what waits is dropped. Never throws. */
  fail(error: Error): void;
}

/** The owner of a sink. */
export interface SinkOwner {
  /** Whether the stream is long-lived, and not only the answer to a request. */
  readonly isLongLived: boolean;
  /** The reader is gone. */
  cancel(): void;
}

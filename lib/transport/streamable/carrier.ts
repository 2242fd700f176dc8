import type { CallAborted } from "../../base/errors.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import type { PongState } from "../../stream/heartbeat.ts";
import { comeBackMs } from "../../stream/planned_end.ts";
import { QUIET_DRIVER, type StreamDriver } from "../../stream/stream_driver.ts";
import { KEEPALIVE, retryField } from "../../wire/sse.ts";
import type { ResumableStream } from "./resumable_stream.ts";

/** An HTTP response that carries a stretch of a resumable stream: of a POST, or of a GET. */
export class Carrier implements StreamDriver {
  readonly isLongLived: boolean;
  readonly #stream: ResumableStream;

  /** @param isLongLived whether it is the response of a GET */
  constructor(stream: ResumableStream, isLongLived: boolean) {
    this.#stream = stream;
    this.isLongLived = isLongLived;
  }

  get name(): "streamable" {
    return "streamable";
  }

  get unanswered(): number {
    return this.#stream.unanswered;
  }

  isBusy(): boolean {
    return this.unanswered > 0;
  }

  get answeredCount(): number {
    return this.#stream.answeredCount;
  }

  ping(): string {
    return KEEPALIVE;
  }

  closingFrame(reason: CloseReason): string | undefined {
    return closingFrame(reason);
  }

  /** The stream's calls continue, because the client may come back for the result. */
  onEnded(_reason: () => CallAborted): void {
    this.#stream.onCarrierEnded();
  }

  /** Deferred messages become events only now, so that event numbers have no gaps. */
  sendDeferred(text: string): void {
    this.#stream.sendDeferred(text);
  }

  pingClient(): PongState {
    return this.#stream.pingClient();
  }
}

/** Carries the last events of a stream that has ended already, to a client that comes back by GET. */
export const REPLAY_CARRIER: StreamDriver = {
  ...QUIET_DRIVER,
  name: "streamable",
  isLongLived: true,
  ping: () => KEEPALIVE,
  closingFrame,
};

/** Tells a client whose stream ends by plan when to come back. */
export function closingFrame(reason: CloseReason): string | undefined {
  const retryMs = comeBackMs(reason);
  return retryMs === undefined ? undefined : retryField(retryMs);
}

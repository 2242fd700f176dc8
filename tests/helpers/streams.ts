/**
 * Streams without HTTP around them, in fake time.
 *
 * @module
 */
import { CallAborted } from "../../lib/base/errors.ts";
import type { Identity } from "../../lib/base/identity.ts";
import { settlesWithin } from "../../lib/base/promises.ts";
import { createEmit, type Emit } from "../../lib/base/observer.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { Client, NO_SOCKET, type Socket } from "../../lib/stream/client.ts";
import type { CloseReason } from "../../lib/stream/close_reason.ts";
import {
  type RegistryLimits,
  type RegistryOptions,
  StreamRegistry,
} from "../../lib/stream/stream_registry.ts";
import type { EventStream } from "../../lib/stream/event_stream.ts";
import { QUIET_DRIVER, type StreamDriver } from "../../lib/stream/stream_driver.ts";
import { FakeTime } from "./time.ts";

/** The defaults of the settings, with room for few and small streams. */
export const LIMITS: RegistryLimits = {
  MCP_MAX_HEAP_PERCENT: 85,
  MCP_MAX_RESIDENT_PERCENT: 85,
  MCP_MAX_TOTAL_BODY_BYTES: 67_108_864,
  MCP_MAX_BODY_BYTES_PER_CLIENT: 16_777_216,
  MCP_STREAM_OPENS_PER_SECOND: 1e6,
  MCP_STREAM_OPENS_BURST: 1e6,
  MCP_INITIALIZES_PER_SECOND: 1e6,
  MCP_INITIALIZES_BURST: 1e6,
  MCP_CALLS_PER_SECOND: 1e6,
  MCP_CALLS_BURST: 1e6,
  MCP_MAX_FLAPS: 1e6,
  MCP_AUTH_RECHECK_MS: 60_000,
  MCP_PING_INTERVAL_MS: 15_000,
  MCP_MAX_PING_FAILURES: 3,
  MCP_MAX_CONNECTION_MS: 3_600_000,
  MCP_REQUEST_TIMEOUT_MS: 300_000,
  MCP_MAX_QUEUED_BYTES: 1_000,
  MCP_MAX_TOTAL_QUEUED_BYTES: 5_000,
  MCP_MAX_CONNECTIONS: 100,
  MCP_MAX_CONNECTIONS_PER_CLIENT: 50,
};

/** A text of this length. */
export function bytes(length: number): string {
  return ".".repeat(length);
}

/** A dialect whose frames are easy to tell apart: `first`, `ping 1`, `bye drain`. */
export const BARE: StreamDriver = {
  ...QUIET_DRIVER,
  isLongLived: true,
  name: "plain",
  ping: (_stream, pingCount) => `ping ${pingCount}\n`,
  closingFrame: (reason) => `bye ${reason}\n`,
};

/** A bare driver with requests in flight, which records the end of its stream. */
export interface BusyDriver extends StreamDriver {
  unanswered: number;
  readonly aborted: readonly CallAborted[];
}

/** @param unanswered requests in flight, until the stream ends */
export function busyDriver(unanswered = 0): BusyDriver {
  const aborted: CallAborted[] = [];
  return {
    ...BARE,
    unanswered,
    isBusy() {
      return this.unanswered > 0;
    },
    aborted,
    onEnded(reason) {
      aborted.push(reason());
      this.unanswered = 0;
    },
  };
}

/** How a test opens a stream. */
export interface OpenBareOptions {
  readonly address?: string;
  readonly identity?: Identity;
  readonly socket?: Partial<Socket>;
  readonly driver?: StreamDriver;
  readonly request?: Pick<Request, "signal">;
}

/** A stream and the client at its other end, which reads only when told. */
export class BareStream {
  readonly connection: EventStream;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  /** All that a following client has read. */
  text = "";

  constructor(connection: EventStream) {
    this.connection = connection;
    this.#reader = connection.readable!.getReader();
  }

  get reason(): CloseReason | undefined {
    return this.connection.reason;
  }

  /** One chunk; undefined at the end. */
  async read(): Promise<string | undefined> {
    const { value } = await this.#reader.read();
    return value && this.#decoder.decode(value);
  }

  /** Reads everything, now and later, like a healthy client. */
  follow(): Promise<void> {
    const readOn = async () => {
      for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) {
        this.text += chunk;
      }
    };
    // A stream that was cut off errors; what had come stays in `text`.
    return readOn().catch((error) => {
      if (!(error instanceof CallAborted)) throw error;
      this.text += `<cut: ${error.reason}>`;
    });
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** A registry in fake time: `using streams = new Streams()`. */
export class Streams implements Disposable {
  readonly time = new FakeTime();
  readonly wheel = new TimerWheel({
    clock: this.time.clock,
    onError: (error) => this.faults.push(error),
  });
  readonly registry: StreamRegistry;
  /** Pings so far; how late the latest of all went out, in ms. */
  readonly pings = { sent: 0, failed: 0, maxLatenessMs: 0 };
  /** Errors thrown by timers; a stream's timer must throw none. */
  readonly faults: unknown[] = [];

  constructor(limits: Partial<RegistryLimits> = {}, options: RegistryOptions = {}) {
    const counting = createEmit([{
      pinged: (latenessMs) => {
        this.pings.sent++;
        this.pings.maxLatenessMs = Math.max(this.pings.maxLatenessMs, latenessMs);
      },
      pingFailed: () => void this.pings.failed++,
    }]);
    const emit: Emit = (event, ...report) => {
      counting(event, ...report);
      options.emit?.(event, ...report);
    };
    this.registry = new StreamRegistry({ ...LIMITS, ...limits }, this.wheel, { ...options, emit });
  }

  /** Opens a stream whose first frame is `first`. */
  open(options: OpenBareOptions = {}): BareStream {
    const { address = "192.0.2.1", request, driver = BARE, socket, identity } = options;
    const origin = {
      client: new Client({ address, userAgent: "test", identity }),
      socket: Object.assign(socket ?? {}, { ...NO_SOCKET, ...socket }),
      request,
    };
    return new BareStream(this.registry.open(origin, { driver, first: () => "first\n" }));
  }

  /** Opens a stream that is read from the start. */
  openFollowed(options: OpenBareOptions = {}): BareStream {
    const stream = this.open(options);
    void stream.follow();
    return stream;
  }

  /** Ends all streams within a budget, like an app whose calls cannot be cut. */
  async drain(budgetMs: number): Promise<{ drained: number; cut: number }> {
    const open = this.registry.startDrain();
    await settlesWithin(budgetMs, this.registry.whenEmpty());
    const cut = this.registry.size;
    this.registry.closeAll();
    return { drained: open - cut, cut };
  }

  /** Opened = open now + Σ closed, and nothing waits that no stream has or had. */
  addsUp(): boolean {
    const { opened, open, closed, queuedBytes } = this.registry.ledger();
    const sum = Object.values(closed).reduce((total, count) => total + count, 0);
    const queued = [...this.registry.values()]
      .reduce((total, { queuedBytes }) => total + queuedBytes, 0);
    const isCounted = this.registry.finalFlushCount === 0
      ? queuedBytes === queued
      : queuedBytes >= queued;
    return opened === open + sum && isCounted && open === this.registry.size;
  }

  [Symbol.dispose](): void {
    this.registry.stop();
    this.time[Symbol.dispose]();
    if (this.faults.length > 0) throw new AggregateError(this.faults, "A timer entry threw");
  }
}

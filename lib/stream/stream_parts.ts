import type { Lease } from "./admit/slots.ts";
import type { Client, Socket } from "./client.ts";
import type { Credential } from "./credentials.ts";
import type { StreamDriver } from "./stream_driver.ts";
import type { StreamHost } from "./stream_host.ts";

/** What a stream is made of; passed by the registry, which alone makes streams. */
export interface EventStreamParts {
  readonly id: string;
  readonly driver: StreamDriver;
  readonly client: Client;
  readonly socket: Socket;
  /** Its place among all streams. */
  readonly lease: Lease;
  readonly host: StreamHost;
  /** What its client has shown; undefined for an anonymous one. */
  readonly credential: Credential | undefined;
  /** Of the request that opened it; its signal is layer 1 of disconnect detection. */
  readonly request: Pick<Request, "signal"> | undefined;
  /** The time between two pings of this stream. */
  readonly pingIntervalMs: number;
  /** Where in the spread of pings its first one falls, from 0 to 1. */
  readonly pingSlot: number;
}

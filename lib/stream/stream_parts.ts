import type { Lease } from "./admit/slots.ts";
import type { Client, Socket } from "./client.ts";
import type { Credential } from "./credentials.ts";
import type { StreamDriver } from "./stream_driver.ts";
import type { StreamHost } from "./stream_host.ts";

/** Parts of a stream. Only the registry makes streams. */
export interface EventStreamParts {
  readonly id: string;
  readonly driver: StreamDriver;
  readonly client: Client;
  readonly socket: Socket;
  /** Its place among all streams. */
  readonly lease: Lease;
  readonly host: StreamHost;
  /** The client's credential; undefined for an anonymous client. */
  readonly credential: Credential | undefined;
  /** The request that opened it; its signal is layer 1 of disconnect detection. */
  readonly request: Pick<Request, "signal"> | undefined;
  /** The time between two pings of this stream. */
  readonly pingIntervalMs: number;
  /** Position of its first ping in the spread, from 0 to 1. */
  readonly pingSlot: number;
}

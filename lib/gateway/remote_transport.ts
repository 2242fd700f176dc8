/**
 * Makes the transports of the official client library.
 *
 * @module
 */
import type { RemoteLaunch } from "./launch.ts";

/** Options of a message that is sent. */
export interface SendOptions {
  readonly onRequestStreamEnd: () => void;
  /** Ends the stream of the request, which cancels it in 2026-07-28. */
  readonly requestSignal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
}

/** The part of a transport of the library that is used. */
export interface ClientTransport {
  onmessage?: (message: unknown) => void;
  onerror?: (error: Error) => void;
  onclose?: () => void;
  start(): Promise<void>;
  send(message: unknown, options?: SendOptions): Promise<void>;
  close(): Promise<void>;
  setProtocolVersion(version: string): void;
  /** Deletes the session, where the transport has one. */
  terminateSession?(): Promise<void>;
  readonly sessionId?: string;
}

/** How a lost event stream is taken up again (ms). */
const RECONNECTION = {
  initialReconnectionDelay: 500,
  maxReconnectionDelay: 8_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 5,
};
/** Makes a transport for a remote server; it is connected by `start()`. */
export async function createTransport(
  kind: "http" | "sse",
  { launch, fetch, later }: {
    readonly launch: RemoteLaunch;
    readonly fetch: typeof globalThis.fetch;
    /** Takes a lost stream up again after a time (ms); returns a function that prevents it. */
    readonly later: (reconnect: () => void, ms: number) => () => void;
  },
): Promise<ClientTransport> {
  const { SSEClientTransport, StreamableHTTPClientTransport } = await import(
    // deno-lint-ignore no-import-prefix -- what the import map names, every first start fetches
    "npm:@modelcontextprotocol/client@2.4.0"
  );
  const url = new URL(launch.url);
  const options = {
    fetch,
    requestInit: { headers: { ...launch.headers } },
    // Another origin must not get the credentials.
    redirectPolicy: "same-origin",
  } as const;
  const transport = kind === "sse"
    ? new SSEClientTransport(url, options)
    : new StreamableHTTPClientTransport(url, {
      ...options,
      reconnectionOptions: RECONNECTION,
      reconnectionScheduler: later,
    });
  return transport as ClientTransport;
}

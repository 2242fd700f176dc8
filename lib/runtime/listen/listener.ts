import type { App } from "../../http/app.ts";

/** The address to listen on. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether other processes that also say so may listen there (`SO_REUSEPORT`). */
  readonly reusePort?: boolean;
  /** Told where the server listens, once. */
  readonly onListen?: (address: Deno.Addr) => void;
}

/** Accepts connections for an app and passes their requests to it. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections; settles when those there are have ended. */
  stop(): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws {ConfigError} when the address cannot be listened on
 */
export type Listen = (app: App, options: ListenOptions) => Promise<Listener>;

/**
 * A path from a real proxy to a real server on this machine, gone at the end.
 *
 * @module
 */
import type { Settings } from "../../../lib/base/settings.ts";
import { type App, createApp } from "../../../lib/mod.ts";
import { BUILT_IN_TOOLS } from "../../../lib/tools/mod.ts";
import { becomes, type ProxyProgram, startProxy } from "./proxy_process.ts";

/** How a test wants its path to be. */
export interface PathOptions {
  readonly settings: Partial<Settings>;
  /** Port of the server behind the proxy, where it is not to be the app. */
  readonly upstreamPort?: number | undefined;
}

/** A path from a proxy to an app. */
export interface ProxiedPath extends AsyncDisposable {
  readonly port: number;
  readonly app: App;
  /** Resolves when the server has no stream open any more; rejects when that takes long. */
  allClosed(): Promise<void>;
}

/** Starts both. */
export async function pathThrough(
  program: ProxyProgram,
  { settings, upstreamPort }: PathOptions,
): Promise<ProxiedPath> {
  const app = createApp({ tools: BUILT_IN_TOOLS, settings });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }),
  );
  const stopApp = async () => {
    app.stop();
    await server.shutdown();
  };
  try {
    const proxy = await startProxy(program, upstreamPort ?? server.addr.port);
    return {
      port: proxy.port,
      app,
      allClosed: () => becomes(() => app.connections.size === 0),
      [Symbol.asyncDispose]: async () => {
        await proxy[Symbol.asyncDispose]();
        await stopApp();
      },
    };
  } catch (error) {
    await stopApp();
    throw error;
  }
}

import { logFor } from "../base/log.ts";
import type { App } from "../http/app.ts";
import { VERSION } from "../http/version.ts";
import { EventLoopLag } from "./event_loop_lag.ts";
import { greetingLine } from "./greeting.ts";
import { warnOfUnreachableIssuers } from "./issuer_access.ts";
import { isLimitKnown } from "./memory.ts";
import type { Listen } from "./listen/listener.ts";
import { serve } from "./serve.ts";
import type { StderrLines } from "./stderr.ts";
import type { StopSignals } from "./stop_signals.ts";

/** The output of a server, and its stop signals. */
export interface RunOptions {
  readonly lines: StderrLines;
  readonly signals: StopSignals;
  /** Called once requests are served: the time for work that the start need not wait for. */
  readonly onServing?: () => void;
}

/**
 * Serves an app by its settings, until a signal comes and the drain is over: listener, greeting,
 * the probe for half-open peers, the measure of the event loop.
 *
 * @returns the exit code
 * @throws {ConfigError} when the app cannot start, or the address cannot be listened on
 */
export async function runServer(
  app: App,
  { lines, signals, onServing }: RunOptions,
): Promise<number> {
  const { settings } = app;
  const isProbing = settings.MCP_TCP_PROBE === "ss";
  if (isProbing) await (await import("./half_open/tcp_probe.ts")).requireSs();
  const lag = new EventLoopLag((delayMs) => app.observer.loopDelayed(delayMs));
  warnIfOpen(app);
  sayIfUnbounded(app);
  warnOfUnreachableIssuers(settings);
  warnOfManyTokens(app);
  try {
    return await serve(app, {
      hostname: settings.HOST,
      port: settings.PORT,
      reusePort: settings.MCP_REUSE_PORT,
      drainMs: settings.MCP_DRAIN_MS,
      listen: await chooseListener(app),
      signals,
      probeMs: isProbing ? settings.MCP_PING_INTERVAL_MS : undefined,
      onListen: (address) => {
        const { MCP_PUBLIC_URL: publicUrl, MCP_LOG_FORMAT } = settings;
        const { operatorToken } = app;
        const greeting = { version: VERSION, address, publicUrl, operatorToken };
        lines.write(greetingLine(greeting, MCP_LOG_FORMAT));
      },
      onServing: () => {
        lag.start();
        onServing?.();
      },
    });
  } finally {
    lag.stop();
  }
}

/** The second listener is loaded only where it is chosen. */
async function chooseListener({ settings }: App): Promise<Listen | undefined> {
  if (settings.MCP_LISTENER === "deno") return undefined;
  const { listenWithNode } = await import("./listen/node_listener.ts");
  return listenWithNode(settings);
}

/** Logs that resident memory has no limit because the runtime may not read the machine's memory. */
function sayIfUnbounded({ settings }: App): void {
  if (settings.MCP_MEMORY_BYTES !== undefined || isLimitKnown()) return;
  logFor("main").info(
    "Resident memory has no limit: grant --allow-sys=systemMemoryInfo, or set MCP_MEMORY_BYTES",
  );
}

/** Warns when processes share a port, and each takes a token of the operator that no other takes. */
function warnOfManyTokens({ operatorToken, settings }: App): void {
  if (operatorToken === undefined || !settings.MCP_REUSE_PORT) return;
  logFor("main").warning("Each process makes an operator's token of its own: set MCP_ADMIN_TOKEN");
}

/** Warns when anybody on the network may call the tools. */
function warnIfOpen({ isOpen, settings }: App): void {
  if (!isOpen) return;
  logFor("main").warning(
    "No authorization is set up: whoever reaches this address may call every tool; see MCP_AUTH_*",
    { host: settings.HOST },
  );
}

/**
 * Detects half-open peers by the kernel's data (`MCP_TCP_PROBE=ss`). Once per heartbeat, one
 * subprocess lists all sockets of the listening port.
 *
 * @module
 */
import { type Clock, monotonic } from "../../base/clock.ts";
import { ConfigError, messageOf } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import { HalfOpenDetector, type SocketSample } from "./detector.ts";
import { owingSockets, ssArgs } from "./ss.ts";

/** Prints the sockets of a port; rejects when it cannot. */
export type SocketLister = (port: number, signal: AbortSignal) => AsyncIterable<string>;

/** Dependencies of a {@linkcode TcpProbe}. */
export interface TcpProbeOptions {
  /** The listening port. */
  readonly port: number;
  /** Time between two probes, the same as between two pings (ms). */
  readonly intervalMs: number;
  /** Told of the other ends that are lost, as `address:port`. */
  readonly onLost: (peers: ReadonlySet<string>) => void;
  readonly list?: SocketLister;
  readonly clock?: Clock;
}

/** How long a look may take (ms). */
const LOOK_TIMEOUT_MS = 5_000;
const log = logFor("tcp_probe");

/** Probes repeatedly, one probe at a time. Errors are logged once and end no stream. */
export class TcpProbe {
  readonly #options: TcpProbeOptions;
  readonly #list: SocketLister;
  readonly #clock: Clock;
  readonly #peers: HalfOpenDetector;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: AbortController | undefined;
  #isStopped = false;
  #hasFailed = false;

  constructor(options: TcpProbeOptions) {
    this.#options = options;
    this.#list = options.list ?? listSockets;
    this.#clock = options.clock ?? monotonic;
    this.#peers = new HalfOpenDetector(options.intervalMs);
  }

  start(): void {
    this.#schedule(this.#options.intervalMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#looking?.abort();
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#lookAndJudge(), delayMs);
  }

  async #lookAndJudge(): Promise<void> {
    const startedAt = this.#clock();
    let nextMs = this.#options.intervalMs;
    try {
      const sockets = await this.#look();
      if (this.#isStopped) return;
      const verdict = this.#peers.evaluate(sockets, startedAt);
      nextMs = verdict.nextMs;
      this.#recovered();
      if (verdict.lost.size > 0) this.#options.onLost(verdict.lost);
    } catch (error) {
      this.#failed(error);
    }
    this.#schedule(Math.max(0, startedAt + nextMs - this.#clock()));
  }

  async #look(): Promise<SocketSample[]> {
    const looking = this.#looking = new AbortController();
    const timer = setTimeout(() => looking.abort(), LOOK_TIMEOUT_MS);
    try {
      const sockets: SocketSample[] = [];
      let rest = "";
      // Chunk by chunk, so that 10,000 sockets do not hold up who waits for an answer.
      for await (const chunk of this.#list(this.#options.port, looking.signal)) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        sockets.push(...owingSockets(lines));
      }
      sockets.push(...owingSockets([rest]));
      if (looking.signal.aborted) throw new Error(`took longer than ${LOOK_TIMEOUT_MS} ms`);
      return sockets;
    } finally {
      clearTimeout(timer);
      this.#looking = undefined;
    }
  }

  #failed(error: unknown): void {
    if (this.#hasFailed || this.#isStopped) return;
    this.#hasFailed = true;
    log.warning("TCP probe failed", { error: messageOf(error) });
  }

  #recovered(): void {
    if (this.#hasFailed) log.info("TCP probe works again");
    this.#hasFailed = false;
  }
}

/**
 * Checks that `ss` can be run.
 *
 * @throws {ConfigError} saying what is missing
 */
export async function requireSs(): Promise<void> {
  if (Deno.build.os !== "linux") throw new ConfigError("MCP_TCP_PROBE=ss works on Linux only");
  // Without asking first, Deno would ask the person at the terminal.
  if ((await Deno.permissions.query({ name: "run", command: "ss" })).state !== "granted") {
    throw new ConfigError(
      "MCP_TCP_PROBE=ss may not run ss; see that it is installed (package iproute2) and start " +
        "with deno run … --allow-run=ss main.ts",
    );
  }
  try {
    for await (const _ of listSockets(1, new AbortController().signal));
  } catch (error) {
    throw new ConfigError(`MCP_TCP_PROBE=ss cannot use ss: ${messageOf(error)}`, { cause: error });
  }
}

/** Runs `ss`. */
async function* listSockets(port: number, signal: AbortSignal): AsyncGenerator<string> {
  const child = new Deno.Command("ss", {
    args: ssArgs(port),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  const complaint = new Response(child.stderr).text();
  yield* child.stdout.pipeThrough(new TextDecoderStream());
  const { success, code } = await child.status;
  const said = (await complaint).trim();
  if (!success && !signal.aborted) throw new Error(said || `ss ended with code ${code}`);
}

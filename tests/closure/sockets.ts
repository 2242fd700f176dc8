/**
 * The server's sockets as the kernel lists them. Linux only: other systems have no such list.
 *
 * Deno requires full permissions to read `/proc/net/tcp`, but any process may run `cat`.
 *
 * @module
 */

/** Sockets of a server, without its listener and those that only wait out their TIME_WAIT. */
export interface Sockets {
  /** Their states, such as `ESTABLISHED`. */
  readonly states: readonly string[];
  /** The kernel's timer of each socket, such as `keepalive`. */
  readonly timers: readonly string[];
  /** Bytes that their peers have not acknowledged. */
  readonly unsentBytes: number;
}

/** By number in `/proc/net/tcp`, from 1 (include/net/tcp_states.h). */
const STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
] as const;

/** By number in `/proc/net/tcp` (net/ipv4/tcp_ipv4.c). */
const TIMERS = ["off", "retransmit", "keepalive", "time wait", "window probe"] as const;

/** Undefined where the system does not tell. */
export async function serverSockets(port: number): Promise<Sockets | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/net/tcp"] }).output();
  const localPort = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const states: string[] = [];
  const timers: string[] = [];
  let unsentBytes = 0;
  for (const line of new TextDecoder().decode(stdout).split("\n").slice(1)) {
    const [, local = "", , number = "", queues = "", timer = ""] = line.trim().split(/\s+/);
    const state = STATES[Number.parseInt(number, 16) - 1] ?? number;
    if (!local.endsWith(localPort) || state === "TIME_WAIT" || state === "LISTEN") continue;
    states.push(state);
    timers.push(TIMERS[Number.parseInt(timer, 16)] ?? timer);
    unsentBytes += Number.parseInt(queues.split(":")[0] ?? "0", 16);
  }
  return { states, timers, unsentBytes };
}

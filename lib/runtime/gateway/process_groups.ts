/**
 * The process groups of servers. The gateway ends them; its launcher ends those that are left when
 * the gateway is killed, so the gateway reports to it each group that begins and ends.
 *
 * @module
 */
import { logFor } from "../../base/log.ts";

const log = logFor("gateway");
const ENCODER = new TextEncoder();
/** The leaders of all groups that may still have processes. */
const groups = new Set<number>();
let report: (line: string) => void = () => {};

/** Reports all groups from now on: `group +PID` begins, `group -PID` has ended. */
export function reportGroups(output: WritableStream<Uint8Array>): void {
  const writer = output.getWriter();
  report = (line) => {
    // A launcher that has ended reads nothing.
    writer.write(ENCODER.encode(`${line}\n`)).catch(() => {});
  };
}

/** A process leads a new group. */
export function enterGroup(pid: number): void {
  groups.add(pid);
  report(`group +${pid}`);
}

/** No process of a group is left. */
export function leaveGroup(pid: number): void {
  groups.delete(pid);
  report(`group -${pid}`);
}

/** Ends all processes of all groups at once: the gateway exits. */
export function killServers(): void {
  for (const pid of groups) {
    signalGroup(pid, "SIGKILL");
    leaveGroup(pid);
  }
}

/** Sends a signal to all processes of a group; none may be left. */
export function signalGroup(pid: number, signal: Deno.Signal): void {
  try {
    if (mayRunAll()) Deno.kill(-pid, signal);
    else runKill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      log.warning("Server's processes cannot be ended", { pid, error });
    }
  }
}

/** Deno signals groups only with the permission to run all programs. */
function mayRunAll(): boolean {
  return Deno.permissions.querySync({ name: "run" }).state === "granted";
}

function runKill(pid: number, signal: Deno.Signal): void {
  const args = ["-s", signal.slice("SIG".length), "--", `-${pid}`];
  // It fails if no process of the group is left.
  new Deno.Command("kill", { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync();
}

/**
 * The launcher's part for servers that are left when the gateway is killed, for example by the
 * kernel when memory runs out.
 *
 * @module
 */
import process from "node:process";
import { linesOf } from "../../wire/lines.ts";
import { signalGroup } from "./process_groups.ts";

/** Time to exit after their input was closed, and again after SIGTERM (ms). */
const GRACE_MS = 500;
const POLL_MS = 20;
const MAX_LINE_BYTES = 65_536;
const REPORT_REGEXP = /^group ([+-])(\d+)$/;
const ENCODER = new TextEncoder();

/** The process groups that a gateway has reported, as long as they may have processes. */
export class GroupsLeft {
  readonly #groups = new Set<number>();

  /**
   * Reads the reports from the gateway's output, until its end. Everything else there is written to
   * this process's output.
   */
  async follow(output: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of linesOf({ input: output }, MAX_LINE_BYTES)) {
      if (typeof line !== "string") continue;
      const [, sign, pid] = REPORT_REGEXP.exec(line) ?? [];
      if (sign === "+") this.#groups.add(Number(pid));
      else if (sign === "-") this.#groups.delete(Number(pid));
      else Deno.stdout.writeSync(ENCODER.encode(`${line}\n`));
    }
  }

  /** Ends them as the gateway does: their input is closed, then comes SIGTERM, then SIGKILL. */
  async end(): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await this.#ended();
      for (const pid of this.#groups) signalGroup(pid, signal);
    }
  }

  /** Waits until no process of them is left, for a while. */
  async #ended(): Promise<void> {
    for (let left = GRACE_MS; left > 0; left -= POLL_MS) {
      for (const pid of this.#groups) if (!isGroup(pid)) this.#groups.delete(pid);
      if (this.#groups.size === 0) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function isGroup(pid: number): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

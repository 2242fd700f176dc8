/**
 * A server as a separate process: it leads its own process group, does not inherit the environment,
 * and ends together with all processes that it started.
 *
 * @module
 */
import { messageOf } from "../../base/errors.ts";
import { settlesWithin } from "../../base/promises.ts";
import type { ProgramLaunch } from "../../gateway/launch.ts";
import type { RunningServer } from "../../gateway/server.ts";
import { logFor } from "../../base/log.ts";
import { enterGroup, leaveGroup, signalGroup } from "./process_groups.ts";

/** Variables that a server gets of our environment. */
const PASSED = ["PATH", "HOME", "LANG", "TMPDIR"];
/** The end of stderr that is kept, in characters. */
const MAX_STDERR = 8_192;
/** Size of a read of stderr (bytes). */
const STDERR_BYTES = 1_024;
/** Time to exit after its input is closed, and again after SIGTERM (ms). */
const GRACE_MS = 500;
/** Time to wait for the last stderr of a server that has exited (ms). */
const STDERR_MS = 20;
/** Lines of stderr that are shown, and their length in characters. */
const MAX_LINES = 5;
const MAX_LINE = 500;
const log = logFor("gateway");

/**
 * Starts a server. Its command runs directly, without a shell.
 *
 * @throws {Error} if the command does not exist, or may not be run
 */
export function startServer(name: string, launch: ProgramLaunch): RunningServer {
  const child = spawn(launch);
  enterGroup(child.pid);
  let text = "";
  const reading = readText(child.stderr, (part) => {
    text = (text + part).slice(-MAX_STDERR);
    log.debug("Server wrote to stderr", { server: name, text: part.trimEnd() });
  });
  let ending: Promise<void> | undefined;
  // Its own processes hold its pipes open, and nobody answers the calls that run.
  void child.status.then(() => ending === undefined && signalGroup(child.pid, "SIGTERM"));
  return {
    output: child.stdout,
    input: child.stdin,
    pid: child.pid,
    ended: child.status.then(async ({ code, signal }) => {
      // Its last words may come a moment after its end.
      await settlesWithin(STDERR_MS, reading);
      return signal ?? `code ${code}`;
    }),
    lastLines: () => lastLinesOf(text),
    end: () => ending ??= endGroup(child, reading),
  };
}

function spawn({ command, args, cwd, inheritEnv, env }: ProgramLaunch) {
  try {
    return new Deno.Command(command, {
      args: [...args],
      env: { ...inheritEnv ? Deno.env.toObject() : passedVariables(), ...env },
      ...(cwd !== undefined && { cwd }),
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      // It leads a process group, so that its own processes end with it.
      detached: true,
    }).spawn();
  } catch (error) {
    throw new Error(faultOf(error, command, cwd), { cause: error });
  }
}

/** The reason why a command does not start, and the remedy. */
function faultOf(error: unknown, command: string, cwd: string | undefined): string {
  if (error instanceof Deno.errors.NotFound) {
    if (error.message.includes("No such cwd")) return `the folder ${cwd} ("cwd") does not exist`;
    return `the command ${command} does not exist; install it, or give its full path`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `the command ${command} is not a program that this user may run`;
  }
  return messageOf(error);
}

function passedVariables(): Record<string, string> {
  return Object.fromEntries(
    PASSED.map((variable) => [variable, Deno.env.get(variable)] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/**
 * Its input is closed already. If the server and its own processes do not exit, its group gets
 * SIGTERM, then SIGKILL.
 *
 * @param stderr settles when no process of the server has its stderr open
 */
async function endGroup(child: Deno.ChildProcess, stderr: Promise<void>): Promise<void> {
  const exited = Promise.all([child.status, stderr]);
  if (!await settlesWithin(GRACE_MS, exited)) {
    signalGroup(child.pid, "SIGTERM");
    await settlesWithin(GRACE_MS, exited);
  }
  // A process may have closed its stderr, or ignore the signal.
  signalGroup(child.pid, "SIGKILL");
  await child.status;
  leaveGroup(child.pid);
}

function lastLinesOf(text: string): readonly string[] {
  return text.trimEnd().split("\n").slice(-MAX_LINES)
    .map((line) => line.trimEnd().slice(-MAX_LINE)).filter((line) => line !== "");
}

async function readText(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onText: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = stream.getReader({ mode: "byob" });
  // The runtime's own buffer is large, and most servers are silent here.
  let buffer = new Uint8Array(STDERR_BYTES);
  try {
    for (;;) {
      const { value, done } = await reader.read(buffer);
      if (done) return;
      onText(decoder.decode(value, { stream: true }));
      buffer = new Uint8Array(value.buffer);
    }
  } catch {
    // The pipe broke with its process.
  }
}

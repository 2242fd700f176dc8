/**
 * A server under test as its own process, with the kernel's figures of it.
 *
 * @module
 */
import { readLines } from "../helpers/lines.ts";
import { REDIS_FLAGS } from "../helpers/process.ts";
import { OPERATOR_HEADERS, OPERATOR_TOKEN } from "../helpers/operator.ts";
import type { Target } from "./load.ts";
import { withOpenFiles } from "./machine.ts";

/** How to start a server that tells its URL on stderr. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = new URL("../../", import.meta.url).pathname;
const DENO = Deno.execPath();
/** As `deno task start` has them; `deno.json` adds no-legacy-abort, so the limits get it too. */
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-env=PORT,HOST,MCP_*"];
const START_WITHIN_MS = 60_000;
/** The kernel counts CPU time in hundredths of a second. */
const MS_PER_TICK = 10;

const SESSION_KEY = "the key that all instances of a bench share";
/** All clients of a bench have one address, and call as fast as they can. */
const ANY_RATE = ["--mcp-calls-per-second=1000000", "--mcp-calls-burst=1000000"];

/** Lifeline, started like its users start it. */
export function lifeline(...flags: string[]): Launch {
  return {
    command: DENO,
    args: ["run", ...PERMISSIONS, "main.ts", "--port=0", ...ANY_RATE, ...flags],
    cwd: ROOT,
  };
}

/** Lifeline as one of several instances, which share a store. */
export function lifelineWithStore(url: string, launch: Launch = lifeline()): Launch {
  const { args: [verb = "", ...args], ...rest } = launch;
  const env = { ...launch.env, MCP_STORE: url, MCP_SESSION_KEY: SESSION_KEY };
  return { ...rest, args: [verb, ...REDIS_FLAGS, ...args], env };
}

/** Lifeline with so many tools and no others; one of them is `echo`. */
export function lifelineWithTools(count: number): Launch {
  const script = "tests/bench/servers/with_tools.ts";
  const env = { BENCH_TOOLS: String(count) };
  return { command: DENO, args: ["run", "-A", script, "--port=0", ...ANY_RATE], cwd: ROOT, env };
}

/** Lifeline that asks for tokens signed with one of these keys. */
export function guardedLifeline(keys: readonly object[], flags: readonly string[]): Launch {
  const script = "tests/bench/servers/guarded.ts";
  const env = { BENCH_KEYS: JSON.stringify(keys) };
  const args = ["run", "-A", script, "--port=0", ...ANY_RATE, ...flags];
  return { command: DENO, args, cwd: ROOT, env };
}

/** Lifeline with handles for its heap and its list of tools. */
export function handledLifeline(...flags: string[]): Launch {
  const script = "tests/bench/servers/handled.ts";
  return { command: DENO, args: ["run", "-A", GC, script, ...ANY_RATE, ...flags], cwd: ROOT };
}

const GC = "--v8-flags=--expose-gc";

/** A peer of the folder `peers/`, on Deno. */
export function peer(file: string, ...args: string[]): Launch {
  const flags = ["--no-config", "--no-lock", "--no-check", "--unstable-no-legacy-abort", GC];
  return {
    command: DENO,
    args: ["run", "-A", "--quiet", ...flags, `tests/bench/peers/${file}`, ...args],
    cwd: ROOT,
  };
}

/** Lifeline's flags for this many streams from one address; all other settings are the defaults. */
export function roomFor(streams: number): string[] {
  const most = streams + 100;
  return [
    `--mcp-max-connections=${most}`,
    `--mcp-max-connections-per-client=${most}`,
    "--mcp-stream-opens-per-second=100000",
    `--mcp-admin-token=${OPERATOR_TOKEN}`,
  ];
}

export class ServerProcess implements AsyncDisposable, Target {
  readonly url: string;
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  private constructor(process: Deno.ChildProcess, url: string, reading: Promise<void>) {
    this.#process = process;
    this.url = url;
    this.#reading = reading;
  }

  /** Starts a server and waits until it listens. */
  static async start({ command, args, cwd, env }: Launch): Promise<ServerProcess> {
    const [program, ...rest] = withOpenFiles(command, args);
    const process = new Deno.Command(program, {
      args: rest,
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env: { ...env } }),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const said: string[] = [];
    const timer = setTimeout(() => process.kill("SIGKILL"), START_WITHIN_MS);
    const reading = (async () => {
      for await (const line of readLines(process.stderr)) {
        if (said.length < 20) said.push(line);
        const port = /http:\/\/[^/\s]+:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      }
      reject(new Error(`${args.at(-1)} did not start:\n${said.join("\n")}`));
    })();
    const url = await promise.finally(() => clearTimeout(timer));
    return new ServerProcess(process, url, reading);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** CPU time that it has used so far, of all threads, in user mode and in the kernel (ms). */
  cpuMs(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.#process.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  }

  /** Resident memory, shared pages counted in part (KiB). */
  residentKib(): number {
    const rollup = Deno.readTextFileSync(`/proc/${this.#process.pid}/smaps_rollup`);
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]);
  }

  /** Reads one of its JSON pages. */
  async read(path: string): Promise<Record<string, number>> {
    const response = await fetch(this.url + path, {
      headers: { ...OPERATOR_HEADERS, connection: "close" },
    });
    return await response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#reading;
  }
}

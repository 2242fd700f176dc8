/**
 * A proxy as its own process, on a free port of this machine, removed at the end. It needs no
 * privileges: all its files are in its own folder.
 *
 * @module
 */
import { freePort } from "../../helpers/ports.ts";

/** How a proxy is started. */
export interface ProxyProgram {
  /** Its name, and where the package puts it. */
  readonly commands: readonly string[];
  /** The Debian package. */
  readonly package: string;
  readonly args: readonly string[];
  /** Name of the file that it reads. */
  readonly file: string;
  readonly text: (ports: ProxyPorts) => string;
}

export interface ProxyPorts {
  /** Port on which it listens. */
  readonly port: number;
  /** Port to which it passes requests. */
  readonly upstreamPort: number;
}

export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
}

/** Most attempts to start, because another program may take the free port first. */
const MAX_STARTS = 5;
const SOON_MS = 30_000;
const POLL_MS = 10;

/** Starts a proxy before a server, and waits until it takes connections. */
export async function startProxy(
  program: ProxyProgram,
  upstreamPort: number,
): Promise<RunningProxy> {
  for (let start = 1;; start++) {
    const port = freePort();
    const folder = await Deno.makeTempDir({ prefix: "lifeline-proxy-" });
    const text = program.text({ port, upstreamPort });
    await Deno.writeTextFile(`${folder}/${program.file}`, text);
    const child = await spawn(program, folder);
    const output = new Response(child.stderr).text();
    const stop = async () => {
      try {
        child.kill("SIGTERM");
      } catch {
        // The process has ended by itself.
      }
      await child.status;
      await output;
      await Deno.remove(folder, { recursive: true });
    };
    if (await isReady(child, port)) return { port, [Symbol.asyncDispose]: stop };
    await stop();
    if (start === MAX_STARTS) throw new Error(`${program.package} did not start: ${await output}`);
  }
}

async function spawn(program: ProxyProgram, folder: string): Promise<Deno.ChildProcess> {
  for (const command of program.commands) {
    try {
      return new Deno.Command(command, {
        args: [...program.args],
        cwd: folder,
        // Caddy keeps its state in its home.
        env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  await Deno.remove(folder, { recursive: true });
  throw new Error(
    `These tests need a real ${program.package}: apt-get install ${program.package}`,
  );
}

async function isReady(child: Deno.ChildProcess, port: number): Promise<boolean> {
  let hasEnded = false;
  void child.status.then(() => hasEnded = true);
  await becomes(async () => hasEnded || await isListening(port));
  return !hasEnded;
}

async function isListening(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}

/** Waits for an effect in another process that sends no notice. */
export async function becomes(test: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SOON_MS;
  while (!await test()) {
    if (performance.now() > deadline) throw new Error(`Still not so after ${SOON_MS} ms: ${test}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

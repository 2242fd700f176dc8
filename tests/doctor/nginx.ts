/**
 * A real nginx before a real server, both on free ports of this machine and both gone at the end.
 *
 * @module
 */
import { createApp } from "../../lib/http/app.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";

/** How a test wants its path to be. */
export interface PathOptions {
  /** What stands in nginx's `server` block, beside `listen`. */
  readonly server: string;
  readonly pingMs: number;
  /** Whether `listen` is given TLS with the certificate of `tests/doctor/tls`. */
  readonly tls?: boolean;
  /** Port of the server behind nginx, where it is not to be the app. */
  readonly upstreamPort?: number;
}

/** A path from nginx to an app. */
export interface ProxiedPath extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the server has no stream open any more; rejects when that takes long. */
  allClosed(): Promise<void>;
}

const CANDIDATES = ["nginx", "/usr/sbin/nginx"];
const MISSING = "nginx is not installed, and these tests need a real one: apt-get install nginx";
const TLS_FOLDER = new URL("./tls/", import.meta.url).pathname;
/** How often a port that was free is taken by somebody else before nginx has it. */
const MAX_STARTS = 5;
const SOON_MS = 5_000;
const POLL_MS = 10;

/** Starts both. */
export async function proxiedPath(options: PathOptions): Promise<ProxiedPath> {
  const app = createApp({
    tools: BUILT_IN_TOOLS,
    settings: { MCP_PING_INTERVAL_MS: options.pingMs },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }),
  );
  const stopApp = async () => {
    app.stop();
    await server.shutdown();
  };
  try {
    const nginx = await startNginx(options, options.upstreamPort ?? server.addr.port);
    const scheme = options.tls ? "https://localhost" : "http://127.0.0.1";
    return {
      url: `${scheme}:${nginx.port}/mcp/sse`,
      allClosed: () => becomes(() => app.connections.size === 0),
      [Symbol.asyncDispose]: async () => {
        await nginx.stop();
        await stopApp();
      },
    };
  } catch (error) {
    await stopApp();
    throw error;
  }
}

/** A port on which nobody listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

interface RunningNginx {
  readonly port: number;
  stop(): Promise<void>;
}

async function startNginx(options: PathOptions, upstreamPort: number): Promise<RunningNginx> {
  for (let start = 1;; start++) {
    const port = freePort();
    const folder = await Deno.makeTempDir({ prefix: "lifeline-nginx-" });
    await Deno.writeTextFile(`${folder}/nginx.conf`, configText(options, port, upstreamPort));
    const child = await spawnNginx(folder);
    const output = new Response(child.stderr).text();
    const stop = async () => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended by itself.
      }
      await child.status;
      await output;
      await Deno.remove(folder, { recursive: true });
    };
    if (await isReady(child, port)) return { port, stop };
    await stop();
    if (start === MAX_STARTS) throw new Error(`nginx did not start: ${await output}`);
  }
}

/** One process, no daemon, everything in its own folder: nothing here needs privileges. */
function configText({ server, tls }: PathOptions, port: number, upstreamPort: number): string {
  return `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      client_body_temp_path body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      upstream lifeline {
        server 127.0.0.1:${upstreamPort};
        keepalive 8;
      }
      server {
        listen 127.0.0.1:${port}${tls ? " ssl http2" : ""};
        ${tls ? `ssl_certificate ${TLS_FOLDER}localhost.crt;` : ""}
        ${tls ? `ssl_certificate_key ${TLS_FOLDER}localhost.key;` : ""}
        ${server}
      }
    }`;
}

async function spawnNginx(folder: string): Promise<Deno.ChildProcess> {
  for (const command of CANDIDATES) {
    try {
      return new Deno.Command(command, {
        args: ["-p", folder, "-c", "nginx.conf", "-e", "stderr"],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  await Deno.remove(folder, { recursive: true });
  throw new Error(MISSING);
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

/** For what happens in another process, of which nobody tells. */
async function becomes(test: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SOON_MS;
  while (!await test()) {
    if (performance.now() > deadline) throw new Error(`Still not so after ${SOON_MS} ms: ${test}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

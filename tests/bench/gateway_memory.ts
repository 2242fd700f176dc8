// deno-lint-ignore-file no-console -- it prints its table
/**
 * Memory of a gateway: the clients of one shared process, and sessions with a process each; beside
 * it, a bare program with as many processes. Prints a table. Needs Node, and Linux:
 *
 *     deno run -A tests/bench/gateway_memory.ts
 *
 * @module
 */
const ROOT = new URL("../../", import.meta.url).pathname;
const CHILD = new URL("trivial_server.mjs", import.meta.url).pathname;
const SHARED_CLIENTS = 1_000;
const OWN_SESSIONS = 100;
const BARE = new URL("bare_children.ts", import.meta.url).pathname;
/** Time for garbage and buffers to settle (ms). */
const SETTLE_MS = 3_000;
const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

async function output(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: [...args] }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await output("pgrep", "-P", String(pid));
  return text === "" ? [] : text.split("\n").map(Number);
}

/** Memory of a process by a field of a file of `/proc`, in MB. */
function memoryOf(pid: number, file: string, field: string): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/${file}`);
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) / 1024;
}

/** A gateway in front of the trivial server, with generous limits. */
class Gateway implements AsyncDisposable {
  pid = 0;
  url = "";
  readonly #launcher: Deno.ChildProcess;

  private constructor(path: string) {
    this.#launcher = new Deno.Command("deno", {
      args: ["task", "gateway", "--port=0", "--mcp-log-level=error"],
      cwd: ROOT,
      env: {
        NO_COLOR: "1",
        MCP_SERVERS: path,
        MCP_INITIALIZES_BURST: "100000",
        MCP_STREAM_OPENS_BURST: "100000",
        MCP_MAX_CONNECTIONS_PER_CLIENT: "10000",
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  }

  static async start(): Promise<Gateway> {
    const path = await Deno.makeTempFile({ suffix: ".json" });
    const one = { command: "node", args: [CHILD], lifeline: { maxChildren: OWN_SESSIONS } };
    await Deno.writeTextFile(path, JSON.stringify({ mcpServers: { one } }));
    const gateway = new Gateway(path);
    let log = "";
    let port = "";
    for await (const text of gateway.#launcher.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      port = /Endpoint +http\S+:(\d+)\/mcp/.exec(log)?.[1] ?? "";
      if (port !== "") break;
    }
    await Deno.remove(path);
    gateway.url = `http://127.0.0.1:${port}/mcp`;
    for (let pid = gateway.#launcher.pid; pid !== undefined;) {
      gateway.pid = pid;
      pid = (await childrenOf(pid)).find((one) => isDeno(one))!;
    }
    return gateway;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.kill(this.pid, "SIGTERM");
    await this.#launcher.status;
  }
}

function isDeno(pid: number): boolean {
  return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("runtime/gateway");
}

/** Opens a session that has listed the tools, and its stream. */
async function openClient({ url }: Gateway, capabilities: object): Promise<Deno.Conn> {
  const post = async (message: object, headers = {}) => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    const response = await fetch(url, {
      method: "POST",
      headers: { ...HEADERS, ...headers },
      body,
    });
    await response.text();
    return response;
  };
  const clientInfo = { name: "bench", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
  const response = await post({ id: 0, method: "initialize", params });
  const session = { "mcp-session-id": response.headers.get("mcp-session-id")! };
  await post({ method: "notifications/initialized" }, session);
  await post({ id: 1, method: "tools/list" }, session);
  const { hostname, port } = new URL(url);
  const socket = await Deno.connect({ hostname, port: Number(port) });
  const head = `GET /mcp HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\n` +
    `Mcp-Session-Id: ${session["mcp-session-id"]}\r\n\r\n`;
  await socket.write(new TextEncoder().encode(head));
  const bytes = new Uint8Array(1_024);
  const count = await socket.read(bytes) ?? 0;
  const answer = new TextDecoder().decode(bytes.subarray(0, count));
  if (!answer.startsWith("HTTP/1.1 200")) throw new Error(answer);
  return socket;
}

/** How much the gateway and its children grow with so many clients, in MB. */
async function measure(clients: number, capabilities: object) {
  await using gateway = await Gateway.start();
  const sockets = [await openClient(gateway, capabilities)];
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const before = memoryOf(gateway.pid, "status", "VmRSS");
  const known = new Set(await childrenOf(gateway.pid));
  while (sockets.length <= clients) {
    const size = Math.min(10, clients + 1 - sockets.length);
    const batch = Array.from({ length: size }, () => openClient(gateway, capabilities));
    sockets.push(...await Promise.all(batch));
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const grown = memoryOf(gateway.pid, "status", "VmRSS") - before;
  const children = (await childrenOf(gateway.pid)).filter((pid) => !known.has(pid))
    .reduce((sum, pid) => sum + memoryOf(pid, "smaps_rollup", "Pss"), 0);
  for (const socket of sockets) socket.close();
  return { grown: Math.round(grown * 10) / 10, children: Math.round(children) };
}

const rows = {
  [`${SHARED_CLIENTS} of one process`]: await measure(SHARED_CLIENTS, {}),
  [`${OWN_SESSIONS} with a process each`]: await measure(OWN_SESSIONS, { elicitation: {} }),
};
const bare = await output("deno", "run", "-A", "--no-lock", BARE, String(OWN_SESSIONS));
console.log("| clients | the gateway grows by | their processes take |");
console.log("| --- | --: | --: |");
for (const [clients, { grown, children }] of Object.entries(rows)) {
  console.log(`| ${clients} | ${grown} MB | ${children} MB |`);
}
console.log(`| none: a bare program with ${OWN_SESSIONS} processes | ${bare} MB | – |`);
Deno.exit();

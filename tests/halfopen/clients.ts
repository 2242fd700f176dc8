/**
 * Raw clients of every dialect, run in the client's namespace: each keeps one socket open and reads
 * on. Prints a line of JSON for whatever comes.
 *
 *     deno run --allow-net clients.ts HOST:PORT ROUNDS
 *
 * @module
 */
import { initializeRequest } from "../helpers/messages.ts";

/** Contents of one line. */
export interface Heard {
  readonly client: string;
  readonly text?: string;
  /** The stream has ended. */
  readonly isOver?: boolean;
}

const [target = "", rounds = "1"] = Deno.args;
const [hostname = "", port = ""] = target.split(":");
/** Time between two clients (ms), so that their pings are not in step. */
const STAGGER_MS = 70;
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const BOTH = "application/json, text/event-stream";

function print(heard: Heard): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(heard)}\n`));
}

function httpRequest(method: string, path: string, headers: HeadersInit, body?: unknown): string {
  const text = body === undefined ? "" : JSON.stringify(body);
  const lines = [...new Headers(headers)].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: ${target}\r\ncontent-type: application/json\r\n` +
    `content-length: ${text.length}\r\n${lines.join("")}\r\n${text}`;
}

/** Opens a stream on its own socket and reads on; `onText` gets all text received so far. */
async function stream(client: string, request: string, onText?: (text: string) => void) {
  const socket = await Deno.connect({ hostname, port: Number(port) });
  await socket.write(new TextEncoder().encode(request));
  let all = "";
  try {
    for await (const text of socket.readable.pipeThrough(new TextDecoderStream())) {
      print({ client, text });
      if (onText === undefined) continue;
      onText(all += text);
    }
  } catch {
    // A reset is an end as well.
  }
  print({ client, isOver: true });
}

const call = (id: string, extra: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "hold", arguments: { client: id }, ...extra },
});

async function post(path: string, body: unknown, headers: HeadersInit = {}): Promise<Response> {
  const response = await fetch(`http://${target}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: BOTH, ...headers },
    body: JSON.stringify(body),
  });
  await response.clone().text();
  return response;
}

function plain(client: string): void {
  const headers = { accept: "text/event-stream" };
  void stream(client, httpRequest("POST", "/mcp/sse", headers, call(client)));
}

/** @param answersPings whether it answers the server's pings, until nothing gets through any more */
function httpSse(client: string, answersPings = false): void {
  let endpoint: string | undefined;
  let answered = 0;
  const request = httpRequest("GET", "/mcp", { accept: "text/event-stream" });
  void stream(client, request, (text) => {
    const query = /data: (\?\S+)/.exec(text)?.[1];
    if (query === undefined) return;
    const found = `/mcp${query}`;
    if (endpoint === undefined) {
      endpoint = found;
      void post(found, initializeRequest("2024-11-05")).then(() => post(found, call(client)));
    }
    const asked = [...text.matchAll(/"id":"(lifeline-ping-\d+)"/g)];
    for (; answersPings && answered < asked.length; answered++) {
      const id = asked[answered]?.[1];
      post(found, { jsonrpc: "2.0", id, result: {} }).catch(() => {});
    }
  });
}

async function streamable(client: string): Promise<void> {
  const response = await post("/mcp", initializeRequest());
  const session = { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
  await post("/mcp", { jsonrpc: "2.0", method: "notifications/initialized" }, session);
  void stream(client, httpRequest("GET", "/mcp", { accept: "text/event-stream", ...session }));
}

function modern(client: string, body: { method: string; params: object }, name?: string): void {
  const headers = {
    accept: BOTH,
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": body.method,
    ...(name !== undefined && { "mcp-name": name }),
  };
  void stream(client, httpRequest("POST", "/mcp", headers, body));
}

const listen = (client: string) => ({
  jsonrpc: "2.0",
  id: client,
  method: "subscriptions/listen",
  params: { notifications: { toolsListChanged: true }, _meta: META },
});

const DIALECTS: Record<string, (client: string) => unknown> = {
  plain,
  http_sse: (client) => httpSse(client),
  listen: (client) => modern(client, listen(client)),
  streamable,
  stateless: (client) => modern(client, call(client, { _meta: META }), "hold"),
  answering: (client) => httpSse(client, true),
};

for (let round = 0; round < Number(rounds); round++) {
  for (const [dialect, open] of Object.entries(DIALECTS)) {
    await open(`${dialect} ${round}`);
    await new Promise((resolve) => setTimeout(resolve, STAGGER_MS));
  }
}

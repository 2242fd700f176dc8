/** The requests that the benchmark sends. */

/** A body, and the headers that go with it. */
export interface BenchRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const HEADERS = {
  "Content-Type": "application/json",
  "Accept": "application/json, text/event-stream",
};
const LEGACY = { ...HEADERS, "MCP-Protocol-Version": "2025-06-18" };

export function rpc(method: string, params: object, id: string | number = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

const ECHO = { name: "echo", arguments: { message: "hello" } };

export const ECHO_CALL: BenchRequest = { body: rpc("tools/call", ECHO), headers: LEGACY };

export const LIST_CALL: BenchRequest = { body: rpc("tools/list", {}), headers: LEGACY };

export const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

export const MODERN_ECHO_CALL: BenchRequest = {
  body: rpc("tools/call", { ...ECHO, _meta: MODERN_META }),
  headers: {
    ...HEADERS,
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "echo",
  },
};

/** Opens a session of 2025-06-18; what is sent in it has ids that never meet. */
export async function inSession(url: string): Promise<BenchRequest> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...LEGACY, connection: "close" },
    body: rpc("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "bench", version: "1.0.0" },
    }),
  });
  await response.text();
  const id = response.headers.get("mcp-session-id");
  if (id === null) throw new Error(`No session: status ${response.status}`);
  const headers = { ...LEGACY, "Mcp-Session-Id": id };
  const noted = await fetch(url, {
    method: "POST",
    headers: { ...headers, connection: "close" },
    body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
  });
  await noted.body?.cancel();
  return { body: rpc("tools/call", ECHO, "%ID%"), headers };
}

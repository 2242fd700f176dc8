/** The requests that the benchmark sends. */

/** A body, the headers that go with it, and how the answer is known to be right. */
export interface BenchRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: { readonly type: string; readonly text: string };
}

const JSON_TYPE = "application/json";
const SSE_TYPE = "text/event-stream";

const HEADERS = {
  "Content-Type": JSON_TYPE,
  "Accept": `${JSON_TYPE}, ${SSE_TYPE}`,
};
const LEGACY = { ...HEADERS, "MCP-Protocol-Version": "2025-06-18" };

export function rpc(method: string, params: object, id: string | number = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

const ECHO = { name: "echo", arguments: { message: "hello" } };
const ECHOED = `"text":"hello"`;

export const ECHO_CALL: BenchRequest = {
  body: rpc("tools/call", ECHO),
  headers: LEGACY,
  expect: { type: JSON_TYPE, text: ECHOED },
};

/** The same for a peer that answers it on an event stream when a client takes both. */
export const STREAMED_ECHO_CALL: BenchRequest = {
  ...ECHO_CALL,
  expect: { type: SSE_TYPE, text: ECHOED },
};

/** The same from a client that takes JSON only. */
export const JSON_ECHO_CALL: BenchRequest = {
  ...ECHO_CALL,
  headers: { ...LEGACY, Accept: JSON_TYPE },
};

export const LIST_CALL: BenchRequest = {
  body: rpc("tools/list", {}),
  headers: LEGACY,
  expect: { type: JSON_TYPE, text: `"tools":[` },
};

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
  expect: { type: JSON_TYPE, text: ECHOED },
};

/** A call in a session. */
export interface SessionCalls {
  /** Answered on an event stream; a client of the SDK 1 has to accept both types for that. */
  readonly both: BenchRequest;
  /** From a client that takes nothing but event streams. */
  readonly onStream: BenchRequest;
  /** From one that takes both, answered as JSON. */
  readonly asJson: BenchRequest;
}

/** Opens a session, with a different id for each request. */
export async function inSession(
  url: string,
  protocolVersion: string = "2025-06-18",
): Promise<SessionCalls> {
  const versioned = { ...HEADERS, "MCP-Protocol-Version": protocolVersion };
  const response = await fetch(url, {
    method: "POST",
    headers: { ...versioned, connection: "close" },
    body: rpc("initialize", {
      protocolVersion,
      capabilities: {},
      clientInfo: { name: "bench", version: "1.0.0" },
    }),
  });
  await response.text();
  const id = response.headers.get("mcp-session-id");
  if (id === null) throw new Error(`No session: status ${response.status}`);
  const headers = { ...versioned, "Mcp-Session-Id": id };
  const noted = await fetch(url, {
    method: "POST",
    headers: { ...headers, connection: "close" },
    body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
  });
  await noted.body?.cancel();
  const body = rpc("tools/call", ECHO, "%ID%");
  const expect = { type: SSE_TYPE, text: ECHOED };
  return {
    both: { body, headers, expect },
    onStream: { body, headers: { ...headers, Accept: SSE_TYPE }, expect },
    asJson: { body, headers, expect: { type: JSON_TYPE, text: ECHOED } },
  };
}

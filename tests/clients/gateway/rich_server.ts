/**
 * A server whose lists and results have all that the protocol allows, and members that it does not
 * define.
 */
const ENCODER = new TextEncoder();
const send = (message: object) =>
  void Deno.stdout.writeSync(ENCODER.encode(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`));

const META = { "com.example/a": { deep: [1, null] } };
const SHOWN = {
  title: "A title",
  icons: [{ src: "data:image/png;base64,AA==", mimeType: "image/png", sizes: ["any"] }],
  _meta: META,
  "x-unknown": { kept: true },
};
const TOOLS = [
  {
    name: "rich",
    description: "All that a tool may have",
    inputSchema: { type: "object", properties: { a: { type: "string", "x-hint": 1 } } },
    outputSchema: { type: "object", properties: { n: { type: "number" } } },
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    execution: { taskSupport: "optional" },
    ...SHOWN,
  },
  { name: "touch", inputSchema: { type: "object" } },
  { name: "a name/with spaces, ümlauts", inputSchema: { type: "object" } },
];
const CONTENT = [
  {
    type: "text",
    text: "t",
    annotations: { audience: ["user"], priority: 1, lastModified: "2026-01-01T00:00:00Z" },
    _meta: META,
  },
  { type: "image", data: "AA==", mimeType: "image/png" },
  { type: "audio", data: "AA==", mimeType: "audio/wav", annotations: { priority: 0 } },
  { type: "resource_link", uri: "rich:///linked", name: "linked", size: 3, ...SHOWN },
  { type: "resource", resource: { uri: "rich:///e", mimeType: "text/plain", text: "e" } },
  { type: "resource", resource: { uri: "rich:///b", blob: "AA==", _meta: META } },
];
const UNKNOWN = { type: "com.example/unknown", anything: [1, { b: null }] };

/** Each page has two entries. */
function paged(key: string, entries: readonly object[], cursor = "0"): object {
  const next = Number(cursor) + 2;
  return {
    [key]: entries.slice(Number(cursor), next),
    ...(next < entries.length && { nextCursor: String(next) }),
  };
}

// deno-lint-ignore no-explicit-any -- what a client sends
function errorOf(method: string, params: any): object | undefined {
  const uri = params?.uri;
  if (method === "resources/read" && uri === "rich:///none") {
    return { code: -32002, message: "Not there", data: { uri } };
  }
  if (method === "resources/subscribe" && uri === "rich:///refused") {
    return { code: -32602, message: "No updates of that", data: { uri } };
  }
  if (method === "tools/call" && params.arguments?.fail === true) {
    return { code: -32099, message: "An error of its own", data: { why: [1, 2] } };
  }
  return undefined;
}

// deno-lint-ignore no-explicit-any -- what a client sends
function resultOf(method: string, params: any): object | undefined {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        capabilities: {
          tools: {},
          prompts: {},
          completions: {},
          resources: { subscribe: true },
        },
        serverInfo: { name: "rich", version: "1", title: "Rich" },
      };
    case "tools/list":
      return paged("tools", TOOLS, params?.cursor);
    case "prompts/list":
      return paged("prompts", [
        { name: "p", arguments: [{ name: "who", title: "Who", required: true }], ...SHOWN },
      ]);
    case "resources/list":
      return paged("resources", [
        { uri: "rich:///x", name: "x", size: 7, annotations: { priority: 0.5 }, ...SHOWN },
      ]);
    case "resources/templates/list":
      return paged("resourceTemplates", [{ uriTemplate: "rich:///t/{id}", name: "t", ...SHOWN }]);
    case "tools/call":
      if (params.name === "touch") {
        for (const uri of ["rich:///other", "rich:///folder-not", "rich:///folder/file"]) {
          send({ method: "notifications/resources/updated", params: { uri } });
        }
        return { content: [] };
      }
      return {
        content: params.name === "rich" ? CONTENT : [UNKNOWN],
        structuredContent: { n: 1 },
        isError: true,
        _meta: META,
        extra: [1],
      };
    case "resources/read":
      return { contents: [{ uri: params.uri, text: "x", _meta: META, extra: 1 }], _meta: META };
    case "prompts/get":
      return {
        description: "d",
        messages: CONTENT.map((content) => ({ role: "assistant", content })),
        _meta: META,
      };
    case "completion/complete":
      return {
        completion: { values: [params.argument.value, "a"], total: 1_000, hasMore: true },
        _meta: { "com.example/asked": params },
      };
    case "ping":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return {};
  }
  return undefined;
}

let rest = "";
for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + part).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines.filter((one) => one.trim() !== "")) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const result = resultOf(method, params);
    const error = errorOf(method, params) ??
      (result === undefined ? { code: -32601, message: "Method not found" } : undefined);
    send(error === undefined ? { id, result } : { id, error });
  }
}

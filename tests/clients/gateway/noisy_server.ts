/**
 * A server as many scripts are: it prints a banner, log lines and tracebacks on the output that
 * belongs to the protocol, and ends its lines with CRLF.
 */
const ENCODER = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(ENCODER.encode(`${text}\r\n`));
const send = (message: object) => print(JSON.stringify({ jsonrpc: "2.0", ...message }));
const noise = () => {
  print("INFO:root:Processing request of type ListToolsRequest");
  print("Traceback (most recent call last):");
  print('  File "server.py", line 1, in <module>');
  print('{"level": "warning", "event": "slow", "took": 1.5}');
  print("[1, 2, 3]");
  print("");
};

const text = (words: string) => ({ content: [{ type: "text", text: words }] });
const toolNames = ["steps", "cancelled", "log", "meta", "grow"];
const NOTES = "notes://today";
let cancellations = 0;
let subscribed = 0;

// deno-lint-ignore no-explicit-any -- what a client sends
function callTool(id: unknown, { name, _meta }: any): void {
  if (name === "cancelled") return send({ id, result: text(`${cancellations}`) });
  if (name === "log") {
    for (const level of ["debug", "info", "warning", "error"]) {
      send({ method: "notifications/message", params: { level, logger: "noisy", data: level } });
    }
    return send({ id, result: text("logged") });
  }
  if (name === "meta") {
    const seen = Object.keys(_meta ?? {}).filter((key) => key.startsWith("com.example/"));
    return send({ id, result: { ...text("seen"), _meta: { "com.example/seen": seen } } });
  }
  if (name === "grow") {
    toolNames.push("grown");
    send({ method: "notifications/tools/list_changed" });
    if (subscribed > 0) {
      send({ method: "notifications/resources/updated", params: { uri: NOTES } });
    }
    return send({ id, result: text("grown") });
  }
  // `steps` ends with its cancellation only.
  const progressToken = _meta?.progressToken;
  for (const progress of [1, 2, 3]) {
    const params = { progressToken, progress, total: 3, message: `step ${progress}` };
    send({ method: "notifications/progress", params });
  }
}

// deno-lint-ignore no-explicit-any -- what a client sends
function take({ id, method, params }: any): void {
  noise();
  if (method === "notifications/cancelled") cancellations++;
  if (id === undefined) return;
  if (method === "tools/call") return callTool(id, params);
  if (method === "resources/subscribe") subscribed++;
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: "2025-06-18",
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true },
        logging: {},
      },
      serverInfo: { name: "noisy", version: "0.1" },
      instructions: "Mind the noise.",
    },
    ping: {},
    "tools/list": {
      tools: toolNames.map((name) => ({ name, inputSchema: { type: "object" } })),
    },
    "resources/list": { resources: [{ uri: NOTES, name: "notes" }] },
    "resources/templates/list": { resourceTemplates: [] },
    "resources/read": { contents: [{ uri: NOTES, text: "Buy milk" }] },
    "resources/subscribe": {},
    "logging/setLevel": {},
  };
  const result = results[method];
  if (result !== undefined) return send({ id, result });
  send({ id, error: { code: -32601, message: "Method not found" } });
}

print(" * Serving Noisy (press CTRL+C to quit)");
let rest = "";
for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + part).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) if (line.trim() !== "") take(JSON.parse(line));
}

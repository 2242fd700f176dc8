/** A server that misbehaves in the way that its first argument names. */
const [way = ""] = Deno.args;
const ENCODER = new TextEncoder();
const print = (text: string) => Deno.stdout.writeSync(ENCODER.encode(`${text}\n`));
const answer = (id: unknown, result: unknown) =>
  print(JSON.stringify({ jsonrpc: "2.0", id, result }));
const tool = { name: "act", inputSchema: { type: "object" } };

const tell = (text: string) => Deno.stderr.writeSync(ENCODER.encode(`${text}\n`));

if (way === "never starts") tell(`I am ${Deno.pid}`);
if (way === "ignores the end" || way === "never starts") {
  Deno.addSignalListener("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}
if (way === "tidies up") {
  Deno.addSignalListener("SIGTERM", () =>
    setTimeout(() => {
      tell("I am tidy");
      Deno.exit();
    }, 100));
}
if (way === "has a child" || way === "leaves its child") {
  const stdout = way === "has a child" ? "null" : "inherit";
  const child = new Deno.Command("sleep", { args: ["1000"], stdout, stderr: "null" }).spawn();
  tell(`child ${child.pid}`);
}
if (way === "prints garbage") { for (let n = 0; n < 200; n++) print("Welcome!"); }

const told = (method: string, params: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", method, params });
const filled = (line: string) => line.repeat(Math.ceil(65_536 / line.length));

/** What a server prints again and again once it is called. */
const FLOODS: Readonly<Record<string, () => string>> = {
  "a line without an end": () => "x".repeat(65_536),
  "empty lines": () => filled("\n"),
  "changes of its lists": () => filled(`${told("notifications/tools/list_changed", {})}\n`),
  "log messages": () => filled(`${told("notifications/message", { level: "error", data: "x" })}\n`),
  "answers to no request": () => filled('{"jsonrpc":"2.0","id":123456789,"result":{}}\n'),
  "questions": () => filled('{"jsonrpc":"2.0","id":"p","method":"ping"}\n'),
  "garbage between messages": () => filled(`x\n${told("notifications/x", {})}\n`),
  "messages of a million values": () =>
    `${told("notifications/x", { all: Array(1_000_000).fill([]) })}\n`,
  "messages of a million levels": () => `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}\n`,
};

async function flood(text: string): Promise<never> {
  const bytes = ENCODER.encode(text);
  for (;;) {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }
}

// deno-lint-ignore no-explicit-any -- what the gateway sends
function take({ id, method, params }: any): void {
  if (way === "is silent" || way === "never starts") return;
  if (method === "server/discover") {
    return void print(
      JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "No" } }),
    );
  }
  if (method === "initialize") {
    const serverInfo = { name: "hostile", version: "1" };
    answer(id, { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo });
  }
  if (method === "tools/list") answer(id, { tools: [tool] });
  if (method !== "tools/call") return;
  if (way === "dies in a call") {
    tell("I give up");
    Deno.exit(3);
  }
  if (way === "leaves its child") Deno.exit(4);
  if (way === "answers at length" && params.arguments.short !== true) {
    return void answer(id, { content: [{ type: "text", text: "x".repeat(200_000) }] });
  }
  if (way === "hangs unless told" && params.arguments.answers !== true) {
    return void tell("a call begins");
  }
  if (way === "hangs") return void tell("a call begins");
  const text = FLOODS[way]?.();
  if (text !== undefined) {
    answer(id, { content: [] });
    return void flood(text);
  }
  if (way === "floods stderr") Deno.stderr.writeSync(new Uint8Array(2_000_000).fill(0x78));
  answer(id, { content: [{ type: "text", text: String(Deno.pid) }] });
  if (way === "answers twice") answer(id, { content: [{ type: "text", text: "again" }] });
}

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) if (line !== "") take(JSON.parse(line));
}

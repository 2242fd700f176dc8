/** A server that misbehaves in the way that its first argument names. */
const [way = ""] = Deno.args;
const ENCODER = new TextEncoder();
const print = (text: string) => Deno.stdout.writeSync(ENCODER.encode(`${text}\n`));
const answer = (id: unknown, result: unknown) =>
  print(JSON.stringify({ jsonrpc: "2.0", id, result }));
const tool = { name: "act", inputSchema: { type: "object" } };

if (way === "ignores the end") {
  Deno.addSignalListener("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}
if (way === "has a child") {
  const child = new Deno.Command("sleep", { args: ["1000"], stdout: "null", stderr: "null" })
    .spawn();
  Deno.stderr.writeSync(ENCODER.encode(`child ${child.pid}\n`));
}
if (way === "prints garbage") { for (let n = 0; n < 200; n++) print("Welcome!"); }

// deno-lint-ignore no-explicit-any -- what the gateway sends
function take({ id, method }: any): void {
  if (way === "is silent") return;
  if (method === "initialize") {
    const serverInfo = { name: "hostile", version: "1" };
    answer(id, { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo });
  }
  if (method === "tools/list") answer(id, { tools: [tool] });
  if (method !== "tools/call") return;
  if (way === "dies in a call") {
    Deno.stderr.writeSync(ENCODER.encode("I give up\n"));
    Deno.exit(3);
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

// deno-lint-ignore-file no-console -- it prints its result
/**
 * A bare program that starts processes as the gateway does, with three pipes each that it reads and
 * writes. Prints how much it grows by, in MB (Linux):
 *
 *     deno run -A tests/bench/bare_children.ts 100
 *
 * @module
 */
const COUNT = Number(Deno.args[0] ?? 100);
/** Processes before the measurement starts, so that all code is loaded. */
const FIRST = 5;
const SETTLE_MS = 2_000;
const children: Deno.ChildProcess[] = [];

function resident(): number {
  const text = Deno.readTextFileSync("/proc/self/status");
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]) / 1024;
}

async function read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, bytes: number): Promise<void> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new Uint8Array(bytes);
  for (;;) {
    const { value, done } = await reader.read(buffer);
    if (done) return;
    buffer = new Uint8Array(value.buffer);
  }
}

async function start(): Promise<void> {
  const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command("cat", { ...pipes, detached: true }).spawn();
  children.push(child);
  void read(child.stdout, 4_096);
  void read(child.stderr, 1_024);
  await child.stdin.getWriter().write(new TextEncoder().encode("hello\n"));
}

for (let n = 0; n < FIRST; n++) await start();
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
const before = resident();
for (let n = 0; n < COUNT; n++) await start();
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
console.log(Math.round((resident() - before) * 10) / 10);
for (const child of children) child.kill("SIGKILL");
Deno.exit();

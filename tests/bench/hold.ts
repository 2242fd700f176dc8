/**
 * Clients of streams, as a process of their own: raw sockets, so that they cost little.
 *
 *     hold.ts '{"port":…,"count":…,"request":"POST …","expect":"text","thenLeave":false,"seconds":0}'
 *
 * With `thenLeave`, `count` clients open a stream, wait for `expect`, leave and come again, for so
 * many seconds; the line at the end says how often. Else `count` streams are opened and kept; one
 * line says that all are open, and each time that all have received the text `mark` once more,
 * a line says when the last one did (ms since 1970).
 *
 * @module
 */

/** The orders; see the module. */
export interface HoldOptions {
  readonly port: number;
  readonly count: number;
  readonly request: string;
  readonly expect: string;
  readonly thenLeave?: boolean;
  readonly seconds?: number;
  /** A text that an event has of which the last receiver counts; default: a changed list of tools. */
  readonly mark?: string;
}

/** Connections that are opened at a time. */
const AT_A_TIME = 100;

const options = JSON.parse(Deno.args[0] ?? "{}") as HoldOptions;
const request = new TextEncoder().encode(options.request);
const decoder = new TextDecoder("latin1");
const { mark = "notifications/tools/list_changed" } = options;
let marked = 0;

/** Opens a stream and waits for its expected first text. */
async function open(buffer: Uint8Array): Promise<Deno.TcpConn> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: options.port });
  await socket.write(request);
  let text = "";
  while (!text.includes(options.expect)) {
    const size = await socket.read(buffer);
    if (size !== null) text += decoder.decode(buffer.subarray(0, size));
    if (size === null || !text.startsWith("HTTP/1.1 200")) {
      throw new Error(`No stream: ${text.slice(0, 600)}`);
    }
  }
  return socket;
}

async function listen(socket: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  for (let size = await socket.read(buffer); size !== null; size = await socket.read(buffer)) {
    if (!decoder.decode(buffer.subarray(0, size)).includes(mark)) continue;
    if (++marked % options.count === 0) say({ lastAt: Date.now() });
  }
}

async function holdAll(): Promise<void> {
  let left = options.count;
  const sockets: Deno.TcpConn[] = [];
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, left) }, async () => {
    const buffer = new Uint8Array(4096);
    while (left-- > 0) sockets.push(await open(buffer));
  }));
  const listening = sockets.map(listen);
  say({ open: sockets.length });
  await Promise.all(listening);
}

async function comeAndGo(): Promise<void> {
  const until = performance.now() + (options.seconds ?? 1) * 1000;
  let times = 0;
  await Promise.all(Array.from({ length: options.count }, async () => {
    const buffer = new Uint8Array(4096);
    while (performance.now() < until) {
      (await open(buffer)).close();
      times++;
    }
  }));
  say({ times });
}

function say(line: object): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}

if (import.meta.main) await (options.thenLeave === true ? comeAndGo() : holdAll());

/**
 * A server at the other end of a pipe in memory; the test decides each of its messages.
 *
 * @module
 */
import type { KnownEra } from "../../lib/gateway/handshake.ts";
import type { Restart } from "../../lib/gateway/running_server.ts";
import { GatewayServer, type RunningServer } from "../../lib/gateway/server.ts";

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
type Message = any;
/** Answers a message of the gateway; undefined for no answer. */
export type Script = (message: Message, server: ScriptedServer) => unknown;

/** The answer of a script that leaves even `server/discover` without one. */
export const SILENCE = Symbol("silence");

const TOOLS = ["add", "slow"].map((name) => ({ name, inputSchema: { type: "object" } }));

/** Answers `initialize` and `tools/list`, and leaves the rest to a test. */
export function ordinary(rest: Script = () => undefined): Script {
  return (message, server) => {
    if (message.method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "scripted", version: "1" },
        capabilities: { tools: {} },
      };
    }
    return message.method === "tools/list" ? { tools: TOOLS } : rest(message, server);
  };
}

/** One run of a scripted server. */
export class ScriptedServer implements RunningServer {
  /** The messages that the gateway sent. */
  readonly received: Message[] = [];
  readonly input: WritableStream<Uint8Array>;
  readonly output: ReadableStream<Uint8Array>;
  readonly #ended = Promise.withResolvers<string>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  isEnded = false;

  constructor(script: Script) {
    this.output = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
    });
    const decoder = new TextDecoder();
    this.input = new WritableStream({
      write: (bytes) => {
        for (const line of decoder.decode(bytes).split("\n").filter((one) => one !== "")) {
          const message = JSON.parse(line);
          this.received.push(message);
          const result = script(message, this);
          if (result === SILENCE) continue;
          if (result === undefined && message.method === "server/discover") {
            // Servers of the earlier revisions do not know it.
            this.received.pop();
            this.send({ jsonrpc: "2.0", id: message.id, error: { code: -32601, message: "No" } });
          }
          if (result !== undefined) this.send({ jsonrpc: "2.0", id: message.id, result });
        }
      },
    });
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  lastLines(): readonly string[] {
    return ["out of luck"];
  }

  send(message: unknown): void {
    this.print(JSON.stringify(message));
  }

  print(line: string): void {
    if (!this.isEnded) {
      this.#controller?.enqueue(new TextEncoder().encode(`${line}\n`));
    }
  }

  /** Dies. */
  die(how = "code 3"): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#ended.resolve(how);
    // Nobody reads any more where the gateway has given up.
    try {
      this.#controller?.close();
    } catch {
      // It is closed.
    }
  }

  end(): Promise<void> {
    this.die("ended");
    return Promise.resolve();
  }
}

/** A gateway's server whose runs are scripted. */
export function scripted(
  script: Script,
  options: {
    readonly startMs?: number;
    readonly maxLineBytes?: number;
    readonly maxValues?: number;
    readonly hidesReasons?: boolean;
    readonly known?: KnownEra;
    readonly restart?: Restart;
  } = {},
) {
  const runs: ScriptedServer[] = [];
  const server = new GatewayServer({
    name: "scripted",
    version: "1",
    start: () => {
      const run = new ScriptedServer(script);
      runs.push(run);
      return run;
    },
    limits: {
      maxLineBytes: options.maxLineBytes ?? 100_000,
      maxValues: options.maxValues ?? 100_000,
      maxQueued: 100_000,
    },
    startMs: options.startMs ?? 5_000,
    now: () => performance.now(),
    hidesReasons: options.hidesReasons ?? false,
    ...(options.known !== undefined && { known: options.known }),
    ...(options.restart !== undefined && { restart: options.restart }),
  });
  return {
    server,
    runs,
    run: () => runs.at(-1)!,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

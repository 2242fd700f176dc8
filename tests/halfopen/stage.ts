/**
 * A server at one end of a network, its clients at the other, and the cables between.
 *
 * @module
 */
import { OPERATOR_HEADERS, OPERATOR_TOKEN } from "../helpers/operator.ts";
import { Lines } from "./lines.ts";
import { type Network, type Place, SERVER_ADDRESS } from "./network.ts";

const READY_MS = 15_000;
const here = (name: string) => new URL(name, import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;

/** How a server is started. */
export interface StageOptions {
  readonly pingMs: number;
  readonly probe: "ss" | "off";
}

/** The ledger, as `GET /mcp/connections` tells it. */
export interface LedgerView {
  readonly opened: number;
  readonly open: number;
  readonly lingering: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly connections: readonly { readonly dialect: string; readonly client_ip: string }[];
}

export class Stage implements AsyncDisposable {
  readonly network: Network;
  readonly pingMs: number;
  /** The server's log. */
  readonly log: Lines;
  readonly #server: Deno.ChildProcess;
  readonly #children: Deno.ChildProcess[] = [];
  #port = 0;

  private constructor(network: Network, { pingMs, probe }: StageOptions) {
    this.network = network;
    this.pingMs = pingMs;
    this.#server = this.#run("server", [
      ...["run", "--frozen", "--no-prompt", "--allow-net", "--allow-read"],
      ...["--allow-env", ...(probe === "ss" ? ["--allow-run=ss"] : [])],
      ...[`${ROOT}main.ts`, "--port=0", "--host=0.0.0.0", "--mcp-log-format=json"],
      ...[`--mcp-allowed-hosts=${SERVER_ADDRESS},127.0.0.1`, `--mcp-tools=${here("tools.ts")}`],
      ...[`--mcp-tcp-probe=${probe}`, `--mcp-ping-interval-ms=${pingMs}`],
      `--mcp-admin-token=${OPERATOR_TOKEN}`,
    ], { stdin: "null", stdout: "null", stderr: "piped" });
    this.log = new Lines("server", this.#server.stderr);
  }

  static async open(network: Network, options: StageOptions): Promise<Stage> {
    const stage = new Stage(network, options);
    const portLine = () =>
      stage.log.all.map(({ text }) => /http:\/\/\S+?:(\d+)\/mcp/.exec(text)?.[1])
        .find((port) => port !== undefined);
    await stage.log.until("being ready", () => portLine() !== undefined, READY_MS);
    stage.#port = Number(portLine());
    return stage;
  }

  /** Connects so many rounds of one client of each dialect, and waits until all are open. */
  async connect(place: "server" | "client", rounds: number, dialects: number): Promise<Lines> {
    const before = this.#opened();
    const address = place === "server" ? "127.0.0.1" : SERVER_ADDRESS;
    const child = this.#run(place, [
      ...["run", "--no-prompt", "--allow-net", here("clients.ts")],
      ...[`${address}:${this.#port}`, String(rounds)],
    ], { stdin: "null", stdout: "piped", stderr: "inherit" });
    const lines = new Lines(`clients at ${place}`, child.stdout);
    const wanted = before + rounds * dialects;
    await this.log.until(`${wanted} streams`, () => this.#opened() >= wanted, READY_MS);
    await this.log.until(
      "calls running",
      () => lines.matching({}).length >= rounds * dialects,
      READY_MS,
    );
    return lines;
  }

  async ledger(): Promise<LedgerView> {
    const url = `http://127.0.0.1:${this.#port}/mcp/connections?limit=1000`;
    return JSON.parse(
      await this.#output("server", ["deno", "eval", GET, url, JSON.stringify(OPERATOR_HEADERS)]),
    );
  }

  /** The server's open sockets to the client's machine with bytes that were not acknowledged. */
  async owingSockets(): Promise<string[]> {
    const text = await this.#output("server", [
      ...["ss", "-tnOH", "state", "established", "sport", "=", `:${this.#port}`],
    ]);
    return text.split("\n").filter((line) =>
      line.includes(`${SERVER_ADDRESS}:${this.#port}`) && !/^\d+\s+0\s/.test(line)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.splice(0)) {
      try {
        child.kill("SIGKILL");
      } catch {
        // The process has ended by itself.
      }
      await child.status;
    }
  }

  #opened(): number {
    return this.log.matching({ message: "SSE Connection establishing" }).length;
  }

  #run(place: Place, args: string[], options: Deno.CommandOptions): Deno.ChildProcess {
    const child = this.network.command(place, [Deno.execPath(), ...args], options).spawn();
    this.#children.push(child);
    return child;
  }

  async #output(place: Place, [command = "", ...args]: string[]): Promise<string> {
    const program = command === "deno" ? Deno.execPath() : command;
    const { stdout } = await this.network.command(place, [program, ...args]).output();
    return new TextDecoder().decode(stdout);
  }
}

const GET =
  "console.log(await (await fetch(Deno.args[0], { headers: JSON.parse(Deno.args[1]) })).text())";

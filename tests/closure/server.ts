/**
 * The real server as a process, started like `deno task start`.
 *
 * @module
 */
import { SETTINGS } from "../../lib/base/settings.ts";
import { exchange, type RawResponse } from "../faults/http.ts";
import { Child } from "../helpers/child.ts";
import { OPERATOR_HEADERS, OPERATOR_TOKEN } from "../helpers/operator.ts";
import { START_FLAGS } from "../helpers/process.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import type { Leftovers } from "./fixture_tools.ts";

/** `GET /mcp/connections`. */
export interface LedgerView {
  readonly opened: number;
  readonly open: number;
  readonly lingering: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly queued_bytes: number;
  readonly heap_used_bytes: number;
  readonly connections: readonly { readonly id: string; readonly queued_bytes: number }[];
}

/** How to start a server. */
export interface ServerOptions {
  /** `legacy` leaves out `no-legacy-abort`, as a user's own deno.json may. */
  readonly abort: AbortMode;
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly maxOpenFiles?: number;
  /** Modules that run before the server's own; paths in the project. */
  readonly preloads?: readonly string[];
}

/** With or without `--unstable-no-legacy-abort`, which is about `request.signal`. */
export type AbortMode = "no-legacy" | "legacy";

const ROOT = new URL("../../", import.meta.url).pathname;
const CONFIG = {
  "no-legacy": [`--config=${ROOT}deno.json`],
  legacy: ["--no-config", `--import-map=${ROOT}deno.json`, `--lock=${ROOT}deno.lock`],
} as const satisfies Record<AbortMode, readonly string[]>;
/** All clients come from one address and leave at once; the default limits would refuse them. */
const ADMIT_CROWDS = {
  MCP_STREAM_OPENS_PER_SECOND: "10000",
  MCP_MAX_FLAPS: "10000",
};
/** Nothing of the caller's own environment may reach the server, but for the listener under test. */
const NO_ENV = {
  ...Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, ""])),
  MCP_LISTENER: listenerUnderTest(),
};

/** The listener that `MCP_LISTENER` names in the environment of the tests; default: `deno`. */
export function listenerUnderTest(): string {
  return Deno.env.get("MCP_LISTENER") || "deno";
}

export class ServerProcess extends Child {
  readonly port: number = 0;

  private constructor({ abort, settings = {}, maxOpenFiles, preloads = [] }: ServerOptions) {
    const preloaded = preloads.map((path) => `--preload=${ROOT}${path}`);
    super({
      maxOpenFiles,
      args: ["run", ...CONFIG[abort], ...START_FLAGS, ...preloaded, `${ROOT}main.ts`],
      env: {
        ...NO_ENV,
        PORT: "0",
        MCP_LOG_FORMAT: "json",
        MCP_ADMIN_TOKEN: OPERATOR_TOKEN,
        MCP_TOOLS: `${ROOT}tests/closure/fixture_tools.ts`,
        ...ADMIT_CROWDS,
        ...Object.fromEntries(Object.entries(settings).map(([k, v]) => [k, String(v)])),
      },
      reads: "stderr",
    });
  }

  /** Starts one and does not wait until it serves. */
  static spawn(options: ServerOptions): ServerProcess {
    return new ServerProcess(options);
  }

  static async start(options: ServerOptions): Promise<ServerProcess> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(ServerProcess.spawn(options));
    const { json } = await server.line("greeting", ({ json }) => json.message === "Listening");
    // A server that starts too slowly ends here; any other is the caller's from now on.
    stack.move();
    return Object.assign(server, { port: Number(new URL(json.address).port) });
  }

  /** Log lines with that message. */
  logged(message: string): readonly Readonly<Record<string, unknown>>[] {
    return this.lines.map(({ json }) => json).filter((json) => json.message === message);
  }

  /** When streams were closed, in ms since 1970. */
  closedAt(): number[] {
    return this.logged("Connection forcefully closed").map(({ timestamp }) =>
      Date.parse(String(timestamp))
    );
  }

  /** Log lines about a fault of the server; the departure of a client is not a fault. */
  faults(): string[] {
    return this.lines.filter(({ text, json }) =>
      json.level === "error" || (json.level === undefined && /error/i.test(text))
    ).map(({ text }) => text);
  }

  async ledger(): Promise<LedgerView> {
    return JSON.parse(await this.look("/mcp/connections"));
  }

  /** Reads a path as the operator. */
  async look(path: string): Promise<string> {
    return (await exchange(this, { path, headers: OPERATOR_HEADERS })).body;
  }

  /** Sends a message to an open stream. */
  post(connectionId: string, message: unknown): Promise<RawResponse> {
    return exchange(this, {
      method: "POST",
      path: "/mcp/sse",
      headers: { "content-type": "application/json", "mcp-connection-id": connectionId },
      body: JSON.stringify(message),
    });
  }

  disconnect(connectionId: string): Promise<RawResponse> {
    return exchange(this, {
      method: "DELETE",
      path: "/mcp/sse",
      headers: { "mcp-connection-id": connectionId },
    });
  }

  /** Calls a tool without a stream; resolves with the response's `result`. */
  // deno-lint-ignore no-explicit-any -- each tool has a result of its own
  async call(name: string, args?: Record<string, unknown>): Promise<any> {
    const { body } = await exchange(this, {
      method: "POST",
      path: "/mcp",
      // With "text/event-stream" beside it a slow call would get a stream.
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(toolCall(name, args)),
    });
    return JSON.parse(body).result;
  }

  /** The resources in use inside the process at this moment. */
  async leftovers(): Promise<Leftovers> {
    return (await this.call("leftovers")).structuredContent;
  }

  /** Fills the server's module caches, so that the first client is not slower than others. */
  async warmUp(): Promise<Leftovers> {
    await exchange(this, {
      method: "POST",
      path: "/mcp",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(rpc("tools/list")),
    });
    await this.ledger();
    return await this.leftovers();
  }
}

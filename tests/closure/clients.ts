/**
 * Client processes.
 *
 * @module
 */
import type { ClientOptions } from "../faults/client.ts";
import type { StreamFault } from "../faults/stream_faults.ts";
import { Child, type Line } from "../helpers/child.ts";

/** `fetch`: a client as people write it. `raw`: one of the fault kit, which takes commands. */
export type ClientKind = "fetch" | "raw";

const MODULES = {
  fetch: new URL("./client.ts", import.meta.url).pathname,
  raw: new URL("../faults/client.ts", import.meta.url).pathname,
} as const;

export class Client extends Child {
  readonly ids: readonly string[] = [];

  /** Starts a client; all its streams are open when this resolves. */
  static async open(kind: ClientKind, options: ClientOptions): Promise<Client> {
    const client = new Client({
      args: ["run", "--allow-net=127.0.0.1", MODULES[kind], JSON.stringify(options)],
      reads: "stdout",
    });
    const opened = await client.events("open", options.count ?? 1);
    return Object.assign(client, { ids: opened.map(({ json }) => json.id) });
  }

  /** The first `count` events of that name, once they are here. */
  async events(name: string, count = 1): Promise<Line[]> {
    const named = () => this.lines.filter(({ json }) => json.event === name);
    await this.line(`${count} × ${name}`, () => named().length >= count);
    return named().slice(0, count);
  }

  /** Has all its streams misbehave; returns when it was told, in ms since 1970. */
  async misbehave(fault: StreamFault): Promise<number> {
    const at = Date.now();
    await this.say(fault);
    return at;
  }
}

/** The gateway as a process, in front of servers that are processes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { rpc, toolCall } from "../../helpers/app.ts";

const ROOT = new URL("../../../", import.meta.url);
const HOSTILE = new URL("hostile_server.ts", import.meta.url).pathname;

/** A gateway that serves, with all it has written. */
class Gateway implements AsyncDisposable {
  url = "";
  stderr = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #wake = () => {};

  constructor(command: readonly string[]) {
    const [, ...flags] = config.tasks.gateway.command.split(" ");
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...flags, "--port=0", "--mcp-log-level=debug", "--", ...command],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  static async start(...command: readonly string[]): Promise<Gateway> {
    const gateway = new Gateway(command);
    const [, url = ""] = await gateway.until(/Endpoint +(http\S+)\/mcp\/sse\n/);
    gateway.url = url;
    return gateway;
  }

  static hostile(way: string): Promise<Gateway> {
    return Gateway.start(Deno.execPath(), "run", "--quiet", "--allow-run=sleep", HOSTILE, way);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr);
      if (match !== null) return match;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  async ask(message: unknown): Promise<any> {
    const response = await fetch(`${this.url}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(message),
    });
    return await response.json();
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stderr) {
      this.stderr += decoder.decode(bytes, { stream: true });
      this.#wake();
    }
  }
}

async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
    .output();
  const state = new TextDecoder().decode(stdout).trim();
  // A zombie has ended.
  return state !== "" && !state.startsWith("Z");
}

async function pidOf(gateway: Gateway): Promise<number> {
  const { result } = await gateway.ask(toolCall("act", {}));
  return Number(result.content[0].text);
}

Deno.test("a server that is killed is started again, and the next call works", async () => {
  await using gateway = await Gateway.hostile("behaves");
  const pid = await pidOf(gateway);
  Deno.kill(pid, "SIGKILL");
  await gateway.until(/Server ended .*SIGKILL/);
  const next = await pidOf(gateway);
  assert(next !== pid && next > 0);
});

Deno.test("a server that dies in a call is told of, with its exit code and its last words", async () => {
  await using gateway = await Gateway.hostile("dies in a call");
  const startedAt = performance.now();
  const { error } = await gateway.ask(toolCall("act", {}));
  assertMatch(error.message, /^The server deno ended \(code 3\); its last words: I give up$/);
  assert(performance.now() - startedAt < 1_000);
});

Deno.test("a server that floods stderr is read all the same", async () => {
  await using gateway = await Gateway.hostile("floods stderr");
  for (let n = 0; n < 3; n++) assert(await pidOf(gateway) > 0);
});

Deno.test("a second answer to one request reaches nobody", async () => {
  await using gateway = await Gateway.hostile("answers twice");
  const pid = await pidOf(gateway);
  assertEquals(await pidOf(gateway), pid);
});

Deno.test("a server that ignores the end of its input and SIGTERM is gone with the gateway", async () => {
  const gateway = await Gateway.hostile("ignores the end");
  const pid = await pidOf(gateway);
  assertEquals(await isAlive(pid), true);
  await gateway.stop();
  assertEquals(await isAlive(pid), false);
});

Deno.test("what a server has started is gone with the gateway, too", async () => {
  const gateway = await Gateway.hostile("has a child");
  const pid = await pidOf(gateway);
  const [, child] = await gateway.until(/child (\d+)/);
  assert(await isAlive(Number(child)));
  await gateway.stop();
  assertEquals(await Promise.all([pid, Number(child)].map(isAlive)), [false, false]);
});

Deno.test("a server that reads its input ends when the gateway is killed", async () => {
  const gateway = await Gateway.hostile("behaves");
  const pid = await pidOf(gateway);
  await gateway.stop("SIGKILL");
  for (let left = 100; await isAlive(pid) && left > 0; left--) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(await isAlive(pid), false);
});

Deno.test("a command that does not exist is told of, and the gateway serves on", async () => {
  await using gateway = await Gateway.start("no-such-command-anywhere");
  assertMatch(gateway.stderr, /Server cannot be started .*no-such-command-anywhere/);
  assertEquals((await gateway.ask(rpc("tools/list"))).result.tools, []);
});

Deno.test("a server that prints garbage is told of, and the gateway serves on", async () => {
  await using gateway = await Gateway.hostile("prints garbage");
  assertStringIncludes(gateway.stderr, "100 lines in a row that are no messages");
  assertEquals((await gateway.ask(rpc("ping"))).result, {});
});

const SERVER = new URL("./server.ts", import.meta.url).href;

/** The server under test, in its own process. */
export interface ServerProcess extends AsyncDisposable {
  /** Its origin: the URL without a path. */
  readonly origin: string;
}

/** Starts the server on a free port, and resolves when it listens. */
export async function startServer(): Promise<ServerProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--frozen",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-env=PORT,MCP_LISTENER",
      SERVER,
    ],
    env: { PORT: "0" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await lines.read();
  if (value === undefined) throw new Error("Server did not start");
  return {
    origin: new URL(value.trim()).origin,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await lines.cancel();
      await child.status;
    },
  };
}

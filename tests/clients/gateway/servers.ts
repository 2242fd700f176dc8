/**
 * The servers behind the gateway in these tests: three of npm, with a lock file of their own so
 * that nobody else downloads them, one that prints noise, and one with all that the protocol allows.
 *
 * @module
 */
const HERE = new URL("./", import.meta.url).pathname;
const NPM = ["run", "-A", "--quiet", "--frozen", "--config", `${HERE}servers/deno.json`];
const reference = (name: string) => `npm:@modelcontextprotocol/server-${name}@2026.8.31`;

/** The arguments of `deno` that start each, and the variables that it needs. */
export function serversIn(folder: string): Readonly<Record<string, readonly string[]>> {
  return {
    everything: [...NPM, reference("everything"), "stdio"],
    filesystem: [...NPM, reference("filesystem"), folder],
    memory: [...NPM, reference("memory")],
    noisy: ["run", "--quiet", `${HERE}noisy_server.ts`],
    rich: ["run", "--quiet", `${HERE}rich_server.ts`],
  };
}

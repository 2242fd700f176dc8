/**
 * Starts the gateway as a process that has no more permissions than its commands, its remote servers
 * and its settings need, and ends the servers that are left if the gateway is killed.
 *
 * @module
 */
import { ConfigError } from "../../base/errors.ts";
import { settlesWithin } from "../../base/promises.ts";
import { readVariable } from "../environment.ts";
import { parseFlags } from "../flags.ts";
import { startErrorLine } from "../greeting.ts";
import { LAUNCHED, readArguments, readServersFile } from "./arguments.ts";
import { GroupsLeft } from "./groups_left.ts";
import { permissionFlags } from "./permissions.ts";

const HERE = import.meta.dirname!;
/** How long the last reports of a gateway that has ended are waited for (ms). */
const REPORTS_MS = 1_000;
const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The arguments of `deno` for the gateway. */
function commandLine(args: readonly string[]): readonly string[] {
  const { flags, servers } = readArguments(args, readVariable);
  const path = readVariable("MCP_SERVERS");
  const permissions = permissionFlags({
    servers,
    file: path === undefined ? "" : readServersFile(path),
    env: Deno.env.toObject(),
    flags: parseFlags(flags).values,
    hasProgram,
  });
  const lock = `--lock=${HERE}/../../gateway/deno.lock`;
  return [
    "run",
    "--frozen",
    lock,
    "--no-prompt",
    ...permissions,
    `${HERE}/main.ts`,
    LAUNCHED,
    ...args,
  ];
}

function hasProgram(name: string): boolean {
  return (readVariable("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}

async function launch(): Promise<number> {
  const gateway = new Deno.Command(Deno.execPath(), {
    args: [...commandLine(Deno.args)],
    // It closes with this process, however that ends.
    stdin: "piped",
    // It reports the processes of its servers.
    stdout: "piped",
    stderr: "inherit",
    // A terminal must not send it a signal that is passed on as well.
    detached: true,
  }).spawn();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => pass(gateway, signal));
  const left = new GroupsLeft();
  const reports = left.follow(gateway.stdout);
  const { code } = await gateway.status;
  await settlesWithin(REPORTS_MS, reports);
  await left.end();
  return code;
}

function pass(gateway: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    gateway.kill(signal);
  } catch {
    // It has ended.
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await launch());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    Deno.stderr.writeSync(new TextEncoder().encode(`${startErrorLine(error, "text")}\n`));
    Deno.exit(1);
  }
}

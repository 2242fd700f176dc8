/**
 * The machine, as far as figures depend on it.
 *
 * @module
 */

export const CORES: number = navigator.hardwareConcurrency;

/** The machine, without names. */
export function machine(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
  const gib = Deno.systemMemoryInfo().total / 2 ** 30;
  return [
    `${CORES} cores (${model ?? Deno.build.arch})`,
    `${gib.toFixed(1)} GiB of memory`,
    `Linux ${Deno.osRelease().split("-")[0]}`,
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
  ].join(", ");
}

/** Most open files of a process: the hard limit, to which the soft one is raised. */
export function openFiles(): string {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? "unknown";
}

/** A command that runs with the highest number of open files that the system allows. */
export function withOpenFiles(program: string, args: readonly string[]): [string, ...string[]] {
  return ["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"', program, ...args];
}

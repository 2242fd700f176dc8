/**
 * Control groups for processes under test: one that the test makes, or files that look like one. Both
 * need Linux and root.
 *
 * @module
 */
import { assert } from "@std/assert";

/** Makes a group in version 2, or else in version 1, and prints its folder. */
const MAKE = `
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  folder=/sys/fs/cgroup/$1
  mkdir "$folder" && echo "$2" > "$folder/memory.max"
else
  folder=/sys/fs/cgroup/memory/$1
  mkdir "$folder" && echo "$2" > "$folder/memory.limit_in_bytes"
fi && echo "$folder"
`;

/** A group of the kernel with a limit of memory. */
export class Cgroup implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes a group.
   *
   * @param limit of its memory, in bytes
   * @returns undefined if this machine allows none
   */
  static async make(limit: number): Promise<Cgroup | undefined> {
    const name = `lifeline-test-${crypto.randomUUID()}`;
    const { code, stdout } = await shell(MAKE, [name, String(limit)]);
    return code === 0 ? new Cgroup(new TextDecoder().decode(stdout).trim()) : undefined;
  }

  /** The words of a command that runs another one in the group. */
  get command(): readonly string[] {
    return ["unshare", "sh", "-c", `echo $$ > ${this.#folder}/cgroup.procs; exec "$0" "$@"`];
  }

  /** All its processes must have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { code } = await shell('rmdir "$1"', [this.#folder]);
    assert(code === 0, `${this.#folder} is removed`);
  }
}

/**
 * The words of a command that shows another one the files of a group of version 2. Machines whose
 * memory is in groups of version 1 can make no other one.
 *
 * @param folder a temporary one, for the files
 * @param path of the group; `/` in a container, which sees its own group as the root
 * @param limit of its memory, as the kernel writes it
 */
export async function pretendedCgroup(
  folder: string,
  path: string,
  limit: string,
): Promise<readonly string[]> {
  await Deno.mkdir(`${folder}/fs${path}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/self`, `0::${path}\n`);
  await Deno.writeTextFile(`${folder}/fs/cgroup.controllers`, "memory\n");
  await Deno.writeTextFile(`${folder}/fs${path}/memory.max`, `${limit}\n`);
  const script = `set -e
mount --bind ${folder}/self /proc/$$/cgroup
mount --bind ${folder}/fs /sys/fs/cgroup
exec "$0" "$@"`;
  return ["unshare", "--mount", "sh", "-c", script];
}

function shell(script: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command("unshare", {
    args: ["sh", "-c", script, "sh", ...args],
    stderr: "null",
  }).output();
}

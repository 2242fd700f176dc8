/**
 * docs/operations/Dockerfile without Docker: its steps are carried out in a folder of their own, and
 * its command runs as process 1 of a namespace, as another user, on a file system that it cannot
 * write to. That needs Linux and root.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Child } from "../helpers/child.ts";
import {
  envOf,
  type Instruction,
  only,
  parseCommand,
  parseDockerfile,
} from "../helpers/dockerfile.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const NOBODY = "65534";
const NAMESPACES = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** The result of the Dockerfile; its folder is removed at the end. */
export class Image implements AsyncDisposable {
  readonly #instructions: readonly Instruction[];
  readonly #folder: string;

  private constructor(instructions: readonly Instruction[], folder: string) {
    this.#instructions = instructions;
    this.#folder = folder;
  }

  /** Carries out COPY and RUN, with an empty cache. */
  static async build(): Promise<Image> {
    const text = await Deno.readTextFile(`${ROOT}docs/operations/Dockerfile`);
    const folder = await Deno.makeTempDir({ prefix: "lifeline-image-" });
    await Deno.chmod(folder, 0o755);
    const image = new Image(parseDockerfile(text), folder);
    await Deno.mkdir(image.#app);
    // The mount point of the binary, which may be in a folder that only root may read.
    await Deno.writeTextFile(image.#deno, "");
    for (const { word, text } of image.#instructions) {
      if (word === "COPY") await image.#copy(text.split(/\s+/));
      if (word === "RUN") await image.#run(text);
    }
    return image;
  }

  /** `docker run`: ENTRYPOINT as process 1, as user nobody, on a read-only folder. */
  run(env: Readonly<Record<string, string>>): Container {
    const [program, ...args] = parseCommand(only(this.#instructions, "ENTRYPOINT"));
    assert(program === "deno");
    const script = [
      "set -e",
      `mount --bind ${this.#folder} ${this.#folder}`,
      `mount --bind ${Deno.execPath()} ${this.#deno}`,
      `mount -o remount,ro,bind ${this.#folder}`,
      `cd ${this.#app}`,
      `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups ${this.#deno} "$@"`,
    ].join("\n");
    return new Container({
      program: "unshare",
      args: [...NAMESPACES, "sh", "-c", script, "sh", ...args],
      env: { ...this.#buildEnv, ...envOf(this.#instructions), ...env },
      reads: "stderr",
    });
  }

  /** HEALTHCHECK, and its exit code. */
  async checkHealth(port: string): Promise<number> {
    const [program, ...args] = parseCommand(only(this.#instructions, "HEALTHCHECK"));
    assert(program === "deno");
    return (await this.#output(Deno.execPath(), args, { PORT: port })).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  get #app(): string {
    return `${this.#folder}/app`;
  }

  get #deno(): string {
    return `${this.#folder}/deno`;
  }

  get #buildEnv(): Record<string, string> {
    return { DENO_DIR: `${this.#folder}/deno-dir`, NO_COLOR: "1" };
  }

  async #copy(words: readonly string[]): Promise<void> {
    const to = `${this.#app}/${words.at(-1)}`;
    await this.#must("mkdir", ["-p", to]);
    for (const from of words.slice(0, -1)) {
      // The contents of a folder, as COPY does.
      await this.#must("cp", ["-r", `${ROOT}${from}${from.endsWith("/") ? "." : ""}`, to]);
    }
  }

  async #run(text: string): Promise<void> {
    const [program, ...args] = text.split(/\s+/);
    assert(program === "deno");
    await this.#must(Deno.execPath(), args);
  }

  async #must(program: string, args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#output(program, args);
    assert(code === 0, `${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }

  #output(program: string, args: readonly string[], env: Record<string, string> = {}) {
    const options = { args: [...args], cwd: this.#app, env: { ...this.#buildEnv, ...env } };
    return new Deno.Command(program, options).output();
  }
}

/** A running image. */
export class Container extends Child {
  /** `docker stop`: a signal to its process 1, found by its number outside. */
  async signal(name: string): Promise<void> {
    await output("kill", ["-s", name, await this.#first()]);
  }

  /** The numbers of its first process: the one outside, and the one inside. */
  async numbers(): Promise<string[]> {
    const status = await output("cat", [`/proc/${await this.#first()}/status`]);
    return /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
  }

  async #first(): Promise<string> {
    return (await output("pgrep", ["-P", String(this.pid)])).trim();
  }
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  const decoder = new TextDecoder();
  assert(code === 0, `${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

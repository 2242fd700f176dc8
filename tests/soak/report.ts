/**
 * The report of a long run: a line for each check, and `N passed, N failed` at the end.
 *
 * @module
 */
import { messageOf } from "../../lib/base/errors.ts";

export class Checks {
  #passed = 0;
  #failed = 0;

  tell(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  }

  note(name: string, isPassed: boolean, details: unknown = ""): void {
    isPassed ? this.#passed++ : this.#failed++;
    this.tell(`${isPassed ? "ok   " : "FAIL "} ${name}${details ? `: ${details}` : ""}`);
  }

  /** Runs a check; undefined when it failed. */
  async run<T>(
    name: string,
    check: () => Promise<T>,
    show: (value: T) => string = () => "",
  ): Promise<T | undefined> {
    try {
      const value = await check();
      this.note(name, true, show(value));
      return value;
    } catch (error) {
      this.note(name, false, messageOf(error));
      return undefined;
    }
  }

  /** @returns the exit code */
  end(): number {
    this.tell(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

/** A number from the command line: `--name 5`. */
export function option(name: string, fallback: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  if (at < 0) return fallback;
  const value = Number(Deno.args[at + 1]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
}

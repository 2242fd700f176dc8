/**
 * Gives each test a deadline, so that a regression that hangs fails by the name of its test. Loaded
 * before the tests with `--preload`.
 *
 * @module
 */

/** Longer than any test of `deno task test` takes on a busy machine (ms). */
const DEADLINE_MS = 60_000;

type Options = Partial<Deno.TestDefinition>;

/** The arguments of `Deno.test()`, with the deadline added if they have none. */
export function withDeadline(args: readonly unknown[], deadlineMs = DEADLINE_MS): unknown[] {
  const bounded: Options = { timeout: deadlineMs };
  const [first, second, third] = args;
  if (typeof first === "function") return [bounded, first];
  if (typeof first === "object") return [{ ...bounded, ...first }, ...args.slice(1)];
  if (typeof second === "function") return [first, bounded, second];
  return [first, { ...bounded, ...second as Options }, third];
}

/** Tests that are registered from now on have a deadline, unless they name their own. */
export function boundTests(deadlineMs: number): void {
  const bounded = new Proxy(Deno.test, {
    apply: (register, self, args) => Reflect.apply(register, self, withDeadline(args, deadlineMs)),
  });
  Object.defineProperty(Deno, "test", { value: bounded, configurable: true });
}

boundTests(DEADLINE_MS);

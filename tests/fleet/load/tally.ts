import type { Seen, Work } from "./client.ts";

/** A call, while it runs and after. */
interface Ran {
  readonly client: string;
  readonly startedAt: number;
  endedAt: number;
  isTimedOut: boolean;
}

/** The outcomes of all calls. */
export class Tally {
  calls = 0;
  results = 0;
  /** Calls that ended with an error, of the server, the proxy, or a connection that broke. */
  told = 0;
  silent = 0;
  doubled = 0;
  gaps = 0;
  /** The calls that went wrong, for a test that fails. */
  readonly faults: string[] = [];
  /** The errors that clients got, and how often. */
  readonly errors = new Map<string, number>();
  readonly #ran: Ran[] = [];
  readonly #killedAt: number[] = [];

  /** An instance, or the store, is killed, frozen or stopped now. */
  noteKill(): void {
    this.#killedAt.push(performance.now());
  }

  /**
   * Runs a call and judges what its client has seen.
   *
   * @returns whether it has a result
   */
  async count(client: string, work: Work, call: () => Promise<Seen>): Promise<boolean> {
    this.calls++;
    const ran = { client, startedAt: performance.now(), endedAt: Infinity, isTimedOut: false };
    this.#ran.push(ran);
    const seen = await call();
    ran.endedAt = performance.now();
    ran.isTimedOut = seen.isTimedOut;
    this.#judge(client, work, seen);
    return seen.results > 0;
  }

  /** Adds the calls that were run more than once. */
  countRuns(ids: readonly string[]): void {
    const unique = new Set<string>();
    for (const id of ids) {
      if (!unique.has(id)) unique.add(id);
      else this.#fault("doubled", `${id} was run twice`);
    }
  }

  /**
   * From a kill to the last answer of a call that ran then (ms). Calls that end by their client's own
   * timeout are left out.
   */
  get lastAnswerMs(): number {
    const times = this.#killedAt.flatMap((at) =>
      this.#ran.filter(({ startedAt, endedAt, isTimedOut }) =>
        startedAt < at && endedAt > at && !isTimedOut
      ).map(({ endedAt }) => endedAt - at)
    );
    return Math.max(0, ...times);
  }

  #judge(client: string, { id, steps }: Work, { results, errors, ...seen }: Seen): void {
    const what = `${client}, call ${id}: ${JSON.stringify({ results, errors, ...seen })}`;
    for (const error of errors) {
      const kind = `${client}: ${error.replaceAll(/\s+/g, " ").slice(0, 110)}`;
      this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
    }
    if (results > 1) this.#fault("doubled", what);
    if (results > 0) {
      this.results++;
      const all = Array.from({ length: steps }, (_, n) => n + 1);
      if (seen.mayLackSteps) all.length = seen.steps.length;
      if (seen.steps.join() !== all.join()) this.#fault("gaps", what);
    } else if (errors.length > 0) this.told++;
    else this.#fault("silent", what);
  }

  #fault(kind: "silent" | "doubled" | "gaps", what: string): void {
    this[kind]++;
    this.faults.push(`${kind}: ${what}`);
  }
}

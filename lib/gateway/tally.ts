import {
  CHILD_ENDS,
  type ChildEnd,
  type ChildReport,
  type ServerReport,
} from "../base/server_report.ts";

/** Requests of one child or of several. */
export interface RequestCounts {
  calls: number;
  errors: number;
}

/** The members of a child that its tally reads. */
export interface CountedChild {
  readonly counts: Readonly<RequestCounts>;
  /** Why it cannot be used, in words that clients may read; empty if it can be. */
  readonly why: string;
  readonly report: ChildReport;
  /** Starts it anew; returns the process that it had. */
  restart(): number | undefined;
}

/** The counts of one server of the gateway, in all its children. */
export class ServerTally {
  readonly name: string;
  readonly #path: string;
  /** Calls that wait for a free child. */
  waiting = 0;
  #starts = 0;
  #restarts = 0;
  #lastId = 0;
  readonly #ends = Object.fromEntries(CHILD_ENDS.map((reason) => [reason, 0])) as Record<
    ChildEnd,
    number
  >;
  readonly #children = new Set<CountedChild>();
  /** Of the children that have left. */
  readonly #past: RequestCounts = { calls: 0, errors: 0 };

  /** @param path of the endpoint that serves the server */
  constructor(name: string, path = "/mcp") {
    this.name = name;
    this.#path = path;
  }

  /** Counts a child from now on; returns its id. */
  enter(child: CountedChild): string {
    this.#children.add(child);
    return `${this.name}.${++this.#lastId}`;
  }

  /** Forgets a child that runs nothing any more, but not what it has done. */
  leave(child: CountedChild): void {
    if (!this.#children.delete(child)) return;
    this.#past.calls += child.counts.calls;
    this.#past.errors += child.counts.errors;
  }

  /** The child with an id. */
  find(id: string): CountedChild | undefined {
    return [...this.#children].find(({ report }) => report.id === id);
  }

  started(isAgain: boolean): void {
    this.#starts++;
    if (isAgain) this.#restarts++;
  }

  ended(reason: ChildEnd): void {
    this.#ends[reason]++;
  }

  /** How the server is now. */
  report(): ServerReport {
    const children = [...this.#children];
    const reports = children.map(({ report }) => report);
    const sum = (key: keyof RequestCounts): number =>
      children.reduce((total, { counts }) => total + counts[key], this.#past[key]);
    const listing = reports.findIndex(({ policy }) => policy === "shared");
    return {
      name: this.name,
      path: this.#path,
      isUp: reports[listing]?.state === "up",
      why: children[listing]?.why ?? "",
      starts: this.#starts,
      restarts: this.#restarts,
      ends: { ...this.#ends },
      calls: sum("calls"),
      errors: sum("errors"),
      waiting: this.waiting,
      children: reports,
    };
  }
}

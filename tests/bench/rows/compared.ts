import type { Series } from "../load.ts";
import type { Row } from "../report.ts";
import { shown } from "../stats.ts";

/** The figure by which two loads are compared. */
export interface Comparison {
  readonly what: string;
  readonly atLeast: number;
  /** The other one, for example `the limit`. */
  readonly of: string;
  /** Name of the measured server; default: Lifeline. */
  readonly mine?: string;
}

export function speedOf(series: Series): string {
  return `${shown(series.of("perSecond"), "/s")}, ${shown(series.of("cpuUs"), "µs CPU")}`;
}

/** Requests per second against another's; the CPU time of a request beside it. */
export function compared(
  mine: Series,
  other: Series,
  { what, atLeast, of, mine: name = "Lifeline" }: Comparison,
): Row {
  const ratio = mine.over(other, "perSecond");
  return {
    what,
    target: `at least ${atLeast} × the requests/s of ${of}`,
    measured: shown(ratio, "×"),
    byCpu: shown(other.over(mine, "cpuUs"), "×"),
    verdict: ratio.median >= atLeast,
    figures: { [name]: speedOf(mine), [of]: speedOf(other) },
  };
}

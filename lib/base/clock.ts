/** Milliseconds on a clock that never goes back; only differences mean anything. */
export type Clock = () => number;

/** The process's monotonic clock, so that a corrected wall clock closes no connection. */
export const monotonic: Clock = () => performance.now();

/** Whole seconds since the Unix epoch, as the plain dialect's `timestamp` wants them. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/**
 * Time limits of tests with real time, which a machine that is busy with other work may miss.
 *
 * @module
 */

/** Most attempts at a test that is too slow. */
const MAX_TRIES = 3;

/** All was right but the time it took, which on a busy machine may be the machine's fault. */
export class TooSlow extends Error {}

/** @throws {TooSlow} */
export function assertInTime(isInTime: boolean, otherwise: string): void {
  if (!isInTime) throw new TooSlow(otherwise);
}

/** @throws {TooSlow} */
export function assertWithin(limitMs: number, tookMs: number, what: string): void {
  assertInTime(tookMs <= limitMs, `${what} took ${tookMs} ms, more than ${limitMs} ms`);
}

/**
 * Runs a test. If nothing but a time limit failed, it gets another try.
 *
 * @param onLate is told why an attempt was too slow
 */
export async function tryUntilInTime<T>(
  run: () => Promise<T>,
  onLate: (message: string) => void,
): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TooSlow) || tries === MAX_TRIES) throw error;
      onLate(error.message);
    }
  }
}

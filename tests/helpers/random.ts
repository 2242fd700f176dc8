/**
 * Chance that a test decides.
 *
 * @module
 */

/** Makes `Math.random()` return one number until its block ends: `using _ = fixedRandom(0.5)`. */
export function fixedRandom(value: number): Disposable {
  const original = Math.random;
  Math.random = () => value;
  return { [Symbol.dispose]: () => void (Math.random = original) };
}

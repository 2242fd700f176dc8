/** How long a test waits for what must come (ms). */
const PATIENCE_MS = 30_000;

/** Waits until a condition holds; fails when it has not for long. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Grace period before a forced exit, for example while a stalled reader holds a socket (ms). */
const EXIT_GRACE_MS = 50;

/**
 * Lets the process end by itself: in Deno 2.9.6 `Deno.exit()` sometimes hangs while OpenTelemetry is
 * exported.
 */
export function endProcess(code: number): void {
  Deno.exitCode = code;
  Deno.unrefTimer(setTimeout(() => Deno.exit(code), EXIT_GRACE_MS));
}

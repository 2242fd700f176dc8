/** Grace period before a forced exit, for example while a stalled reader holds a socket (ms). */
const EXIT_GRACE_MS = 50;

/**
 * Lets the process end without `Deno.exit()`, which sometimes hangs in Deno 2.9.6 while
 * OpenTelemetry data is exported.
 */
export function endProcess(code: number): void {
  Deno.exitCode = code;
  Deno.unrefTimer(setTimeout(() => Deno.exit(code), EXIT_GRACE_MS));
}

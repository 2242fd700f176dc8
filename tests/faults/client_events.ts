/** The events that a client process reports about its streams, one JSON line each. */
export type ClientEvent =
  | { readonly event: "open"; readonly id: string | null; readonly status: number }
  /** A response has come on the stream. */
  | { readonly event: "response"; readonly id: string | null }
  /** The goodbye frame has come. */
  | { readonly event: "close"; readonly id: string | null; readonly reason: string }
  | { readonly event: "ended"; readonly id: string | null; readonly how: string };

const ENCODER = new TextEncoder();

/** Writes one event to stdout, with the time (ms since 1970). */
export function tellEvent(event: ClientEvent): void {
  Deno.stdout.writeSync(ENCODER.encode(`${JSON.stringify({ ...event, at: Date.now() })}\n`));
}

/** A port of 127.0.0.1 on which nobody listens, for a program that cannot be told to take one. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

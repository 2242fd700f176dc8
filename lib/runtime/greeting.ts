/** Where a server listens; `DENO_SERVE_ADDRESS` may have made it a socket without a port. */
export interface GreetingOptions {
  readonly version: string;
  readonly address: Deno.Addr;
}

/** What a person who has just started the server wants to know. */
export function greeting({ version, address }: GreetingOptions): string {
  if (!("hostname" in address)) return `\nLifeline ${version} is up: ${placeOf(address)}\n`;
  const { hostname, port } = address;
  const isAny = hostname === "0.0.0.0" || hostname === "::" ||
    hostname === "127.0.0.1";
  const host = isAny ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  const base = `http://${host}:${port}`;
  return `
Lifeline ${version} is up

  Test page   ${base}/sse-test.html
  Endpoint    ${base}/mcp/sse
  Try it      curl -N -H "Accept: text/event-stream" -H "Content-Type: application/json" \\
                -d '{"jsonrpc":"2.0","method":"ping","params":{},"id":"test"}' \\
                ${base}/mcp/sse
`;
}

function placeOf(address: Exclude<Deno.Addr, Deno.NetAddr>): string {
  return "path" in address ? `unix:${address.path}` : `vsock:${address.cid}:${address.port}`;
}

/** Where a server listens. */
export interface Listening {
  readonly version: string;
  readonly hostname: string;
  readonly port: number;
}

/** What a person who has just started the server wants to know. */
export function greeting({ version, hostname, port }: Listening): string {
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

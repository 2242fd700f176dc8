import { messageOf } from "../base/errors.ts";
import { type LogFormat, type LogLevel, LogLine } from "../base/log.ts";
import { publicBase } from "../base/urls.ts";

/** The address of a server; with `DENO_SERVE_ADDRESS` it may be a socket without a port. */
export interface GreetingOptions {
  readonly version: string;
  readonly address: Deno.Addr;
  /** `MCP_PUBLIC_URL`, under which its clients reach it. */
  readonly publicUrl?: string | undefined;
  /** The operator's token, if the start made one. */
  readonly operatorToken?: string | undefined;
}

/**
 * The first words of a server: a text for people, or a JSON line if the log is JSON. A JSON line
 * never contains the operator's token, because such logs are collected and kept.
 */
export function greetingLine(options: GreetingOptions, format: LogFormat): string | LogLine {
  if (format === "text") return greeting(options);
  const { version, address, publicUrl } = options;
  const listening = localBase(address) ?? placeOf(address);
  return jsonLine("info", "Listening", {
    version,
    address: listening,
    url: `${publicUrl === undefined ? listening : publicBase(publicUrl)}/mcp`,
  });
}

/** The last words of a start that cannot succeed. */
export function startErrorLine(error: unknown, format: LogFormat): string | LogLine {
  const message = messageOf(error);
  return format === "text"
    ? `[ERROR] ${message}`
    : jsonLine("error", "Cannot start", { error: message });
}

function jsonLine(level: LogLevel, message: string, fields: Record<string, unknown>): LogLine {
  return new LogLine({ area: "main", level, message, fields }, "json");
}

/** The first information for the person who starts the server. */
export function greeting(options: GreetingOptions): string {
  const { version, address, publicUrl } = options;
  const local = localBase(address);
  if (publicUrl === undefined && local === undefined) {
    return `\nLifeline ${version} is up: ${placeOf(address)}\n`;
  }
  const base = publicUrl === undefined ? local : publicBase(publicUrl);
  const place = publicUrl === undefined ? "" : `, listening on ${local ?? placeOf(address)}`;
  return `
Lifeline ${version} is up${place}

  Test page   ${base}/sse-test.html
  Connections ${connectionView(options, local ?? base!)}
  Endpoint    ${base}/mcp/sse
  Try it      curl -N -H "Accept: text/event-stream" -H "Content-Type: application/json" \\
                -d '{"jsonrpc":"2.0","method":"ping","params":{},"id":"test"}' \\
                ${base}/mcp/sse
`;
}

/**
 * The operator's link, to this machine, because proxies do not publish the page. The token is in the
 * fragment, which browsers do not send to servers.
 */
function connectionView({ operatorToken }: GreetingOptions, base: string): string {
  const fragment = operatorToken === undefined ? "" : `#token=${encodeURIComponent(operatorToken)}`;
  return `${base}/connections.html${fragment}`;
}

/** The URL of the server on this machine; undefined where it listens on no port of TCP. */
function localBase(address: Deno.Addr): string | undefined {
  if (!("hostname" in address)) return undefined;
  const { hostname, port } = address;
  const isAny = hostname === "0.0.0.0" || hostname === "::" || hostname === "127.0.0.1";
  const host = isAny ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}`;
}

function placeOf(address: Deno.Addr): string {
  if ("hostname" in address) return `${address.hostname}:${address.port}`;
  return "path" in address ? `unix:${address.path}` : `vsock:${address.cid}:${address.port}`;
}

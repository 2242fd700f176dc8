/**
 * A real nginx before a real server.
 *
 * @module
 */
import { pathThrough, type ProxiedPath } from "./path.ts";
import type { ProxyProgram } from "./proxy_process.ts";

/** How a test wants its path to be. */
export interface NginxOptions {
  /** Contents of nginx's `server` block, beside `listen`. */
  readonly server: string;
  readonly pingMs: number;
  /** Whether `listen` is given TLS with the certificate of `tests/doctor/programs/tls`. */
  readonly tls?: boolean;
  /** Port of the server behind nginx, where it is not to be the app. */
  readonly upstreamPort?: number;
}

const TLS_FOLDER = new URL("./tls/", import.meta.url).pathname;

/** Starts both; `url` is the endpoint through nginx. */
export async function proxiedPath(
  { server, pingMs, tls, upstreamPort }: NginxOptions,
): Promise<ProxiedPath & { readonly url: string }> {
  const program = nginxWith((port, upstream) => `
    upstream lifeline {
      server 127.0.0.1:${upstream};
      keepalive 8;
    }
    server {
      listen 127.0.0.1:${port}${tls ? " ssl http2" : ""};
      ${tls ? `ssl_certificate ${TLS_FOLDER}localhost.crt;` : ""}
      ${tls ? `ssl_certificate_key ${TLS_FOLDER}localhost.key;` : ""}
      ${server}
    }`);
  const settings = { MCP_PING_INTERVAL_MS: pingMs };
  const path = await pathThrough(program, { settings, upstreamPort });
  const scheme = tls ? "https://localhost" : "http://127.0.0.1";
  return { ...path, url: `${scheme}:${path.port}/mcp/sse` };
}

/** nginx with what `http` gives in its `http` block: one process, no daemon. */
export function nginxWith(http: (port: number, upstreamPort: number) => string): ProxyProgram {
  return {
    commands: ["nginx", "/usr/sbin/nginx"],
    package: "nginx",
    args: ["-p", ".", "-c", "nginx.conf", "-e", "stderr"],
    file: "nginx.conf",
    text: ({ port, upstreamPort }) => `
      daemon off;
      master_process off;
      pid nginx.pid;
      error_log stderr;
      events {}
      http {
        access_log off;
        client_body_temp_path body;
        proxy_temp_path proxy;
        fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        ${http(port, upstreamPort)}
      }`,
  };
}

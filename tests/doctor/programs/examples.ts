/**
 * The proxies as docs/operations shows them. Tests change only addresses, certificates and values
 * that must be smaller.
 *
 * @module
 */
import { assert } from "@std/assert";
import { nginxWith } from "./nginx.ts";
import type { ProxyProgram } from "./proxy_process.ts";

/** Replacements of a test in an example, such as `["10s", "1s"]`. */
export type Swaps = readonly (readonly [string, string])[];

const FOLDER = new URL("../../../docs/operations/", import.meta.url);
const ALL_CONNECTIONS = "maxconn 20000";

/** A proxy with a document about it. */
export interface Example {
  readonly name: string;
  /** How doctor recognises it. */
  readonly marks: readonly string[];
  readonly program: (swaps?: Swaps) => ProxyProgram;
  /** Swaps that cut a head which does not come after 1 s. */
  readonly soonCut: Swaps;
  /** Swaps that allow two connections of one address, where the proxy has such a limit. */
  readonly fewConnections: Swaps | undefined;
  /** Swaps with which a hang-up is noticed late, and what doctor says of it. */
  readonly lateHangUp: { readonly swaps: Swaps; readonly fix: string };
}

export const EXAMPLES: readonly Example[] = [
  {
    name: "nginx",
    marks: ["nginx"],
    program: nginxProgram,
    soonCut: [["client_header_timeout 10s", "client_header_timeout 1s"]],
    fewConnections: [["limit_conn clients 1000", "limit_conn clients 2"]],
    lateHangUp: {
      swaps: [["proxy_cache off;", "proxy_cache off; proxy_ignore_client_abort on;"]],
      fix: "proxy_ignore_client_abort off;",
    },
  },
  {
    name: "Caddy",
    marks: ["Caddy"],
    program: caddyProgram,
    soonCut: [["read_header 10s", "read_header 1s"]],
    fewConnections: undefined,
    lateHangUp: {
      swaps: [["lb_try_duration 5s", "lb_try_duration 5s\n\t\tflush_interval -1"]],
      fix: "no `flush_interval -1`",
    },
  },
  {
    name: "HAProxy",
    marks: [],
    program: haproxyProgram,
    soonCut: [["timeout http-request 10s", "timeout http-request 1s"]],
    fewConnections: [["gt 1000", "gt 2"]],
    lateHangUp: {
      swaps: [["    option abortonclose\n", ""]],
      fix: "option abortonclose",
    },
  },
];

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

/** Puts one text in place of another, which must be there. */
function swapped(text: string, swaps: Swaps): string {
  return swaps.reduce((done, [from, to]) => {
    assert(done.includes(from), `the example says ${JSON.stringify(from)}`);
    return done.replace(from, to);
  }, text);
}

/** The chapter of proxies.md on nginx, with the location of nginx.conf.example in it. */
function nginxProgram(swaps: Swaps = []): ProxyProgram {
  const site = /```nginx\n(.*?)```/s.exec(read("proxies.md"))?.[1] ?? "";
  return nginxWith((port, upstreamPort) =>
    swapped(site, [
      ["127.0.0.1:8000", `127.0.0.1:${upstreamPort}`],
      ["listen 443 ssl http2;", `listen 127.0.0.1:${port};`],
      ["ssl_certificate /etc/ssl/mcp.example.com.crt;", ""],
      ["ssl_certificate_key /etc/ssl/mcp.example.com.key;", ""],
      ["include /etc/nginx/lifeline.conf;", read("nginx.conf.example")],
      ...swaps,
    ])
  );
}

function caddyProgram(swaps: Swaps = []): ProxyProgram {
  const file = "Caddyfile";
  return {
    commands: ["caddy", "/usr/bin/caddy"],
    package: "caddy",
    args: ["run", "--config", file, "--adapter", "caddyfile"],
    file,
    text: ({ port, upstreamPort }) =>
      swapped(read("Caddyfile.example"), [
        ["127.0.0.1:8000", `127.0.0.1:${upstreamPort}`],
        ["\nmcp.example.com {", `\nhttp://127.0.0.1:${port} {`],
        // Its own port for administration may be in use here.
        ["\n{\n", "\n{\n\tadmin off\n"],
        ...swaps,
      ]),
  };
}

function haproxyProgram(swaps: Swaps = []): ProxyProgram {
  return {
    commands: ["haproxy", "/usr/sbin/haproxy"],
    package: "haproxy",
    args: ["-f", "haproxy.cfg"],
    file: "haproxy.cfg",
    text: ({ port, upstreamPort }) =>
      swapped(read("haproxy.cfg.example"), [
        ["127.0.0.1:8000", `127.0.0.1:${upstreamPort}`],
        ["bind :8080", `bind 127.0.0.1:${port}`],
        // Which would need more open files than a test may have.
        [ALL_CONNECTIONS, "maxconn 100"],
        ...swaps,
      ]),
  };
}

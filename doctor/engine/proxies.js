/**
 * Facts about the proxies that people put before a server: how to recognise them, which of their
 * settings matters for what, and after how long a silence they usually cut a stream.
 *
 * @module
 */

/** @typedef {{ who: string, what: string }} Fix which program, and what to set there */

/**
 * The purpose of a setting.
 *
 * @typedef {"buffering" | "compression" | "idle" | "duration" | "reuse" | "framing" | "host" |
 *   "prefix" | "method" | "upstream" | "hang_up" | "http1" | "pause" | "upgrade"} Topic
 */

/** A header of the response by which a proxy shows itself. */
const MARKS = [
  { name: "Cloudflare", header: "cf-ray", pattern: /./ },
  { name: "CloudFront", header: "x-amz-cf-id", pattern: /./ },
  { name: "AWS ALB", header: "server", pattern: /^awselb/i },
  { name: "nginx", header: "server", pattern: /nginx|openresty/i },
  { name: "Caddy", header: "via", pattern: /caddy/i },
  { name: "Caddy", header: "server", pattern: /^caddy/i },
  { name: "Apache", header: "server", pattern: /^apache/i },
  { name: "Envoy", header: "server", pattern: /envoy/i },
  { name: "Envoy", header: "x-envoy-upstream-service-time", pattern: /./ },
  { name: "Google Cloud", header: "via", pattern: /\bgoogle\b/i },
  { name: "Heroku", header: "via", pattern: /vegur|heroku/i },
  { name: "Fly.io", header: "fly-request-id", pattern: /./ },
  { name: "Railway", header: "x-railway-edge", pattern: /./ },
  { name: "Varnish", header: "via", pattern: /varnish/i },
];

/** Shown where no proxy shows itself, as HAProxy and AWS ALB never do. */
const USUAL = ["nginx", "Caddy", "HAProxy", "AWS ALB", "Cloudflare"];

/** @type {Record<Topic, Record<string, string>>} */
const SETTINGS = {
  buffering: {
    "nginx": "in the location: `proxy_buffering off;`, and take `proxy_ignore_headers " +
      "X-Accel-Buffering;` out, by which nginx ignores that Lifeline asks for it",
    "Caddy": "no `encode` on this path; Caddy 2 sends event streams on at once by itself",
    "Apache": "`ProxyPass … flushpackets=on`",
    "Cloudflare": "response buffering off for this path (a configuration rule)",
    "Envoy": "no buffer filter on this route",
  },
  pause: {
    "HAProxy": "in the frontend: `option http-no-delay`; without it HAProxy waits for more to send",
  },
  compression: {
    "nginx": "in the location: `gzip off;`, or take text/event-stream out of `gzip_types`",
    "Caddy": "`encode` with a `match` that leaves text/event-stream out",
    "Apache": "`SetEnvIf Accept text/event-stream no-gzip`",
    "Cloudflare": "a compression rule that leaves this path out",
    "Envoy": "take text/event-stream out of the compressor's `content_type`",
  },
  idle: {
    "nginx": "in the location: `proxy_read_timeout 1h;` (60 s where it is not set)",
    "Caddy": "in reverse_proxy, `transport http`: `read_timeout 1h` or none, as by default",
    "HAProxy": "`timeout server 1h`, `timeout client 1h` and `timeout tunnel 1h`",
    "AWS ALB": "attribute `idle_timeout.timeout_seconds` of the load balancer, up to 4000 (60 s " +
      "where it is not set)",
    "Apache": "`ProxyTimeout 3600`, or `timeout=3600` in ProxyPass",
    "Cloudflare": "fixed at about 100 s below the Enterprise plan; only keepalives help",
    "Envoy": "`stream_idle_timeout: 0s` and the route's `timeout: 0s`",
    "CloudFront": "the origin's response timeout (30 s where it is not set)",
    "Heroku": "fixed at 55 s; only keepalives help",
  },
  duration: {
    "Google Cloud": "`timeoutSec` of the backend service (30 s where it is not set)",
    "Envoy": "the route's `timeout: 0s`, and no `max_stream_duration`",
    "nginx": "`worker_shutdown_timeout`, if nginx is reloaded often",
  },
  reuse: {
    "nginx": "in the server: `keepalive_timeout 75s;` (0 closes after each answer), and no " +
      "`keepalive_requests 1;`",
    "HAProxy": "`option http-keep-alive`; no `option httpclose`",
    "Apache": "`KeepAlive On`",
  },
  framing: {
    "nginx": "in the location: `chunked_transfer_encoding on;`",
    "Apache": "take `force-response-1.0` and `downgrade-1.0` out",
  },
  host: {
    "nginx": "in the location: `proxy_set_header Host $host;`",
    "Caddy": "no `header_up Host …`, or `header_up Host {host}`",
    "Apache": "`ProxyPreserveHost On`",
  },
  prefix: {
    "nginx": "`proxy_pass` without a path (no slash) after the server's name, in a location that " +
      "has the server's own path, such as `location /mcp`",
    "Caddy": "`handle` instead of `handle_path`",
    "HAProxy": "no `http-request replace-path` or `set-path`",
  },
  method: {
    "nginx": "no `limit_except` that leaves GET, POST or DELETE out",
    "Cloudflare": "a firewall (WAF) rule that lets GET, POST and DELETE of this path pass",
    "AWS ALB": "a WAF rule that lets GET, POST and DELETE of this path pass",
    "HAProxy": "no `http-request deny` on the method",
  },
  upstream: {
    "nginx": "the address in `proxy_pass`; and look at nginx's error log",
    "Caddy": "the address in `reverse_proxy`",
    "HAProxy": "the `server` line and its health check",
    "AWS ALB": "the target group: its port and its health check (`/healthz`)",
    "Cloudflare": "the origin's address and port",
  },
  hang_up: {
    "nginx": "`proxy_ignore_client_abort off;`, as where it is not set",
    "Caddy": "in reverse_proxy: no `flush_interval -1`, which also keeps requests whose client " +
      "has left",
    "HAProxy": "in the defaults: `option abortonclose`",
  },
  upgrade: {
    "nginx": "no `proxy_set_header Upgrade …`; without it nginx takes the offer away",
    "HAProxy": "in the frontend: `http-request del-header Upgrade`",
    "Caddy": "in reverse_proxy: `header_up -Upgrade`",
    "Apache": "in the location: `RequestHeader unset Upgrade`",
  },
  http1: {
    "nginx": "in the server: `http2 on;` (before 1.25.1: `listen 443 ssl http2;`)",
    "HAProxy": "on the `bind` line: `alpn h2,http/1.1`",
    "Apache": "`Protocols h2 http/1.1`",
  },
};

/** Usual idle timeouts, in seconds. */
const USUAL_CUTS = [
  { after: 30, who: "CloudFront and Google Cloud's backend service" },
  { after: 50, who: "HAProxy as Debian sets it up" },
  { after: 55, who: "Heroku's router" },
  { after: 60, who: "nginx (proxy_read_timeout), AWS ALB and HAProxy's examples" },
  { after: 100, who: "Cloudflare by its documentation" },
  { after: 125, who: "Cloudflare as measured" },
  { after: 230, who: "Azure's App Service" },
  { after: 240, who: "Azure's load balancer" },
  { after: 300, who: "Railway, Envoy (stream_idle_timeout) and Node's fetch" },
  { after: 350, who: "AWS NLB" },
];

/**
 * The proxies that show themselves in a response.
 *
 * @param {Headers} headers
 */
export function recognise(headers) {
  const seen = MARKS.filter(({ header, pattern }) => pattern.test(headers.get(header) ?? ""));
  return [...new Set(seen.map(({ name }) => name))];
}

/**
 * What to set in the recognised proxies; in the usual ones where none was recognised.
 *
 * @param {Topic} topic
 * @param {readonly string[]} proxies
 * @returns {Fix[]}
 */
export function fixesFor(topic, proxies) {
  const known = knownFixes(topic, proxies);
  return known.length > 0 ? known : knownFixes(topic, USUAL);
}

/**
 * What to set in these proxies, as far as they have a setting for it.
 *
 * @param {Topic} topic
 * @param {readonly string[]} names
 * @returns {Fix[]}
 */
function knownFixes(topic, names) {
  return names.flatMap((who) => {
    const what = SETTINGS[topic][who];
    return what === undefined ? [] : [{ who, what }];
  });
}

/**
 * Which programs are known to cut after such a silence.
 *
 * @param {number} ms
 * @returns {string | undefined}
 */
export function knownTimeoutAt(ms) {
  const isNear = (/** @type {number} */ after) =>
    Math.abs(ms / 1000 - after) <= Math.max(1, after * 0.02);
  return USUAL_CUTS.find(({ after }) => isNear(after))?.who;
}

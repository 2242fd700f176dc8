/**
 * All settings, complete and checked. Durations end in `_MS` and are in milliseconds, sizes in
 * `_BYTES`; docs/settings.md has the defaults.
 *
 * Written out, so that the library's types need no inference. `deno task docs` makes this file.
 */
export interface Settings {
  /** Port to listen on; 0 chooses a free one. */
  readonly PORT: number;
  /** Address to listen on. */
  readonly HOST: string;
  /** HTTP server: deno, or node, which uses less memory and limits its sockets. */
  readonly MCP_LISTENER: "deno" | "node";
  /** Whether other processes with this setting may share the port. */
  readonly MCP_REUSE_PORT: boolean;
  /** Public base URL, such as https://mcp.example.com; used for absolute URLs. */
  readonly MCP_PUBLIC_URL: string | undefined;
  /** Time limit for the head of a request to arrive (MCP_LISTENER=node). */
  readonly MCP_HEAD_TIMEOUT_MS: number;
  /** Idle time after which a socket is closed (MCP_LISTENER=node). */
  readonly MCP_IDLE_SOCKET_MS: number;
  /** Maximum size of the head of a request (MCP_LISTENER=node). */
  readonly MCP_MAX_HEAD_BYTES: number;
  /** Maximum number of headers of a request (MCP_LISTENER=node). */
  readonly MCP_MAX_HEADERS: number;
  /** Maximum number of requests on one socket (MCP_LISTENER=node). */
  readonly MCP_MAX_REQUESTS_PER_SOCKET: number;
  /** Modules with exports to serve: paths or URLs, comma-separated. */
  readonly MCP_TOOLS: string | undefined;
  /** Whether to serve the built-in tools. */
  readonly MCP_BUILT_IN_TOOLS: boolean;
  /** Request headers that tools may read as ctx.headers, comma-separated. */
  readonly MCP_TOOL_HEADERS: readonly string[];
  /** Name of the server that clients see. */
  readonly MCP_SERVER_NAME: string;
  /** Title of the server for people; default: MCP_SERVER_NAME. */
  readonly MCP_SERVER_TITLE: string | undefined;
  /** Version of the server that clients see; default: Lifeline's version. */
  readonly MCP_SERVER_VERSION: string | undefined;
  /** Instructions for the model: how to use this server. */
  readonly MCP_SERVER_INSTRUCTIONS: string | undefined;
  /** Whether clients get a reference instead of the messages of unexpected errors; auto: yes if other machines can call. */
  readonly MCP_MASK_ERRORS: "auto" | "on" | "off";
  /** Entries per page of a list. */
  readonly MCP_PAGE_SIZE: number;
  /** Keepalive: time between two pings of a stream. */
  readonly MCP_PING_INTERVAL_MS: number;
  /** Consecutive failed pings after which a stream is closed. */
  readonly MCP_MAX_PING_FAILURES: number;
  /** How to find half-open peers: ss asks the kernel (Linux; needs --allow-run=ss). */
  readonly MCP_TCP_PROBE: "off" | "ss";
  /** Maximum age of a stream; each ends at 80-100 % of it, so that they do not end together. */
  readonly MCP_MAX_CONNECTION_MS: number;
  /** Maximum size of a result as JSON; a larger one is answered with an error. */
  readonly MCP_MAX_RESULT_BYTES: number;
  /** Maximum bytes that wait for one slow reader. */
  readonly MCP_MAX_QUEUED_BYTES: number;
  /** Maximum bytes that wait for all readers together. */
  readonly MCP_MAX_TOTAL_QUEUED_BYTES: number;
  /** Maximum number of open streams, and of running requests. */
  readonly MCP_MAX_CONNECTIONS: number;
  /** Maximum number of open streams per client, and of running requests. */
  readonly MCP_MAX_CONNECTIONS_PER_CLIENT: number;
  /** Long-lived streams per client per second. */
  readonly MCP_STREAM_OPENS_PER_SECOND: number;
  /** Burst: long-lived streams that a client may open at once. */
  readonly MCP_STREAM_OPENS_BURST: number;
  /** New sessions per client per second. */
  readonly MCP_INITIALIZES_PER_SECOND: number;
  /** Burst: sessions that a client may open at once. */
  readonly MCP_INITIALIZES_BURST: number;
  /** Tool calls and completions per client per second. */
  readonly MCP_CALLS_PER_SECOND: number;
  /** Burst: tool calls and completions that a client may send at once. */
  readonly MCP_CALLS_BURST: number;
  /** Unused short streams after which a client is refused (one is forgiven every 10 s). */
  readonly MCP_MAX_FLAPS: number;
  /** Heap use, in percent of its limit, above which new work is refused. */
  readonly MCP_MAX_HEAP_PERCENT: number;
  /** Resident memory, in percent of MCP_MEMORY_BYTES, above which new work is refused. */
  readonly MCP_MAX_RESIDENT_PERCENT: number;
  /** Memory that the process may use; default: the limit of its cgroup, else the machine's memory (asking needs --allow-sys=systemMemoryInfo). */
  readonly MCP_MEMORY_BYTES: number | undefined;
  /** Maximum number of running requests per stream or session. */
  readonly MCP_MAX_REQUESTS_PER_CONNECTION: number;
  /** Maximum size of a request body. */
  readonly MCP_MAX_BODY_BYTES: number;
  /** Maximum number of values in a large request body: texts, numbers, members, lists. */
  readonly MCP_MAX_BODY_VALUES: number;
  /** Maximum bytes of large bodies per client that are read or belong to running requests. */
  readonly MCP_MAX_BODY_BYTES_PER_CLIENT: number;
  /** Maximum bytes of such bodies in total. */
  readonly MCP_MAX_TOTAL_BODY_BYTES: number;
  /** Time limit for a request body to arrive. */
  readonly MCP_BODY_TIMEOUT_MS: number;
  /** Time limit for a tool call. */
  readonly MCP_REQUEST_TIMEOUT_MS: number;
  /** Time for running calls to end after SIGINT, SIGTERM or SIGHUP. */
  readonly MCP_DRAIN_MS: number;
  /** Idle time after which a session ends. */
  readonly MCP_SESSION_IDLE_MS: number;
  /** Maximum age of a session that is restored from its id. */
  readonly MCP_SESSION_MAX_MS: number;
  /** Maximum number of sessions in memory; the least recently used leave first. */
  readonly MCP_MAX_SESSIONS: number;
  /** Maximum number of sessions in memory per client; its least recently used leave first. */
  readonly MCP_MAX_SESSIONS_PER_CLIENT: number;
  /** Secret that signs session ids; with the same secret, sessions survive a restart. Of several, comma-separated, the first signs and all are accepted. */
  readonly MCP_SESSION_KEY: string | undefined;
  /** Events kept for replay, per stream. */
  readonly MCP_REPLAY_EVENTS: number;
  /** Bytes of events kept for replay, per stream. */
  readonly MCP_REPLAY_BYTES: number;
  /** Bytes of events kept for replay, in total; each event counts 1 KiB more than its size. */
  readonly MCP_REPLAY_TOTAL_BYTES: number;
  /** Time for which events are kept for replay. */
  readonly MCP_REPLAY_MS: number;
  /** Store that several instances share, such as redis://10.0.0.5:6379, or kv:; needs MCP_SESSION_KEY. */
  readonly MCP_STORE: string | undefined;
  /** Beginning of all keys and channels in the store; instances with the same belong together. */
  readonly MCP_STORE_PREFIX: string;
  /** Whether to refuse sessions while the store cannot tell whether they have ended. */
  readonly MCP_STORE_STRICT: boolean;
  /** Time after which an instance that gives no sign of life counts as dead. */
  readonly MCP_STORE_LEASE_MS: number;
  /** Host names that clients may use, comma-separated; * allows any. */
  readonly MCP_ALLOWED_HOSTS: readonly string[];
  /** Origins, or host names of origins, of web pages that may call; * allows any. */
  readonly MCP_ALLOWED_ORIGINS: readonly string[];
  /** Addresses and subnets of proxies that are trusted to name the client. */
  readonly MCP_TRUSTED_PROXIES: readonly string[];
  /** Header in which trusted proxies name the client; they must overwrite it. */
  readonly MCP_FORWARDED_HEADER: string;
  /** Token for the connection view and the metrics; without it each start makes one and prints a link with it. */
  readonly MCP_ADMIN_TOKEN: string | undefined;
  /** Second token that may read but not end connections, for monitoring. */
  readonly MCP_READ_TOKEN: string | undefined;
  /** Whether /metrics needs no token. */
  readonly MCP_METRICS_PUBLIC: boolean;
  /** Issuers of accepted access tokens, comma-separated. */
  readonly MCP_AUTH_ISSUERS: readonly string[];
  /** Accepted audiences of tokens; default: the public URLs of the endpoints. */
  readonly MCP_AUTH_AUDIENCES: readonly string[];
  /** Scopes that every request needs. */
  readonly MCP_AUTH_SCOPES: readonly string[];
  /** Scopes that clients are told to ask for; default: MCP_AUTH_SCOPES. */
  readonly MCP_AUTH_OFFERED_SCOPES: readonly string[];
  /** Accepted typ headers of JWTs; Entra and Keycloak send jwt. */
  readonly MCP_AUTH_TOKEN_TYPES: readonly string[];
  /** Claim with values that count as scopes, such as roles or realm_access.roles. */
  readonly MCP_AUTH_ROLES_CLAIM: string | undefined;
  /** Tolerated difference between the clocks of issuer and server. */
  readonly MCP_AUTH_LEEWAY_MS: number;
  /** URL of the issuer that introspects opaque tokens (RFC 7662). */
  readonly MCP_AUTH_INTROSPECTION_URL: string | undefined;
  /** Client id for introspection. */
  readonly MCP_AUTH_INTROSPECTION_CLIENT_ID: string | undefined;
  /** Client secret for introspection. */
  readonly MCP_AUTH_INTROSPECTION_CLIENT_SECRET: string | undefined;
  /** Time for which an introspection is cached. */
  readonly MCP_AUTH_INTROSPECTION_CACHE_MS: number;
  /** Time between two introspections of a token while its streams are open. */
  readonly MCP_AUTH_RECHECK_MS: number;
  /** Whether an introspected token must name its audience. */
  readonly MCP_AUTH_INTROSPECTION_AUDIENCE: "required" | "optional";
  /** JSON file of static keys; it is read again when it changes. */
  readonly MCP_AUTH_KEYS_FILE: string | undefined;
  /** Header for static keys, besides Authorization. */
  readonly MCP_AUTH_KEY_HEADER: string | undefined;
  /** Whether to serve the first issuer's metadata here too, for 2025-03-26 clients. */
  readonly MCP_AUTH_MIRROR_METADATA: boolean;
  /** Refused tokens after which an address must wait (one is forgiven every second). */
  readonly MCP_MAX_AUTH_FAILURES: number;
  /** Whether to log each call with its principal, tool, outcome and duration. */
  readonly MCP_AUDIT: boolean;
  /** Least urgent level to log. */
  readonly MCP_LOG_LEVEL: "debug" | "info" | "warning" | "error";
  /** Format of log lines. */
  readonly MCP_LOG_FORMAT: "text" | "json";
}

/** Settings that only the server may know. */
export type SecretName =
  | "MCP_ADMIN_TOKEN"
  | "MCP_READ_TOKEN"
  | "MCP_SESSION_KEY"
  | "MCP_STORE"
  | "MCP_AUTH_INTROSPECTION_CLIENT_SECRET";

/** All settings but the secrets. */
export type PublicSettings = Omit<Settings, SecretName>;

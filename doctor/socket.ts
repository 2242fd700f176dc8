/**
 * Inspects on a bare socket what `fetch` hides: the HTTP version, whether a connection is kept for
 * a further request, how a stream is framed, and what becomes of an offer to upgrade.
 *
 * @module
 */
import type { ConnectionMeasured } from "./engine/examine.js";
import type { ProbeContext } from "./engine/request.js";

const PING = JSON.stringify({ jsonrpc: "2.0", id: "connection", method: "ping" });
/** Longest head and longest body that are read, in characters. */
const MAX_READ = 65_536;

/** Inspects the connection; knows less where the peer does not speak HTTP as expected. */
export async function inspectConnection(context: ProbeContext): Promise<ConnectionMeasured> {
  const url = new URL(context.url);
  const isSecure = url.protocol === "https:";
  try {
    if (isSecure && await negotiates(url, "h2", context.patienceMs)) {
      return { isSecure, httpVersion: "2" };
    }
    const measured = { isSecure, ...await inspectHttp1(url, context) };
    // Over TLS a client negotiates HTTP/2 without an offer to upgrade.
    return isSecure ? measured : { ...measured, ...await offerUpgrade(url, context) };
  } catch (error) {
    // The other measurements report a broken path better.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return { isSecure };
  }
}

async function negotiates(url: URL, protocol: string, withinMs: number): Promise<boolean> {
  using connection = await connect(url, [protocol, "http/1.1"], withinMs);
  if (!("handshake" in connection)) return false;
  // To close it is the only way to end a handshake that the peer does not answer.
  const timer = setTimeout(() => connection.close(), withinMs);
  try {
    return (await connection.handshake()).alpnProtocol === protocol;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends a POST that offers an upgrade to HTTP/2, as Java's default client does. A server may ignore
 * the offer (RFC 9110, 7.8), but has to answer the request.
 */
async function offerUpgrade(
  url: URL,
  context: ProbeContext,
): Promise<Pick<ConnectionMeasured, "upgradeStatus">> {
  using connection = await RawConnection.open(url, context.patienceMs);
  const head = await connection.ask(requestText(url, {
    ...context.headers,
    accept: "application/json, text/event-stream",
    connection: "Upgrade, HTTP2-Settings",
    upgrade: "h2c",
    "http2-settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
  }, PING));
  return head === undefined ? {} : { upgradeStatus: head.status };
}

/** Connects, with a time limit. */
async function connect(
  url: URL,
  alpnProtocols: string[],
  withinMs: number,
): Promise<Deno.TcpConn | Deno.TlsConn> {
  const connecting = url.protocol === "https:"
    ? Deno.connectTls({ ...addressOf(url), alpnProtocols })
    : Deno.connect(addressOf(url));
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Deno.errors.TimedOut(`No connection within ${withinMs} ms`));
    connecting.then((connection) => connection.close()).catch(() => {});
  }, withinMs);
  try {
    return await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function inspectHttp1(
  url: URL,
  context: ProbeContext,
): Promise<Omit<ConnectionMeasured, "isSecure">> {
  const ask = requestText(url, { ...context.headers, accept: "application/json" }, PING);
  const askStream = requestText(new URL(context.plainUrl), {
    ...context.headers,
    accept: "text/event-stream",
  });
  using first = await RawConnection.open(url, context.patienceMs);
  const head = await first.ask(ask);
  const isReused = head !== undefined && await first.skipBody(head.headers) &&
    await first.answersWhole(ask);
  using second = isReused ? undefined : await RawConnection.open(url, context.patienceMs);
  const streamHead = await (second ?? first).ask(askStream);
  return {
    ...(head !== undefined && { httpVersion: head.version, isReused }),
    ...framingOf(streamHead),
  };
}

function framingOf(head: Head | undefined): Pick<ConnectionMeasured, "framing"> {
  if (head?.status !== 200) return {};
  if (head.headers.get("transfer-encoding")?.includes("chunked")) return { framing: "chunked" };
  return head.headers.has("content-length") ? {} : { framing: "until_close" };
}

function requestText(url: URL, headers: Record<string, string>, body = ""): string {
  const lines = Object.entries({
    host: url.host,
    ...headers,
    "content-type": "application/json",
    "content-length": String(body.length),
  });
  return [
    `POST ${url.pathname} HTTP/1.1`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    "",
    body,
  ].join("\r\n");
}

function addressOf(url: URL): { hostname: string; port: number } {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return { hostname, port: Number(url.port || (url.protocol === "https:" ? 443 : 80)) };
}

interface Head {
  readonly version: string;
  readonly status: number;
  readonly headers: Headers;
}

/** A connection with HTTP/1.1 written by hand, and a time limit. */
class RawConnection implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #timer: ReturnType<typeof setTimeout>;
  #text = "";
  #isClosed = false;

  constructor(connection: Deno.Conn, withinMs: number) {
    this.#connection = connection;
    this.#timer = setTimeout(() => this.#close(), withinMs);
  }

  static async open(url: URL, withinMs: number): Promise<RawConnection> {
    return new RawConnection(await connect(url, ["http/1.1"], withinMs), withinMs);
  }

  /** Sends a request. Returns whether the whole answer arrived. */
  async answersWhole(request: string): Promise<boolean> {
    const head = await this.ask(request);
    return head !== undefined && await this.skipBody(head.headers);
  }

  /** Sends a request and reads the head of its answer; undefined where there is none. */
  async ask(request: string): Promise<Head | undefined> {
    try {
      await writeAll(this.#connection, new TextEncoder().encode(request));
    } catch {
      return undefined;
    }
    const text = await this.#take("\r\n\r\n");
    const [statusLine = "", ...lines] = text?.split("\r\n") ?? [];
    const [, version, status] = /^HTTP\/(\d\.\d) (\d{3})/.exec(statusLine) ?? [];
    if (version === undefined) return undefined;
    return { version, status: Number(status), headers: headersOf(lines) };
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  /** Reads a body. Returns whether it ended before the connection did. */
  async skipBody(headers: Headers): Promise<boolean> {
    if (headers.get("transfer-encoding")?.includes("chunked")) return await this.#skipChunks();
    const length = Number(headers.get("content-length") ?? NaN);
    return !Number.isNaN(length) && await this.#skip(length);
  }

  async #skipChunks(): Promise<boolean> {
    for (;;) {
      const size = parseInt(await this.#take("\r\n") ?? "", 16);
      if (Number.isNaN(size) || !await this.#skip(size + 2)) return false;
      if (size === 0) return true;
    }
  }

  async #skip(length: number): Promise<boolean> {
    while (this.#text.length < length) if (!await this.#read()) return false;
    this.#text = this.#text.slice(length);
    return true;
  }

  /** Reads up to a mark; undefined where the connection ends first. */
  async #take(mark: string): Promise<string | undefined> {
    while (!this.#text.includes(mark)) if (!await this.#read()) return undefined;
    const end = this.#text.indexOf(mark);
    const taken = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + mark.length);
    return taken;
  }

  async #read(): Promise<boolean> {
    if (this.#text.length > MAX_READ) return false;
    const bytes = new Uint8Array(4096);
    try {
      const count = await this.#connection.read(bytes);
      if (count === null) return false;
      this.#text += new TextDecoder("latin1").decode(bytes.subarray(0, count));
      return true;
    } catch {
      // Reset by the peer, or closed here as the time was over.
      return false;
    }
  }

  #close(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }
}

function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

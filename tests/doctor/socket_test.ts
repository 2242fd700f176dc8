/** The findings of the doctor on a bare socket, from peers that follow a script. */
import { assertEquals, assertMatch } from "@std/assert";
import { inspectConnection } from "../../doctor/socket.ts";

const BODY = '{"jsonrpc":"2.0","id":"connection","result":{}}';
const LENGTH = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const CHUNKED = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${
  BODY.length.toString(16)
}\r\n${BODY}\r\n0\r\n\r\n`;
const STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
const CHUNKED_STREAM = `${STREAM}Transfer-Encoding: chunked\r\n\r\n`;
const BARE_STREAM = `${STREAM}Connection: close\r\n\r\n`;

/** A peer's answers to the requests of each of its connections, in order. */
type Script = readonly (readonly (string | "silence")[])[];

/** Listens, and answers connection by connection; after its last answer it closes each. */
class ScriptedPeer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  readonly requests: string[] = [];

  constructor(script: Script) {
    this.#serving = this.#serve(script);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/mcp/sse`;
  }

  async #serve(script: Script): Promise<void> {
    for (const answers of script) {
      using connection = await this.#listener.accept();
      for (const answer of answers) {
        const request = await readSome(connection);
        if (request === undefined) break;
        this.requests.push(request);
        if (answer !== "silence") await connection.write(new TextEncoder().encode(answer));
        // A client without an answer waits, and then leaves.
        else await readSome(connection);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serving;
    this.#listener.close();
  }
}

async function readSome(connection: Deno.Conn): Promise<string | undefined> {
  const bytes = new Uint8Array(4096);
  const count = await connection.read(bytes).catch(() => null);
  return count === null ? undefined : new TextDecoder().decode(bytes.subarray(0, count));
}

async function inspected(peer: { readonly url: string }, patienceMs = PATIENCE_MS) {
  return await inspectConnection({
    url: peer.url,
    plainUrl: peer.url,
    infoUrl: peer.url,
    fetch,
    headers: { authorization: "Bearer x" },
    patienceMs,
    stepMs: 1,
    signal: new AbortController().signal,
  });
}

/** More than any peer that answers needs, on however busy a machine. */
const PATIENCE_MS = 30_000;

const CASES: readonly { what: string; script: Script; learnt: Record<string, unknown> }[] = [
  {
    what: "one connection for all, with chunks",
    script: [[LENGTH, CHUNKED, CHUNKED_STREAM], [LENGTH]],
    learnt: { httpVersion: "1.1", isReused: true, framing: "chunked", upgradeStatus: 200 },
  },
  {
    what: "a connection that is closed after each answer, and a stream without chunks",
    script: [[LENGTH], [BARE_STREAM], [LENGTH]],
    learnt: { httpVersion: "1.1", isReused: false, framing: "until_close", upgradeStatus: 200 },
  },
  {
    what: "HTTP/1.0, whose body ends with the connection",
    script: [[`HTTP/1.0 200 OK\r\n\r\n${BODY}`], [BARE_STREAM], []],
    learnt: { httpVersion: "1.0", isReused: false, framing: "until_close" },
  },
  {
    what: "a refused stream",
    script: [[LENGTH, LENGTH, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"], [LENGTH]],
    learnt: { httpVersion: "1.1", isReused: true, upgradeStatus: 200 },
  },
  {
    what: "an offer to upgrade that is refused",
    script: [[LENGTH, LENGTH, CHUNKED_STREAM], ["HTTP/1.1 400 Bad Request\r\n\r\n"]],
    learnt: { httpVersion: "1.1", isReused: true, framing: "chunked", upgradeStatus: 400 },
  },
  { what: "something that is not HTTP", script: [["220 smtp ready\r\n\r\n"], [], []], learnt: {} },
];

for (const { what, script, learnt } of CASES) {
  Deno.test(`inspectConnection() tells ${what}`, async () => {
    await using peer = new ScriptedPeer(script);
    assertEquals<unknown>(await inspected(peer), { isSecure: false, ...learnt });
  });
}

Deno.test("inspectConnection() does not wait for ever for a peer that says nothing", async () => {
  await using peer = new ScriptedPeer([["silence"], ["silence"], ["silence"]]);
  assertEquals<unknown>(await inspected(peer, 50), { isSecure: false });
});

Deno.test("inspectConnection() sends requests that are complete, with the headers given", async () => {
  await using peer = new ScriptedPeer([[LENGTH, LENGTH, CHUNKED_STREAM], [LENGTH]]);
  await inspected(peer);
  assertEquals(peer.requests.length, 4);
  for (const request of peer.requests) {
    const [head = "", body = ""] = request.split("\r\n\r\n");
    const headers = new Map(
      head.split("\r\n").slice(1).map((line) => line.split(": ", 2) as [string, string]),
    );
    assertEquals(head.startsWith("POST /mcp/sse HTTP/1.1\r\n"), true);
    assertEquals(headers.get("authorization"), "Bearer x");
    assertEquals(headers.get("content-length"), String(body.length));
    assertEquals(headers.get("host"), new URL(peer.url).host);
  }
});

Deno.test("inspectConnection() offers an upgrade as Java's client does", async () => {
  await using peer = new ScriptedPeer([[LENGTH, LENGTH, CHUNKED_STREAM], [LENGTH]]);
  await inspected(peer);
  const offer = peer.requests[3] ?? "";
  assertMatch(offer, /^connection: Upgrade, HTTP2-Settings\r$/m);
  assertMatch(offer, /^upgrade: h2c\r$/m);
});

Deno.test("inspectConnection() does not wait for ever for a TLS handshake", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const { port } = listener.addr;
  const measured = await inspected({ url: `https://127.0.0.1:${port}/mcp/sse` }, 100);
  assertEquals<unknown>(measured, { isSecure: true });
  (await accepted).close();
});

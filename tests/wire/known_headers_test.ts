/** The headers that most requests are asked for, however the runtime keeps them. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { NodeHeaders } from "../../lib/runtime/listen/node_headers.ts";
import { KnownHeaders } from "../../lib/wire/known_headers.ts";

const FIELD_OF = {
  "Accept": "accept",
  "Content-Length": "contentLength",
  "Content-Type": "contentType",
  "Host": "host",
  "Idempotency-Key": "idempotencyKey",
  "Mcp-Connection-Id": "connectionId",
  "Mcp-Method": "mcpMethod",
  "Mcp-Name": "mcpName",
  "Mcp-Ping-Interval-Ms": "pingInterval",
  "Mcp-Protocol-Version": "protocolVersion",
  "Mcp-Session-Id": "sessionId",
  "Origin": "origin",
  "Sec-Fetch-Site": "fetchSite",
  "User-Agent": "userAgent",
} as const;
const NAMES = Object.keys(FIELD_OF) as (keyof typeof FIELD_OF)[];

type Pairs = readonly (readonly [string, string])[];

/** The headers as `node:http` has them; `Headers` knows no other way to ask them. */
function nodeHeaders(pairs: Pairs): Headers {
  const headers: unknown = new NodeHeaders(pairs.flat());
  assert(headers instanceof Headers);
  return headers;
}

function headersOf(pairs: Pairs): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}

/** What is known of headers, as `Headers.get()` tells it. */
function lookedUp(headers: Headers): Record<string, string | null> {
  return Object.fromEntries(NAMES.map((name) => [FIELD_OF[name], headers.get(name)]));
}

const known = (headers: Headers): object => ({ ...new KnownHeaders(headers) });

/** Counts the look-ups in headers. */
function watched(pairs: Pairs): { readonly headers: Headers; readonly asked: string[] } {
  const asked: string[] = [];
  class Watched extends Headers {
    override get(name: string): string | null {
      asked.push(name);
      return super.get(name);
    }
  }
  const headers = new Watched();
  for (const [name, value] of pairs) headers.append(name, value);
  return { headers, asked };
}

Deno.test("each known header has its field, and any other header none", () => {
  const pairs = NAMES.map((name): [string, string] => [name, `value of ${name}`]);
  const expected = Object.fromEntries(
    NAMES.map((name) => [FIELD_OF[name], `value of ${name}`]),
  );
  for (const make of [headersOf, nodeHeaders]) {
    assertEquals(known(make([["X-Other", "1"], ...pairs])), expected);
    assertEquals(known(make([])), lookedUp(new Headers()));
  }
});

Deno.test("property: a header is known as Headers.get() tells it, in any case and any number of copies", () => {
  const spelling = fc.constantFrom(...NAMES, ...NAMES.map((name) => name.toLowerCase()), "X-Other")
    .chain((name) => fc.constantFrom(name, name.toUpperCase()));
  const value = fc.constantFrom("", "a", "a, b", "text/event-stream");
  fc.assert(fc.property(fc.array(fc.tuple(spelling, value)), (pairs) => {
    const headers = headersOf(pairs);
    assertEquals(known(headers), lookedUp(headers));
    assertEquals(known(nodeHeaders(pairs)), lookedUp(headers));
  }));
});

Deno.test("the lists of this Deno are read, without a look-up for each name", () => {
  const { headers, asked } = watched([["Accept", "text/html"]]);
  assertEquals(new KnownHeaders(headers).accept, "text/html");
  assertEquals(asked, []);
});

Deno.test("headers whose lists are not as expected are asked for each name", () => {
  const { headers, asked } = watched([["Accept", "text/html"]]);
  headers.has("Accept");
  const list = Object.getOwnPropertySymbols(headers)
    .find(({ description }) => description === "lowercase header names");
  assertNotEquals(list, undefined);
  Object.defineProperty(headers, list!, { get: () => null, set: () => {} });
  assertEquals(new KnownHeaders(headers).accept, "text/html");
  assertEquals(asked.length, NAMES.length);
});

Deno.test("headers over a socket are known as they were sent", async () => {
  const seen = Promise.withResolvers<object[]>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ headers }) => {
      seen.resolve([known(headers), lookedUp(headers)]);
      return new Response();
    },
  );
  await using socket = await closing(server.addr.port);
  const head = "GET / HTTP/1.1\r\nHOST: a.example\r\naccept: a/b\r\nAccept: c/d\r\n" +
    "mcp-Name: \xe9\r\nConnection: close\r\n\r\n";
  await socket.conn.write(Uint8Array.from(head, (char) => char.charCodeAt(0)));
  const [one, other] = await seen.promise;
  assertEquals(one, other);
  assertEquals(one, {
    ...lookedUp(new Headers()),
    accept: "a/b, c/d",
    host: "a.example",
    mcpName: "\xe9",
  });
});

async function closing(port: number): Promise<AsyncDisposable & { readonly conn: Deno.Conn }> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  return {
    conn,
    [Symbol.asyncDispose]: async () => {
      await new Response(conn.readable).arrayBuffer();
    },
  };
}

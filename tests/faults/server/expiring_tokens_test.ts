/**
 * A thousand streams in every dialect, over real sockets, whose tokens expire at the same moment.
 * Each stream is closed in time, and the clients reconnect with fresh tokens, spread over two
 * seconds.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { createApp } from "../../../lib/mod.ts";
import { initializeRequest } from "../../helpers/app.ts";
import { EventReader } from "../../helpers/sse.ts";
import { mirrorHeaders, modernBody } from "../../spec/support/modern.ts";
import { FakeIssuer, makeToken } from "../../auth/fake_issuer.ts";
import { AUTH_SETTINGS, PUBLIC_URL } from "../../auth/scene.ts";

const PER_DIALECT = 250;
const LEEWAY_MS = 500;
/** From the first token to the end of all of them; opening the streams takes a part of it. */
const TOKENS_LIVE_S = 40;
/** The server asks clients to come back within this time (docs/operations/authorization.md). */
const SPREAD_MS = 2_000;
const EVENT_STREAM = { accept: "text/event-stream" };

type Headers = Record<string, string>;
/** Opens a stream; `session` has the headers that the client keeps from one stream to the next. */
type Opener = (url: string, headers: Headers, session: Headers) => Promise<Response>;

const LISTEN = modernBody("subscriptions/listen", { notifications: { toolsListChanged: true } });

const OPENERS: Readonly<Record<string, Opener>> = {
  plain: (url, headers) =>
    fetch(`${url}/sse`, { method: "POST", headers: { ...headers, ...EVENT_STREAM } }),
  http_sse: (url, headers) => fetch(url, { headers: { ...headers, ...EVENT_STREAM } }),
  streamable: async (url, headers, session) => {
    if (session["mcp-session-id"] === undefined) {
      const opened = await postJson(
        url,
        initializeRequest(),
        headers,
      );
      await opened.body?.cancel();
      session["mcp-session-id"] = opened.headers.get("mcp-session-id") ?? "";
    }
    return await fetch(url, { headers: { ...headers, ...session, ...EVENT_STREAM } });
  },
  listen: (url, headers) => postJson(url, LISTEN, { ...mirrorHeaders(LISTEN), ...headers }),
};

function postJson(url: string, body: unknown, headers: Headers): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function bearer(subject: string, expiresAt: number): Promise<Headers> {
  const claims = { aud: PUBLIC_URL, sub: subject, iat: Date.now() / 1000, exp: expiresAt / 1000 };
  return { authorization: `Bearer ${await makeToken({ claims })}` };
}

/** The observations of one client. */
interface Stay {
  readonly dialect: string;
  /** When the stream ended (ms since the Unix epoch). */
  readonly endedAt: number;
  /** How long the server asked it to wait (ms). */
  readonly retryMs: number;
  /** When it had its next stream. */
  readonly backAt: number;
}

/** Opens a stream, reads it to its end, waits for the time of `retry`, and opens the next. */
async function stay(dialect: string, url: string, name: string, expiresAt: number): Promise<Stay> {
  const open = OPENERS[dialect]!;
  const session: Headers = {};
  const response = await open(url, await bearer(name, expiresAt), session);
  assertEquals(response.status, 200, `${dialect}: ${response.headers.get("www-authenticate")}`);
  const events = new EventReader(response);
  await events.rest();
  const endedAt = Date.now();
  const retryMs = events.retries.at(-1) ?? Infinity;
  assertLessOrEqual(retryMs, SPREAD_MS, `${dialect}: when to come back`);
  await new Promise((resolve) => setTimeout(resolve, retryMs));
  const next = await open(url, await bearer(name, Date.now() + 600_000), session);
  assertEquals(next.status, 200, `${dialect}: the next stream`);
  const backAt = Date.now();
  await next.body?.cancel();
  return { dialect, endedAt, retryMs, backAt };
}

/** The most that fall into one tenth of the time from the first to `SPREAD_MS` after it. */
function fullestTenth(times: readonly number[]): number {
  const first = Math.min(...times);
  const tenths = Map.groupBy(times, (time) => Math.floor((time - first) / (SPREAD_MS / 10)));
  return Math.max(...[...tenths.values()].map(({ length }) => length));
}

Deno.test("1,000 streams in all dialects end with their tokens, and their clients come back spread", async () => {
  const endedAt: number[] = [];
  const app = createApp({
    settings: {
      ...AUTH_SETTINGS,
      MCP_AUTH_LEEWAY_MS: LEEWAY_MS,
      MCP_STREAM_OPENS_PER_SECOND: 1_000,
    },
    auth: { fetch: new FakeIssuer().fetch },
    observer: {
      connectionClosed: ({ reason }) => {
        if (reason === "auth_expired") endedAt.push(Date.now());
      },
    },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const url = `http://127.0.0.1:${server.addr.port}/mcp`;
  const expiresAt = Math.ceil(Date.now() / 1000 + TOKENS_LIVE_S) * 1000;
  const stays = await Promise.all(
    Object.keys(OPENERS).flatMap((dialect) =>
      Array.from(
        { length: PER_DIALECT },
        (_, i) => stay(dialect, url, `${dialect}-${i}`, expiresAt),
      )
    ),
  );
  app.stop();
  await server.shutdown();

  assertEquals(endedAt.length, stays.length, "streams that ended with auth_expired");
  const due = expiresAt + LEEWAY_MS;
  assert(endedAt.every((at) => at >= expiresAt), "no stream ends before its token");
  assertLess(Math.max(...endedAt) - due, 1_000, "how long the last stream outlived its token");
  for (const [dialect, those] of Map.groupBy(stays, ({ dialect }) => dialect)) {
    assertEquals(those.length, PER_DIALECT);
    const waits = those.map(({ retryMs }) => retryMs);
    assertLess(fullestTenth(waits), PER_DIALECT / 4, `${dialect}: waits that are alike`);
    assertLess(
      fullestTenth(those.map(({ backAt }) => backAt)),
      PER_DIALECT / 2,
      `${dialect}: back`,
    );
  }
});

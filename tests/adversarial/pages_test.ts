/** A stream, session or state that one web page has opened is closed to every other page. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { PLAIN_HEADERS, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";

/** By what sends a request; no page names no origin. Apps of tests are at `http://localhost`. */
const ORIGINS = {
  "no page": undefined,
  "the server's own page": "http://localhost",
  "a page on port 3001": "http://localhost:3001",
  "a page on port 3002": "http://localhost:3002",
} as const;
type Sender = keyof typeof ORIGINS;
const SENDERS = Object.keys(ORIGINS) as Sender[];
const FOREIGN: readonly Sender[] = ["a page on port 3001", "a page on port 3002"];

/**
 * Every page sends an origin, except the server's own pages with a GET; other clients may send
 * none.
 */
function mayUse(opener: Sender, sender: Sender): boolean {
  return sender === "no page" || sender === opener ||
    !FOREIGN.includes(opener) && !FOREIGN.includes(sender);
}

function as(sender: Sender): Record<string, string> {
  const origin = ORIGINS[sender];
  return origin === undefined ? {} : { origin };
}

async function refusal(response: Response): Promise<unknown> {
  return [response.status, (await response.json()).error];
}

/** One way to use something that a page has opened. */
interface Use {
  readonly name: string;
  /** Opens it, and gives its id. */
  open(app: TestApp, headers: Record<string, string>): Promise<string>;
  /** Uses it, or something of an id that there never was. */
  use(app: TestApp, id: string, headers: Record<string, string>): Promise<Response>;
}

async function openPlain(app: TestApp, headers: Record<string, string>): Promise<string> {
  const { id } = await app.open(undefined, { headers: { ...PLAIN_HEADERS, ...headers } });
  return id;
}

async function openHttpSse(app: TestApp, headers: Record<string, string>): Promise<string> {
  const response = await app.request("/mcp", {
    headers: { accept: "text/event-stream", ...headers },
  });
  const { data = "" } = await new EventReader(response).next() ?? {};
  return data.slice(data.indexOf("=") + 1);
}

const openSession =
  (version: string) => async (app: TestApp, headers: Record<string, string>): Promise<string> => {
    const response = await initialize(app, { version }, headers);
    await response.body?.cancel();
    return response.headers.get("mcp-session-id") ?? "";
  };

/** A request that names a session. */
function inSession(
  app: TestApp,
  id: string,
  init: RequestInit & { headers: Record<string, string> },
): Promise<Response> {
  const headers = { "content-type": "application/json", ...init.headers, "mcp-session-id": id };
  return app.request("/mcp", { ...init, headers });
}

const USES: readonly Use[] = [
  {
    name: "a message to a plain stream",
    open: openPlain,
    use: (app, id, headers) =>
      app.post("/mcp/sse", rpc("ping"), { ...headers, "mcp-connection-id": id }),
  },
  {
    name: "the end of a plain stream",
    open: openPlain,
    use: (app, id, headers) =>
      app.request("/mcp/sse", {
        method: "DELETE",
        headers: { ...headers, "mcp-connection-id": id },
      }),
  },
  {
    name: "a message to a 2024-11-05 stream",
    open: openHttpSse,
    use: (app, id, headers) => app.post(`/mcp?connection_id=${id}`, rpc("ping"), headers),
  },
  {
    name: "a message to a 2024-11-05 stream without its path",
    open: openHttpSse,
    use: (app, id, headers) => app.post(`/?connection_id=${id}`, rpc("ping"), headers),
  },
  ...["2025-03-26", "2025-06-18", "2025-11-25"].flatMap((version): Use[] => [
    {
      name: `a request in a ${version} session`,
      open: openSession(version),
      use: (app, id, headers) =>
        inSession(app, id, { method: "POST", headers, body: JSON.stringify(rpc("ping")) }),
    },
    {
      name: `a notification in a ${version} session`,
      open: openSession(version),
      use: (app, id, headers) => {
        const body = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
        return inSession(app, id, { method: "POST", headers, body });
      },
    },
    {
      name: `an answer in a ${version} session`,
      open: openSession(version),
      use: (app, id, headers) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: "a-question", result: {} });
        return inSession(app, id, { method: "POST", headers, body });
      },
    },
    {
      name: `the stream of a ${version} session`,
      open: openSession(version),
      use: (app, id, headers) =>
        inSession(app, id, { headers: { ...headers, accept: "text/event-stream" } }),
    },
    {
      name: `the end of a ${version} session`,
      open: openSession(version),
      use: (app, id, headers) => inSession(app, id, { method: "DELETE", headers }),
    },
  ]),
  {
    name: "a batch in a 2025-03-26 session",
    open: openSession("2025-03-26"),
    use: (app, id, headers) =>
      inSession(app, id, { method: "POST", headers, body: JSON.stringify([rpc("ping")]) }),
  },
];

const KEY = "a key that both servers were given long enough";
const SETTINGS = { settings: { MCP_SESSION_KEY: KEY } };

for (const { name, open, use } of USES) {
  for (const opener of SENDERS) {
    Deno.test(`${name} is for ${opener} that opened it, and for no other page`, async () => {
      for (const sender of SENDERS) {
        using app = testApp(SETTINGS);
        const id = await open(app, as(opener));
        const response = await use(app, id, as(sender));
        if (mayUse(opener, sender)) {
          assert(response.status < 300, `${sender} got ${response.status}`);
          await response.body?.cancel();
        } else {
          assertEquals(response.status, 404, sender);
          const unknown = await use(app, `${id.slice(0, -1)}!`, as(sender));
          assertEquals(await refusal(response), await refusal(unknown), "nothing is told");
        }
      }
    });
  }
}

Deno.test("a session that is restored from its id is still closed to other pages", async () => {
  for (const opener of SENDERS) {
    using app = testApp(SETTINGS);
    const id = await openSession("2025-11-25")(app, as(opener));
    for (const sender of SENDERS) {
      for (const method of ["POST", "GET", "DELETE"]) {
        using restarted = testApp(SETTINGS);
        const response = await inSession(restarted, id, {
          method,
          headers: { ...as(sender), accept: "application/json, text/event-stream" },
          ...(method === "POST" && { body: JSON.stringify(rpc("ping")) }),
        });
        await response.body?.cancel();
        const isTaken = response.status < 300;
        assertEquals(isTaken, mayUse(opener, sender), `${opener}, ${method} from ${sender}`);
        assert(isTaken || response.status === 404);
      }
    }
  }
});

Deno.test("whoever restores a session does not make it its own", async () => {
  using app = testApp(SETTINGS);
  const id = await openSession("2025-11-25")(app, as("a page on port 3001"));
  using restarted = testApp(SETTINGS);
  const statusOf = async (sender: Sender) => {
    const body = JSON.stringify(rpc("ping"));
    const response = await inSession(restarted, id, { method: "POST", headers: as(sender), body });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("no page"), 200);
  assertEquals(await statusOf("the server's own page"), 404);
  assertEquals(await statusOf("a page on port 3002"), 404);
  assertEquals(await statusOf("a page on port 3001"), 200);
});

Deno.test("another page cannot resume a stream by an event id", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const reader = new EventReader(await session.listen());
  const eventId = (await reader.next())?.id ?? "";
  await reader.leave();
  const headers = { accept: "text/event-stream", "last-event-id": eventId };
  const stolen = await inSession(app, session.id, {
    headers: { ...headers, ...as("a page on port 3001") },
  });
  assertEquals(stolen.status, 404);
  await stolen.body?.cancel();
});

Deno.test("another page does not learn that a stream has just ended by plan", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: { MCP_MAX_CONNECTION_MS: 1_000 }, wheel: { clock: time.clock } });
  const { id } = await app.open();
  await time.advance(1_100, 100);
  const statusOf = async (sender: Sender) => {
    const headers = { ...as(sender), "mcp-connection-id": id };
    const response = await app.post("/mcp/sse", rpc("ping"), headers);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("no page"), 503);
  assertEquals(await statusOf("the server's own page"), 503);
  assertEquals(await statusOf("a page on port 3001"), 404);
});

Deno.test("another page's Idempotency-Key is another key", async () => {
  let runs = 0;
  using app = testApp({ tools: [toolThat(() => `run ${++runs}`)] });
  const run = async (sender: Sender) => {
    const headers = { ...PLAIN_HEADERS, ...as(sender), "idempotency-key": "one" };
    const { events } = await app.open(toolCall("subject"), { headers });
    const { json } = await events.nextNamed("response");
    await events.leave();
    return json.result.content[0].text;
  };
  assertEquals(await run("no page"), "run 1");
  assertEquals(await run("the server's own page"), "run 1");
  assertEquals(await run("a page on port 3001"), "run 2");
  assertEquals(await run("a page on port 3002"), "run 3");
  assertEquals(await run("a page on port 3001"), "run 2");
});

Deno.test("another page cannot go on with a call by its requestState", async () => {
  using app = testApp({
    tools: [toolThat(async (ctx) => {
      const answer = await ctx.elicit({ message: "Sure?", schema: z.object({ ok: z.boolean() }) });
      return JSON.stringify(answer);
    })],
  });
  const call = async (sender: Sender, more: Record<string, unknown> = {}) => {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
    };
    const message = rpc("tools/call", { name: "subject", arguments: {}, _meta, ...more });
    const headers = {
      ...as(sender),
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "subject",
    };
    return await (await app.post("/mcp", message, headers)).json();
  };
  for (const opener of SENDERS) {
    const { result: { requestState, inputRequests } } = await call(opener);
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map((key) => [key, { action: "decline" }]),
    );
    for (const sender of SENDERS) {
      const { result, error } = await call(sender, { requestState, inputResponses });
      const isSame = opener === sender || !FOREIGN.includes(opener) && !FOREIGN.includes(sender);
      if (isSame) assertMatch(result.content[0].text, /decline/);
      else assertMatch(error.message, /"requestState" is refused: it belongs to another request/);
    }
  }
});

for (
  const [sign, settings, headers] of [
    ["MCP_PUBLIC_URL", { MCP_PUBLIC_URL: "https://mcp.example.com/ai" }, {}],
    ["Sec-Fetch-Site", { MCP_ALLOWED_ORIGINS: ["mcp.example.com"] }, {
      "sec-fetch-site": "same-origin",
    }],
  ] as const
) {
  Deno.test(`behind a proxy that changes Host, the server's own page is known by ${sign}`, async () => {
    using app = testApp({ settings });
    const origin = "https://mcp.example.com";
    // Browsers send no Origin with a GET of the same origin.
    const id = await openHttpSse(app, {});
    const message = await app.post(`/mcp?connection_id=${id}`, rpc("ping"), { origin, ...headers });
    assertEquals(message.status, 202);
    await message.body?.cancel();
  });
}

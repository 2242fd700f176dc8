/**
 * What the doctor finds on paths that are wrong in one way each.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { endpointsOf, examine } from "../../../doctor/engine/examine.js";
import { ExaminationTime, examined } from "./examined.ts";
import { testApp } from "../../helpers/app.ts";
import {
  answers,
  cutsAge,
  cutsSilence,
  dropsRequestHeader,
  fetchThrough,
  forgetsAfter,
  hidesHangUp,
  holdsAll,
  holdsBursts,
  type Hop,
  noticesAtNextByte,
  withHeaders,
} from "../../helpers/hops.ts";

/** Sends a body that never ends, and gives no sign of life. */
const neverEnds: Hop = () => Promise.resolve(new Response(new ReadableStream()));

const isGet = ({ method }: Request) => method === "GET";

Deno.test("examine() finds nothing on a path that lets everything through, and leaves nothing open", async () => {
  const { report, ids, tones, open } = await examined([]);
  assertEquals(ids, []);
  assertEquals(report.verdict, "ok");
  assertEquals(report.url, "http://localhost/mcp/sse");
  assert(Object.values(tones).every((tone) => tone !== "bad"));
  assertEquals(open, 0);
});

Deno.test("examine() finds a path that holds all of a stream", async () => {
  const { report, ids, tones } = await examined([holdsAll]);
  assertEquals(ids, ["buffered"]);
  assertEquals(report.measured?.endingStream?.delivery?.verdict, "held");
  assertMatch(report.findings[0]?.evidence ?? "", /8 events, sent every 200 ms, came all at once/);
  assertEquals(report.measured?.usual.outcome, "held");
  assertEquals([tones["Events"], tones["plain SSE"], tones["2026-07-28 JSON"]], [
    "bad",
    "bad",
    "good",
  ]);
});

Deno.test("examine() finds a path that lets the first bytes through and holds the rest in bursts", async () => {
  const { report, ids } = await examined(
    [holdsBursts({ size: 4, after: 1 })],
    { pingMs: 20_000 },
  );
  assert(ids.includes("buffered"), ids.join());
  assertEquals(report.measured?.events?.delivery?.verdict, "in_bursts");
  assertMatch(report.findings[0]?.evidence ?? "", /came in \d bursts/);
});

Deno.test("examine() takes a short pause before each event or two for a note", async () => {
  const { report, ids, tones } = await examined(
    [holdsBursts({ size: 2, after: 1, forMs: 220 })],
    { pingMs: 20_000 },
  );
  assertEquals(ids, ["delayed"]);
  assertEquals(report.verdict, "ok");
  assertEquals(tones["Events"], "good");
});

Deno.test("examine() finds a path whose streams begin late", async () => {
  const late: Hop = async (request, next) => {
    const wantsStream = request.headers.get("accept")?.includes("text/event-stream");
    if (wantsStream) await new Promise((resolve) => setTimeout(resolve, 1_050));
    return await next(request);
  };
  const { ids } = await examined([late]);
  assertEquals(ids, ["late_start"]);
});

Deno.test("examine() finds compression", async () => {
  const { ids, tones } = await examined([withHeaders({ "content-encoding": "br" })]);
  assertEquals(ids, ["compressed"]);
  assertEquals(tones["Compression"], "bad");
});

Deno.test("examine() finds a cut that comes before the keepalive, and which interval would prevent it", async () => {
  const { report, ids } = await examined([cutsSilence(5_000)], { pingMs: 15_000 });
  assertEquals(ids, ["idle_cut"]);
  const [finding] = report.findings;
  assertStringIncludes(finding?.evidence ?? "", "keepalives come every 15 s");
  assertMatch(finding?.fixes.at(-1)?.what ?? "", /MCP_PING_INTERVAL_MS=2000`/);
});

Deno.test("examine() tells a limit on a stream's age from one on its silence", async () => {
  const { report, ids } = await examined([cutsAge(5_200)], { options: { idleMs: 8_000 } });
  assertEquals(ids, ["duration_cut"]);
  assertMatch(report.findings[0]?.evidence ?? "", /^\d+ keepalives came/);
});

Deno.test("examine() takes a cut that keepalives prevent for a note, not for a problem", async () => {
  const { report, ids, tones } = await examined([cutsSilence(2_500)], {
    options: { idleMs: 5_000 },
  });
  assertEquals(ids, ["idle_limit"]);
  assertEquals(report.verdict, "ok");
  assertEquals(tones["Silence"], "good");
});

Deno.test("examine() takes a cut that one late keepalive would meet for a problem", async () => {
  const { report, ids } = await examined([cutsSilence(3_500)], {
    options: { idleMs: 8_000 },
    pingMs: 2_500,
  });
  assertEquals(ids, ["idle_cut"]);
  assertEquals(report.measured?.usual.outcome, "alive");
});

Deno.test("examine() finds a path that forgets a silent connection and tells nobody", async () => {
  const { report, ids, tones } = await examined(
    [forgetsAfter(3_000)],
    { options: { idleMs: 5_000 }, pingMs: 2_000 },
  );
  assertEquals(ids, ["silently_lost"]);
  // Keepalives prevent it.
  assertEquals(report.verdict, "ok");
  assertEquals(tones["Silence"], "good");
});

Deno.test("examine() says how long a silence it could measure when no slower ping is granted", async () => {
  const { report, ids } = await examined([dropsRequestHeader("mcp-ping-interval-ms")], {
    options: { idleMs: 5_000 },
  });
  assertEquals(ids, ["idle_unmeasured"]);
  assertEquals(report.verdict, "ok");
});

Deno.test("examine() says so when the server itself ends the stream that is watched", async () => {
  const { report, ids } = await examined([], {
    app: { settings: { MCP_MAX_CONNECTION_MS: 5_000 } },
    options: { idleMs: 8_000 },
  });
  assertEquals(ids, ["closed_by_server"]);
  assertStringIncludes(report.findings[0]?.title ?? "", "max_age");
});

Deno.test("examine() finds a path that does not tell the server of a hang-up", async () => {
  const { ids, tones } = await examined([hidesHangUp]);
  assertEquals(ids, ["hang_up_hidden"]);
  assertEquals(tones["Hang-up"], "bad");
});

Deno.test("examine() notes a path that notices a hang-up only when it cannot pass a byte on", async () => {
  const { report, ids, tones } = await examined([noticesAtNextByte]);
  assertEquals(ids, ["hang_up_late"]);
  assertEquals(report.verdict, "ok");
  assertEquals(tones["Hang-up"], "good");
});

Deno.test("examine() finds the dialects that a refused method takes away, and who refused", async () => {
  const refusal = () => new Response("<h1>405</h1>", { status: 405, headers: { server: "nginx" } });
  const { report, ids } = await examined([answers(isGet, refusal)]);
  assertEquals(ids, ["dialect_http_sse", "dialect_streamable"]);
  assertEquals(report.proxies, ["nginx"]);
  for (const { fixes } of report.findings) {
    assertEquals(fixes.map(({ who }) => who), ["nginx"]);
    assertStringIncludes(fixes[0]?.what ?? "", "limit_except");
  }
});

for (
  const { header, ids: expected } of [
    { header: "mcp-session-id", ids: ["dialect_streamable"] },
    { header: "mcp-connection-id", ids: ["dialect_plain"] },
    { header: "mcp-method", ids: ["dialect_modern", "dialect_listen"] },
  ]
) {
  Deno.test(`examine() finds the dialects that need ${header} when the path takes it out`, async () => {
    const { ids } = await examined([dropsRequestHeader(header)]);
    assertEquals(ids, expected);
  });
}

Deno.test("examine() finds a path that takes Mcp-Session-Id out of answers", async () => {
  const { report, ids } = await examined([withHeaders({}, ["mcp-session-id"])]);
  assertEquals(ids, ["dialect_streamable"]);
  assertStringIncludes(report.findings[0]?.evidence ?? "", "Mcp-Session-Id is missing");
});

/** A stream as servers send it that announce their endpoint by its path. */
function withOwnPath({ body, headers, status }: Response): Response {
  const announce = new TransformStream<string, string>({
    transform: (text, controller) => controller.enqueue(text.replace("data: ?", "data: /mcp?")),
  });
  const announced = body?.pipeThrough(new TextDecoderStream()).pipeThrough(announce)
    .pipeThrough(new TextEncoderStream());
  return new Response(announced ?? null, { headers, status });
}

Deno.test("examine() finds a prefix that a proxy takes off, where a server announces its own path", async () => {
  const takesPrefix: Hop = async (request, next) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith("/tools/")) return new Response("Not found", { status: 404 });
    url.pathname = url.pathname.slice("/tools".length);
    const response = await next(new Request(url, request));
    return request.method === "GET" ? withOwnPath(response) : response;
  };
  const { report, ids } = await examined([takesPrefix], {
    address: "http://localhost/tools/mcp",
  });
  assertEquals(ids, ["dialect_http_sse"]);
  assertStringIncludes(report.findings[0]?.evidence ?? "", "names /mcp for messages");
});

for (
  const { what, status, headers, id, verdict, fix } of [
    {
      what: "a redirect",
      status: 301,
      headers: { location: "https://localhost/" },
      id: "redirected",
      verdict: "problems",
      fix: "redirects to",
    },
    {
      what: "a login",
      status: 401,
      headers: {},
      id: "refused",
      verdict: "problems",
      fix: "--header",
    },
    {
      what: "a page that is not there",
      status: 404,
      headers: { server: "nginx" },
      id: "refused",
      verdict: "problems",
      fix: "proxy_pass",
    },
    {
      what: "a proxy with nothing behind it",
      status: 502,
      headers: { server: "nginx" },
      id: "unreachable",
      verdict: "unreachable",
      fix: "proxy_pass",
    },
    {
      what: "Cloudflare with nothing behind it",
      status: 522,
      headers: { "cf-ray": "x" },
      id: "unreachable",
      verdict: "unreachable",
      fix: "origin",
    },
  ]
) {
  Deno.test(`examine() stops at ${what} and says what to do`, async () => {
    const answer = () => new Response("<html>", { status, headers: headers as HeadersInit });
    const { report, ids } = await examined([answers(() => true, answer)]);
    assertEquals(ids, [id]);
    assertEquals(report.verdict, verdict);
    assertEquals(report.measured, undefined);
    assertStringIncludes(report.findings[0]?.fixes[0]?.what ?? "", fix);
  });
}

Deno.test("examine() stops at a page that answers everything with 200", async () => {
  const page = () => new Response("<html>", { headers: { "content-type": "text/html" } });
  const { report, ids } = await examined([answers(() => true, page)]);
  assertEquals(ids, ["refused"]);
  assertMatch(report.findings[0]?.evidence ?? "", /status 200 with text\/html/);
});

Deno.test("examine() calls a host that never answers unreachable", async () => {
  const { report } = await examined([() => Promise.withResolvers<Response>().promise], {
    options: { patienceMs: 100 },
  });
  assertEquals(report.verdict, "unreachable");
  assertMatch(report.findings[0]?.evidence ?? "", /no answer within 0\.1 s/);
});

Deno.test("examine() passes the server's own refusal on, with the setting that lifts it", async () => {
  const { report } = await examined([], { address: "http://mcp.example.com/" });
  assertEquals(report.verdict, "problems");
  assertStringIncludes(report.findings[0]?.evidence ?? "", 'Host "mcp.example.com" is not allowed');
  assertEquals(report.findings[0]?.fixes, [
    { who: "Lifeline", what: "`MCP_ALLOWED_HOSTS=localhost,mcp.example.com`" },
  ]);
});

Deno.test("examine() sends the headers it is given with every request but the one that asks for a challenge", async () => {
  const missing: string[] = [];
  const wantsToken: Hop = async (request, next) => {
    if (request.headers.get("authorization") !== "Bearer x") missing.push(request.url);
    return await next(request);
  };
  const { ids } = await examined([wantsToken], {
    options: { headers: { authorization: "Bearer x" } },
  });
  assertEquals([ids, missing], [[], ["http://localhost/mcp/sse"]]);
});

Deno.test("examine() stops at once when it is told to, and leaves its streams", async () => {
  using time = new ExaminationTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const stop = new AbortController();
  const reason = new Error("enough");
  let stoppedAt = NaN;
  const examining = examine("http://localhost/", {
    fetch: fetchThrough(app),
    signal: stop.signal,
    idleMs: 60_000,
    onStep: (step) => {
      if (!step.includes("HTTP+SSE")) return;
      stoppedAt = time.now;
      stop.abort(reason);
    },
  });
  assertEquals(await assertRejects(() => time.until(examining)), reason);
  assertLess(time.now - stoppedAt, 100);
  assertEquals(app.connections.size, 0);
});

for (const hop of [holdsAll, forgetsAfter(100), neverEnds]) {
  Deno.test(`examine() stops within a second on a path that misbehaves: ${hop.name || "forgets"}`, async () => {
    using time = new ExaminationTime();
    using app = testApp({ wheel: { clock: time.clock } });
    const stop = new AbortController();
    const reason = new Error("enough");
    const examining = examine("http://localhost/", {
      fetch: fetchThrough(app, hop),
      signal: stop.signal,
      patienceMs: 600_000,
    });
    examining.catch(() => {});
    await time.advance(5_000, 50);
    const stoppedAt = time.now;
    stop.abort(reason);
    assertEquals(await assertRejects(() => time.until(examining)), reason);
    assertLess(time.now - stoppedAt, 1_000);
  });
}

Deno.test("examine() finds nothing wrong with an app that has no tools", async () => {
  const { ids, report } = await examined([], { app: { tools: [] } });
  assertEquals(ids, []);
  assertEquals(report.measured?.events?.delivery?.count, 8);
});

Deno.test("examine() finds a path that holds all of a stream also before an app that has no tools", async () => {
  const { ids } = await examined([holdsAll], { app: { tools: [] } });
  assertEquals(ids, ["buffered"]);
});

Deno.test("endpointsOf() takes an endpoint or a server, and refuses what is not HTTP", () => {
  const plain = (address: string) => endpointsOf(address).plainUrl;
  assertEquals(plain("http://a/"), "http://a/mcp/sse");
  assertEquals(plain("http://a/mcp"), "http://a/mcp/sse");
  assertEquals(plain("http://a/x/mcp/sse/?q#f"), "http://a/x/mcp/sse");
  assertEquals(endpointsOf("http://a/x/mcp").url, "http://a/x/mcp");
  assertEquals(endpointsOf("http://a/x").url, "http://a/x/mcp/sse");
  assertEquals(endpointsOf("http://a/x/mcp").infoUrl, "http://a/x/mcp/info");
  for (const address of ["http://a/x/mcp/files", "http://a/x/mcp/files/sse"]) {
    const { url, plainUrl, infoUrl } = endpointsOf(address);
    assertEquals([url, plainUrl, infoUrl], [
      address,
      "http://a/x/mcp/files/sse",
      "http://a/x/mcp/info",
    ]);
  }
  for (const address of ["", "a", "ftp://a/", "javascript:1"]) {
    let thrown: unknown;
    try {
      endpointsOf(address);
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof TypeError, address);
  }
});

/** The path doctor's command line, against a server on this machine. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runDoctor } from "../../doctor/cli.ts";
import { testApp } from "../helpers/app.ts";

/** What a run of the doctor leaves behind. */
interface Run {
  readonly code: number;
  readonly printed: string;
  readonly told: string;
}

async function run(...args: string[]): Promise<Run> {
  let printed = "";
  let told = "";
  const code = await runDoctor(args, {
    print: (text) => printed += `${text}\n`,
    tell: (text) => told += `${text}\n`,
  });
  return { code, printed, told };
}

/** Serves an app with quick keepalives; `handle` may answer in its place. */
function serving(handle?: (request: Request) => Response | undefined) {
  const app = testApp({ settings: { MCP_PING_INTERVAL_MS: 300 } });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => handle?.(request) ?? app.fetch(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/mcp/sse`,
    [Symbol.asyncDispose]: async () => {
      app.stop();
      await server.shutdown();
    },
  };
}

const WRONG: readonly (readonly [string[], string])[] = [
  [[], "name the URL"],
  [["localhost:8000"], "is not a URL"],
  [["ftp://localhost/"], "is not a URL"],
  [["http://localhost/", "http://localhost/"], "name one URL only"],
  [["http://localhost/", "--idle", "0"], "--idle takes seconds"],
  [["http://localhost/", "--idle", "541"], "up to 540"],
  [["http://localhost/", "--idle", "1e2"], "--idle takes seconds"],
  [["http://localhost/", "--timeout", "soon"], "--timeout takes seconds"],
  [["http://localhost/", "--header", "no colon"], "--header takes"],
  [["http://localhost/", "--header", "a: b\r\nc: d"], "--header takes"],
  [["http://localhost/", "--verbose"], "Unknown option"],
];

for (const [args, why] of WRONG) {
  Deno.test(`doctor ${JSON.stringify(args).slice(1, -1)} is wrong usage, and says why`, async () => {
    const { code, printed, told } = await run(...args);
    assertEquals([code, printed], [2, ""]);
    assertStringIncludes(told, "Wrong usage");
    assertStringIncludes(told, why);
    assertStringIncludes(told, "deno task doctor URL");
  });
}

Deno.test("doctor --help prints its usage and ends with 0", async () => {
  const { code, printed, told } = await run("--help");
  assertEquals([code, told], [0, ""]);
  assertMatch(printed, /--idle SECONDS.*--json.*Exit code/s);
});

Deno.test("doctor prints a table and that all is well, and ends with 0", async () => {
  await using server = serving();
  const { code, printed, told } = await run(server.url);
  assertEquals(code, 0, printed);
  assertMatch(printed, /✓ Connection {12}HTTP\/1\.1, no TLS, reused, chunked/);
  assertMatch(printed, /✓ Events {16}one by one \(8\)/);
  assertMatch(printed, /All is well/);
  assertMatch(told, /… reaching the server\n.*… watching/s);
});

Deno.test("doctor prints what is wrong and what to set, and ends with 1", async () => {
  const refusal = () => new Response("no", { status: 405, headers: { server: "nginx" } });
  await using server = serving(({ method }) => method === "GET" ? refusal() : undefined);
  const { code, printed } = await run(server.url);
  assertEquals(code, 1);
  assertStringIncludes(printed, "2 problems:");
  assertStringIncludes(printed, "✗ 2024-11-05 HTTP+SSE does not get through");
  assertStringIncludes(printed, "→ nginx    no `limit_except`");
  assert(printed.split("\n").every((line) => line.length <= 100), printed);
});

Deno.test("doctor notes that a POST which offers an upgrade is refused, and what Java clients can do", async () => {
  await using server = serving();
  const { code, printed } = await run(server.url);
  assertEquals(code, 0);
  assertStringIncludes(printed, "· A request that offers an upgrade to HTTP/2 is refused (400)");
  assertStringIncludes(printed, "`MCP_LISTENER=node`");
  assertMatch(printed, /→ Java +`HttpClient\.newBuilder\(\)\.version/);
});

Deno.test("doctor passes nothing on to the terminal that it would obey", async () => {
  const message = "\u001b[2J\u009b31m\u202eevil\r\n✗";
  const error = { jsonrpc: "2.0", id: null, error: { code: 1, message } };
  await using server = serving(() => Response.json(error, { status: 403 }));
  const { code, printed } = await run(server.url);
  assertEquals(code, 1);
  assertStringIncludes(printed, "\ufffd[2J\ufffd31m\ufffdevil\ufffd\ufffd✗");
});

Deno.test("doctor --json prints one JSON value whose members are all in snake case", async () => {
  const refusal = () => new Response("no", { status: 405, headers: { server: "nginx" } });
  await using server = serving(({ method }) => method === "GET" ? refusal() : undefined);
  const { code, printed } = await run(server.url, "--json");
  assertEquals(code, 1);
  const report = JSON.parse(printed);
  assertEquals(report.verdict, "problems");
  const { http_sse, plain } = report.measured.dialects;
  assertEquals([http_sse.error.kind, http_sse.error.status], ["refused", 405]);
  assertEquals(plain.error, undefined);
  assertEquals(namesOf(report).filter((name) => !/^[a-z0-9_]+$/.test(name)), []);
});

Deno.test("doctor ends with 2 and says so when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, printed, told } = await run(`http://127.0.0.1:${port}/`);
  assertEquals(code, 2);
  assertMatch(told, /Unreachable: .* cannot be reached: .*[Cc]onnection refused/);
  assertStringIncludes(printed, "Unreachable: nothing could be measured.");
});

Deno.test("doctor --header goes out with every request but the one that asks for a challenge, on the bare socket too", async () => {
  let count = 0;
  let authorized = 0;
  await using server = serving((request) => {
    count++;
    if (request.headers.get("authorization") === "Bearer x: y") authorized++;
    return undefined;
  });
  const { code } = await run(server.url, "--header", "Authorization: Bearer x: y");
  assertEquals(code, 0);
  assert(count > 10);
  assertEquals(authorized, count - 1);
});

function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesOf(member)]);
}

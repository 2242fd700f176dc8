/**
 * The path doctor, as it is called, against a real nginx: a good one, and each way to set it up
 * wrong.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { runDoctor } from "../../../doctor/cli.ts";
import { freePort } from "../../helpers/ports.ts";
import { proxiedPath } from "./nginx.ts";

const EXAMPLE = await Deno.readTextFile(
  new URL("../../../docs/operations/nginx.conf.example", import.meta.url),
);
const ALL_DIALECTS = ["plain", "http_sse", "streamable", "modern", "listen"];
const TO_LIFELINE = "proxy_pass http://lifeline; proxy_set_header Host $host;";

/** The doctor's output, read by a machine. */
interface Examined {
  readonly code: number;
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly report: any;
  readonly told: string;
}

async function examine(url: string, ...flags: string[]): Promise<Examined> {
  let printed = "";
  let told = "";
  const code = await runDoctor([url, "--json", "--timeout", "1.5", ...flags], {
    print: (text) => printed += text,
    tell: (text) => told += `${text}\n`,
  });
  return { code, report: JSON.parse(printed), told };
}

function idsOf({ report }: Examined): string[] {
  return report.findings.map(({ id }: { id: string }) => id);
}

/** The one finding, whose fix for nginx is given. */
function onlyFix(examined: Examined, id: string): string {
  assertEquals(idsOf(examined), [id]);
  const { fixes } = examined.report.findings[0];
  return fixes.find(({ who }: { who: string }) => who === "nginx")?.what ?? "";
}

function errorsOf({ report }: Examined): string[] {
  return ALL_DIALECTS.filter((name) => report.measured.dialects[name].error !== undefined);
}

Deno.test("doctor finds nothing wrong with nginx set up as in docs/operations/nginx.conf.example", async () => {
  await using path = await proxiedPath({ server: EXAMPLE, pingMs: 500 });
  const examined = await examine(path.url);
  assertEquals(examined.report.findings, []);
  assertEquals(examined.code, 0);
  const { measured, proxies, verdict } = examined.report;
  assertEquals(verdict, "ok");
  assertEquals(proxies, ["nginx"]);
  assertEquals(Object.keys(measured.dialects), ALL_DIALECTS);
  assertEquals(errorsOf(examined), []);
  assertEquals(measured.connection, {
    is_secure: false,
    http_version: "1.1",
    is_reused: true,
    framing: "chunked",
    upgrade_status: 200,
  });
  assertEquals(measured.events.delivery.verdict, "one_by_one");
  assertEquals(measured.events.delivery.count, 8);
  assertEquals(measured.events.content_encoding, undefined);
  assertEquals(measured.usual.ping_interval_ms, 500);
  assertGreater(measured.usual.survived_ms, 400);
  assertEquals(measured.hang_up.noticed, "at_once");
  await path.allClosed();
});

Deno.test("doctor finds nothing wrong with the nginx location in the README", async () => {
  const readme = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
  const location = /```nginx\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const server = location.replace("http://127.0.0.1:8000", "http://lifeline");
  assert(server !== location, "The location passes on to the default address");
  await using path = await proxiedPath({ server, pingMs: 500 });
  const examined = await examine(path.url);
  assertEquals(examined.report.findings, []);
  assertEquals(examined.code, 0);
});

Deno.test("doctor names proxy_buffering when nginx ignores X-Accel-Buffering", async () => {
  await using path = await proxiedPath({
    server: `location / {
      ${TO_LIFELINE}
      proxy_buffering on;
      proxy_ignore_headers X-Accel-Buffering;
    }`,
    pingMs: 500,
  });
  const examined = await examine(path.url);
  const fix = onlyFix(examined, "buffered");
  assertStringIncludes(fix, "proxy_buffering off;");
  assertStringIncludes(fix, "proxy_ignore_headers X-Accel-Buffering;");
  assertEquals(examined.code, 1);
  assertEquals(errorsOf(examined), ["plain", "http_sse", "streamable", "listen"]);
  // What ends by itself comes whole at its end, which proves that it was held and not lost.
  const { delivery } = examined.report.measured.ending_stream;
  assertEquals([delivery.verdict, delivery.bursts, delivery.count], ["held", 1, 8]);
  assertGreater(delivery.held_ms, 1_000);
});

Deno.test("doctor names gzip when nginx compresses event streams", async () => {
  await using path = await proxiedPath({
    server: `gzip on; gzip_types text/event-stream; location / { ${TO_LIFELINE} }`,
    pingMs: 500,
  });
  const examined = await examine(path.url);
  const fix = onlyFix(examined, "compressed");
  assertStringIncludes(fix, "gzip off;");
  assertStringIncludes(fix, "gzip_types");
  assertEquals(examined.code, 1);
  assertEquals(examined.report.measured.events.content_encoding, "gzip");
});

Deno.test("doctor names proxy_read_timeout when nginx cuts after 5 s and keepalives are slower", async () => {
  await using path = await proxiedPath({
    server: `location / { ${TO_LIFELINE} proxy_read_timeout 5s; }`,
    pingMs: 15_000,
  });
  const examined = await examine(path.url);
  assertStringIncludes(onlyFix(examined, "idle_cut"), "proxy_read_timeout 1h;");
  assertEquals(examined.code, 1);
  const { usual } = examined.report.measured;
  assertEquals(usual.outcome, "cut");
  assertGreater(usual.silent_ms, 4_500);
  assertLess(usual.silent_ms, 6_500);
  const { fixes } = examined.report.findings[0];
  assertEquals(fixes.at(-1), { who: "Lifeline", what: "`MCP_PING_INTERVAL_MS=2000` or less" });
});

Deno.test("doctor --idle finds a timeout that keepalives hide, and says that all is well", async () => {
  await using path = await proxiedPath({
    server: `location / { ${TO_LIFELINE} proxy_read_timeout 2s; }`,
    pingMs: 400,
  });
  const examined = await examine(path.url, "--idle", "3");
  assertEquals(idsOf(examined), ["idle_limit"]);
  assertEquals(examined.report.findings[0].level, "note");
  assertEquals(examined.code, 0);
  const { silent, usual } = examined.report.measured;
  assertEquals([usual.outcome, silent.outcome], ["alive", "cut"]);
  assertGreater(usual.keepalives, 4);
  assertGreater(usual.for_ms, 2_900);
  assertGreater(silent.silent_ms, 1_900);
  assertLess(silent.silent_ms, 2_900);
});

Deno.test("doctor --idle tells the silence that the path survived", async () => {
  await using path = await proxiedPath({ server: EXAMPLE, pingMs: 300 });
  const examined = await examine(path.url, "--idle", "2");
  assertEquals(examined.report.findings, []);
  const { silent } = examined.report.measured;
  assertEquals(silent.outcome, "alive");
  assertGreater(silent.survived_ms, 1_950);
});

Deno.test("doctor names proxy_ignore_client_abort when nginx does not pass a hang-up on", async () => {
  await using path = await proxiedPath({
    server: `location / { ${TO_LIFELINE} proxy_ignore_client_abort on; }`,
    pingMs: 500,
  });
  const examined = await examine(path.url);
  assertStringIncludes(onlyFix(examined, "hang_up_late"), "proxy_ignore_client_abort off;");
  assertEquals(examined.report.measured.hang_up.noticed, "at_next_byte");
  // Keepalives end it after all.
  assertEquals(examined.code, 0);
});

Deno.test("doctor names each of several wrong settings", async () => {
  await using path = await proxiedPath({
    server: `keepalive_timeout 0; gzip on; gzip_types text/event-stream;
      location / {
        ${TO_LIFELINE}
        chunked_transfer_encoding off;
        proxy_read_timeout 2s;
        limit_except POST { deny all; }
      }`,
    pingMs: 15_000,
  });
  const examined = await examine(path.url);
  assertEquals(examined.code, 1);
  assertEquals(idsOf(examined), [
    "compressed",
    "idle_cut",
    "dialect_plain",
    "dialect_http_sse",
    "dialect_streamable",
    "not_reused",
    "not_chunked",
  ]);
  for (const { id, fixes } of examined.report.findings) {
    assertEquals(fixes[0].who, "nginx", id);
    const settings = {
      compressed: "gzip",
      idle_cut: "proxy_read_timeout",
      not_reused: "keepalive_timeout",
      not_chunked: "chunked_transfer_encoding",
    } as Record<string, string>;
    assertStringIncludes(fixes[0].what, settings[id] ?? "limit_except");
  }
});

Deno.test("doctor names proxy_set_header when nginx sends its upstream's name as Host", async () => {
  await using path = await proxiedPath({
    server: "location / { proxy_pass http://lifeline; }",
    pingMs: 500,
  });
  const examined = await examine(path.url);
  assertStringIncludes(onlyFix(examined, "refused"), "proxy_set_header Host $host;");
  assertEquals(examined.code, 1);
});

Deno.test("doctor finds nothing wrong where nginx takes a prefix off", async () => {
  await using path = await proxiedPath({
    server: `location /tools/ {
      proxy_pass http://lifeline/;
      proxy_set_header Host $host;
    }`,
    pingMs: 500,
  });
  const examined = await examine(path.url.replace("/mcp/sse", "/tools"));
  assertEquals([examined.code, examined.report.findings], [0, []]);
  assertEquals(examined.report.url, path.url.replace("/mcp/sse", "/tools/mcp/sse"));
});

Deno.test("doctor ends with 2 and says so when nginx cannot reach the server", async () => {
  const path = { server: EXAMPLE, pingMs: 500, upstreamPort: freePort() };
  await using proxied = await proxiedPath(path);
  const examined = await examine(proxied.url);
  assertEquals(examined.code, 2);
  assertEquals(examined.report.verdict, "unreachable");
  assertStringIncludes(examined.told, "A proxy answers 502");
  assertStringIncludes(onlyFix(examined, "unreachable"), "proxy_pass");
});

Deno.test("deno task doctor needs the network alone, speaks TLS and HTTP/2, and ends with 0", async () => {
  await using path = await proxiedPath({ server: EXAMPLE, pingMs: 500, tls: true });
  const { code, stdout, stderr } = await runTask(path.url);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "HTTP/2, TLS");
  assertStringIncludes(stdout, "All is well");
});

async function runTask(url: string) {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const command: string[] = config.tasks.doctor.command.split(" ");
  assertEquals(command.slice(0, 2), ["deno", "run"]);
  const permissions = command.filter((word) => word.startsWith("-"));
  assertEquals(permissions, ["--allow-net"]);
  const output = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--cert",
      new URL("./tls/ca.crt", import.meta.url).pathname,
      ...command.slice(2),
      url,
    ],
    cwd: new URL("../../../", import.meta.url).pathname,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  assert(!stdout.includes("\u001b"));
  return { code: output.code, stdout, stderr: decoder.decode(output.stderr) };
}

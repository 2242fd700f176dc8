/**
 * Each proxy with the configuration of docs/operations, as a real process before a real server.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { runDoctor } from "../../../doctor/cli.ts";
import { settingsWith } from "../../../lib/base/settings.ts";
import { RawSocket } from "../../faults/socket.ts";
import { toolCall } from "../../helpers/app.ts";
import { EXAMPLES } from "./examples.ts";
import { pathThrough, type ProxiedPath } from "./path.ts";
import { becomes } from "./proxy_process.ts";

/** So slow that no keepalive comes within a test. */
const NO_PINGS_MS = 600_000;
const CLIENT = "127.0.0.7";
const FORGED = "203.0.113.9";

/** The operator's paths in all spellings. */
const OPERATOR_TARGETS = [
  "/mcp/connections",
  "/metrics",
  "/connections.html",
].flatMap((path) => [
  path,
  `${path}?`,
  `${path}?x`,
  `${path}#x`,
  `${path}/`,
  `${path}//`,
  `${path}/.`,
  `${path}/x/..`,
  `${path};x=1`,
  `${path}%20`,
  `${path}%00`,
  `${path}%2f`,
  `${path}%3f`,
  `/${path}`,
  `/.${path}`,
  `/%2e${path}`,
  `/x/..${path}`,
  `/x/%2e%2e${path}`,
  `/x/%2E.${path}/`,
  `/x/..%2f${path.slice(1)}`,
  `/x/..\\${path.slice(1)}`,
  path.replaceAll("/", "\\"),
  `/${path.slice(1).replaceAll("/", "%2f")}`,
  `/${path.slice(1).replaceAll("/", "//")}`,
  `/${path.slice(1).replaceAll("/", "/./")}`,
  path.replace("c", "%63"),
  path.toUpperCase(),
  `http://HOST${path}`,
  `http://HOST${path}/`,
  `HTTP://HOST/x/..${path}`,
]);

/** Sends bytes from {@linkcode CLIENT} and collects the answer. */
class Client implements Disposable {
  text = "";
  readonly socket: RawSocket;

  private constructor(socket: RawSocket) {
    this.socket = socket;
    const decoder = new TextDecoder();
    socket.onBytes = (bytes) => this.text += decoder.decode(bytes, { stream: true });
  }

  static async connect({ port }: ProxiedPath): Promise<Client> {
    return new Client(await RawSocket.connect({ port, from: CLIENT }));
  }

  /** Opens a plain stream, and waits until its first event is here. */
  async open(path: ProxiedPath, ...headers: string[]): Promise<void> {
    this.socket.write([
      "POST /mcp/sse HTTP/1.1",
      `Host: 127.0.0.1:${path.port}`,
      "Accept: text/event-stream",
      "Content-Length: 0",
      ...headers,
      "\r\n",
    ].join("\r\n"));
    await becomes(() => this.text.includes("event: welcome"));
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** The answer to {@linkcode CLIENT} for `/healthz`; empty if it is refused before that. */
async function answerOfHealth(path: ProxiedPath): Promise<string> {
  try {
    using client = await Client.connect(path);
    client.socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    await client.socket.ended;
    return client.text;
  } catch (error) {
    assertMatch(String(error), /ECONNRESET/);
    return "";
  }
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function examine({ port }: ProxiedPath): Promise<any> {
  let printed = "";
  const code = await runDoctor([`http://127.0.0.1:${port}/`, "--json", "--idle", "2"], {
    print: (text) => printed += text,
    tell: () => {},
  });
  return { code, ...JSON.parse(printed) };
}

for (const { name, program, marks, soonCut, fewConnections, lateHangUp } of EXAMPLES) {
  Deno.test(`doctor finds nothing wrong with ${name} set up as in docs/operations/proxies.md`, async () => {
    await using path = await pathThrough(program(), { settings: { MCP_PING_INTERVAL_MS: 500 } });
    const { code, proxies, findings, measured } = await examine(path);
    assertEquals([code, findings, proxies], [0, [], marks]);
    assertEquals(measured.events.delivery.verdict, "one_by_one");
    assertEquals(measured.events.delivery.count, 8);
    assertEquals(measured.events.content_encoding, undefined);
    assertEquals(measured.connection.is_reused, true);
    assertEquals(measured.hang_up.noticed, "at_once");
    await path.allClosed();
  });

  Deno.test(`doctor says which setting of ${name} keeps requests whose client has left`, async () => {
    const settings = { MCP_PING_INTERVAL_MS: 500 };
    await using path = await pathThrough(program(lateHangUp.swaps), { settings });
    const { code, findings: [finding, ...others], measured } = await examine(path);
    assertEquals([code, finding.id, others], [0, "hang_up_late", []]);
    assertEquals(measured.hang_up.noticed, "at_next_byte");
    const fix = finding.fixes.find(({ who }: { who: string }) => who === name);
    assertStringIncludes(fix?.what ?? "", lateHangUp.fix);
  });

  for (const how of ["close", "reset"] as const) {
    Deno.test(`a client whose end is a ${how} is gone for the server behind ${name}, without a keepalive`, async () => {
      const settings = { MCP_PING_INTERVAL_MS: NO_PINGS_MS };
      await using path = await pathThrough(program(), { settings });
      using client = await Client.connect(path);
      await client.open(path);
      assertEquals(path.app.connections.size, 1);
      client.socket[how]();
      await path.allClosed();
      assertEquals(path.app.connections.ledger().closed.client_closed, 1);
    });
  }

  Deno.test(`MCP_TRUSTED_PROXIES tells the client's address behind ${name}, and not a forged one`, async () => {
    const settings = { MCP_TRUSTED_PROXIES: ["127.0.0.1", "::1"] };
    await using path = await pathThrough(program(), { settings });
    using client = await Client.connect(path);
    await client.open(
      path,
      `X-Forwarded-For: ${FORGED}`,
      `Forwarded: for=${FORGED}`,
      `X-Real-IP: ${FORGED}`,
    );
    const addresses = path.app.connections.streams().map((one) => one.client.address);
    assertEquals([...addresses], [CLIENT]);
  });

  Deno.test(`no spoofed header passes ${name}, whichever one Lifeline believes`, async () => {
    const settings = {
      MCP_TRUSTED_PROXIES: ["127.0.0.1", "::1"],
      MCP_FORWARDED_HEADER: "Forwarded",
    };
    await using path = await pathThrough(program(), { settings });
    using client = await Client.connect(path);
    await client.open(path, `Forwarded: for=${FORGED}`, `fORWARDED: for="${FORGED}"`);
    const addresses = path.app.connections.streams().map((one) => one.client.address);
    assertEquals([...addresses], ["127.0.0.1"]);
  });

  Deno.test(`no path of the operator is reached through ${name}, however it or Host is written`, async () => {
    // The client has the token, so that only the proxy can refuse it.
    const token = "0123456789abcdef0123456789abcdef";
    await using path = await pathThrough(program(), { settings: { MCP_ADMIN_TOKEN: token } });
    const statusOf = async (target: string, host = `127.0.0.1:${path.port}`) => {
      using client = await Client.connect(path);
      client.socket.write([
        `GET ${target.replace("HOST", `127.0.0.1:${path.port}`)} HTTP/1.1`,
        `Host: ${host}`,
        `Authorization: Bearer ${token}`,
        "Connection: close",
        "\r\n",
      ].join("\r\n"));
      await client.socket.ended;
      return Number(/^HTTP\/1\.1 (\d+)/.exec(client.text)?.[1]);
    };
    assertEquals(await statusOf("/healthz"), 200);
    for (const target of OPERATOR_TARGETS) {
      assertEquals((await statusOf(target)) < 400, false, target);
    }
    for (const host of ["localhost/metrics?", "127.0.0.1/mcp/connections?x=", "a@127.0.0.1"]) {
      const status = await statusOf("/healthz", host);
      assertEquals(status < 400, false, `Host ${host}: ${status}`);
    }
  });

  Deno.test(`without MCP_TRUSTED_PROXIES all clients behind ${name} are one`, async () => {
    await using path = await pathThrough(program(), { settings: {} });
    using client = await Client.connect(path);
    await client.open(path);
    const addresses = path.app.connections.streams().map((one) => one.client.address);
    assertEquals([...addresses], ["127.0.0.1"]);
  });

  Deno.test(`${name} passes on a body as large as MCP_MAX_BODY_BYTES, and Lifeline refuses a larger one`, async () => {
    await using path = await pathThrough(program(), { settings: {} });
    const { MCP_MAX_BODY_BYTES: limit } = settingsWith();
    const empty = JSON.stringify(toolCall("echo", { message: "" })).length;
    const post = (length: number) =>
      fetch(`http://127.0.0.1:${path.port}/mcp`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(toolCall("echo", { message: "x".repeat(length - empty) })),
      });
    const passed = await post(limit);
    assertEquals(passed.status, 200);
    assertEquals((await passed.json()).result.content[0].text.length, limit - empty);
    const refused = await post(limit + 1);
    assertEquals(refused.status, 413);
    await refused.body?.cancel();
  });

  Deno.test(`${name} cuts a head that never ends`, async () => {
    await using path = await pathThrough(program(soonCut), { settings: {} });
    using client = await Client.connect(path);
    client.socket.write("POST /mcp/sse HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
    assertNotEquals(await client.socket.ended, "closed_here");
  });

  if (fewConnections === undefined) continue;
  Deno.test(`${name} refuses an address that has too many connections, and no other address`, async () => {
    await using path = await pathThrough(program(fewConnections), { settings: {} });
    using first = await Client.connect(path);
    using second = await Client.connect(path);
    await first.open(path);
    await second.open(path);
    assertMatch(await answerOfHealth(path), /^$|^HTTP\/1\.1 429 /);
    assertEquals(path.app.connections.size, 2);
    const other = await fetch(`http://127.0.0.1:${path.port}/healthz`);
    assertEquals([other.status, await other.json()], [200, { status: "ok" }]);
  });
}

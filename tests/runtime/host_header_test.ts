/** The Host header on raw sockets, where a client can send what no library would. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import http2 from "node:http2";
import type { Settings } from "../../lib/mod.ts";
import { DenoListener } from "../../lib/runtime/listen/deno_listener.ts";
import { testApp } from "../helpers/app.ts";

/** Serves an app on a socket for as long as `use` needs it. */
async function served(
  settings: Partial<Settings>,
  use: (port: number) => Promise<void>,
): Promise<void> {
  using app = testApp({ settings });
  const listener = new DenoListener(app, { hostname: "127.0.0.1", port: 0 });
  await use(listener.port);
  await listener.stop();
}

/** Sends a head unchanged (each character a byte), and reads the whole answer. */
async function send(port: number, head: string): Promise<string> {
  using connection = await Deno.connect({ port });
  const text = `${head}\r\nConnection: close\r\n\r\n`;
  await connection.write(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  const bytes: number[] = [];
  const buffer = new Uint8Array(65_536);
  for (let read = await connection.read(buffer); read !== null;) {
    bytes.push(...buffer.subarray(0, read));
    read = await connection.read(buffer);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const HOSTS = ["localhost,127.0.0.1,[::1]".split(","), ["*"]];
const TRICKS = [
  "localhost/metrics?",
  "localhost/mcp/connections?x=",
  "localhost?",
  "localhost#",
  "localhost\\\\metrics",
  "a@localhost",
  "local host",
  "localhost\tx",
  "local\xe9host",
  "localhost,evil.test",
  "localhost:99999999",
  "[::1",
  "localhost:80:80",
  "",
];

for (const MCP_ALLOWED_HOSTS of HOSTS) {
  Deno.test(`with the hosts ${MCP_ALLOWED_HOSTS}, no Host header changes the path, and no odd one passes`, () =>
    served({ MCP_ALLOWED_HOSTS }, async (port) => {
      for (const host of TRICKS) {
        const answer = await send(port, `GET /healthz HTTP/1.1\r\nHost: ${host}`);
        assertEquals(answer.split("\r\n")[0], "HTTP/1.1 400 Bad Request", JSON.stringify(host));
        assertStringIncludes(answer, "is not a host and port");
      }
    }));

  Deno.test(`with the hosts ${MCP_ALLOWED_HOSTS}, a request without Host is refused with 400`, () =>
    served({ MCP_ALLOWED_HOSTS }, async (port) => {
      for (const version of ["1.1", "1.0"]) {
        const answer = await send(port, `GET /healthz HTTP/${version}`);
        assertEquals(answer.split("\r\n")[0], `HTTP/${version} 400 Bad Request`);
        assertStringIncludes(answer, "The header Host is missing");
      }
    }));
}

Deno.test("the path comes from the request target, in its absolute form too", () =>
  served({}, async (port) => {
    const status = async (head: string) => (await send(port, head)).split(" ")[1];
    assertEquals(await status("GET /healthz HTTP/1.1\r\nHost: localhost"), "200");
    assertEquals(await status("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost"), "200");
    assertEquals(await status("GET http://evil.test/healthz HTTP/1.1\r\nHost: localhost"), "403");
    assertEquals(await status("GET http://a@localhost/healthz HTTP/1.1\r\nHost: localhost"), "400");
    assertEquals(await status("GET /x/../healthz HTTP/1.1\r\nHost: localhost"), "404");
    assertEquals(await status("GET //healthz HTTP/1.1\r\nHost: localhost"), "404");
    assertEquals(await status(`GET /healthz HTTP/1.1\r\nHost: LOCALHOST:${port}`), "200");
    assertEquals(await status("GET /healthz HTTP/1.1\r\nHost: evil.test"), "403");
  }));

Deno.test("HTTP/2, which has no Host header, is judged by its authority", () =>
  served({}, async (port) => {
    const status = async (headers: Record<string, string>) => {
      const client = http2.connect(`http://127.0.0.1:${port}`);
      const stream = client.request({ ":path": "/healthz", ...headers });
      const { promise, resolve } = Promise.withResolvers<number>();
      stream.on("response", (head) => resolve(Number(head[":status"])));
      stream.resume();
      stream.end();
      const result = await promise;
      await new Promise<void>((done) => client.close(done));
      return result;
    };
    assertEquals(await status({ ":authority": "127.0.0.1" }), 200);
    assertEquals(await status({ ":authority": `127.0.0.1:${port}` }), 200);
    assertEquals(await status({ ":authority": "localhost" }), 200);
    // Deno hands over the same for HTTP/1.1 without a Host, which must be refused.
    assertEquals(await status({ ":authority": `localhost:${port}` }), 400);
    assertEquals(await status({ ":authority": "a@localhost" }), 400);
    assertEquals(await status({ ":authority": "evil.test" }), 403);
    assertEquals(await status({ ":authority": "localhost", host: "localhost/metrics?" }), 400);
  }));

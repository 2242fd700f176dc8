import { assertEquals, assertStringIncludes } from "@std/assert";
import { greeting, greetingLine } from "../../lib/runtime/greeting.ts";

function greetingAt(hostname: string, port: number): string {
  return greeting({ version: "1.2.3", address: { transport: "tcp", hostname, port } });
}

for (
  const [hostname, shown] of [
    ["127.0.0.1", "http://localhost:8123"],
    ["0.0.0.0", "http://localhost:8123"],
    ["::", "http://localhost:8123"],
    ["::1", "http://[::1]:8123"],
    ["192.0.2.1", "http://192.0.2.1:8123"],
    ["example.test", "http://example.test:8123"],
  ] as const
) {
  Deno.test(`who listens on ${hostname} is greeted with URLs at ${shown}`, () => {
    const text = greetingAt(hostname, 8123);
    assertStringIncludes(text, "Lifeline 1.2.3");
    assertStringIncludes(text, `${shown}/sse-test.html`);
    assertEquals(text.split(`${shown}/mcp/sse`).length, 3);
  });
}

Deno.test("with a public URL the greeting has URLs under it, and says where the server listens", () => {
  const text = greeting({
    version: "1.2.3",
    address: { transport: "tcp", hostname: "127.0.0.1", port: 8123 },
    publicUrl: "https://mcp.example.com/ai/",
  });
  assertStringIncludes(text, "Lifeline 1.2.3 is up, listening on http://localhost:8123\n");
  assertStringIncludes(text, "https://mcp.example.com/ai/sse-test.html\n");
  assertEquals(text.split("https://mcp.example.com/ai/mcp/sse").length, 3);
});

Deno.test("the greeting has a curl line to paste, with headers and a body that is JSON-RPC", () => {
  const text = greetingAt("127.0.0.1", 8000);
  assertStringIncludes(text, 'curl -N -H "Accept: text/event-stream"');
  const body = /-d '([^']+)'/.exec(text)?.[1] ?? "";
  assertEquals(JSON.parse(body), { jsonrpc: "2.0", method: "ping", params: {}, id: "test" });
});

Deno.test("who listens on a socket without a port is greeted with its place", () => {
  const at = (address: Deno.Addr) => greeting({ version: "1.2.3", address });
  assertStringIncludes(at({ transport: "unix", path: "/run/app.sock" }), "unix:/run/app.sock");
  assertStringIncludes(at({ transport: "vsock", cid: 3, port: 8000 }), "vsock:3:8000");
});

const TOKEN = "0123456789abcdef";
const MADE = {
  version: "1.2.3",
  address: { transport: "tcp", hostname: "127.0.0.1", port: 8123 },
  operatorToken: TOKEN,
} as const;

Deno.test("the greeting has a link to the connection view, with the token in its fragment", () => {
  const link = `http://localhost:8123/connections.html#token=${TOKEN}\n`;
  assertStringIncludes(greeting(MADE), link);
  // Proxies do not publish the page.
  assertStringIncludes(greeting({ ...MADE, publicUrl: "https://mcp.example.com" }), link);
  assertStringIncludes(greetingAt("127.0.0.1", 8123), "http://localhost:8123/connections.html\n");
});

Deno.test("a greeting that is a line of the log has no token", () => {
  const line = String(greetingLine(MADE, "json"));
  assertEquals(JSON.parse(line).message, "Listening");
  assertEquals(line.includes(TOKEN), false);
});

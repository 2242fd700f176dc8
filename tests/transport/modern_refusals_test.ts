/** Refused requests of 2026-07-28: the words of each answer. */
import { assertEquals } from "@std/assert";
import { testApp } from "../helpers/app.ts";
import { type ModernOptions, modernPost } from "../spec/support/modern.ts";

const key = (name: string) => `io.modelcontextprotocol/${name}`;
const LEVELS = "one of debug, info, notice, warning, error, critical, alert, emergency";

for (
  const [what, options, code, message] of [
    [
      "no revision in the headers",
      { headers: { "mcp-protocol-version": null } },
      -32020,
      "Header mismatch: MCP-Protocol-Version is missing",
    ],
    [
      "another revision in the headers",
      { headers: { "mcp-protocol-version": "2025-11-25" } },
      -32020,
      'Header mismatch: MCP-Protocol-Version is "2025-11-25", but the body\'s _meta says ' +
      '"2026-07-28"',
    ],
    [
      "no method in the headers",
      { headers: { "mcp-method": null } },
      -32020,
      "Header mismatch: Mcp-Method is missing",
    ],
    [
      "another method in the headers",
      { headers: { "mcp-method": "ping" } },
      -32020,
      'Header mismatch: Mcp-Method is "ping", but the body says "tools/call"',
    ],
    [
      "no name in the headers",
      { headers: { "mcp-name": null } },
      -32020,
      'Header mismatch: Mcp-Name is missing, the body says "echo"',
    ],
    [
      "another name in the headers",
      { headers: { "mcp-name": "y" } },
      -32020,
      'Header mismatch: Mcp-Name is "y", but the body says "echo"',
    ],
    [
      "a name of invalid characters",
      { headers: { "mcp-name": "=?base64?!?=" } },
      -32020,
      "Header mismatch: Mcp-Name holds invalid characters",
    ],
    [
      "a long name",
      { headers: { "mcp-name": "y".repeat(300) } },
      -32020,
      `Header mismatch: Mcp-Name is "${"y".repeat(199)}, but the body says "echo"`,
    ],
    [
      "no capabilities",
      { meta: { [key("clientCapabilities")]: undefined } },
      -32602,
      `Invalid params: _meta["${key("clientCapabilities")}"] must be an object`,
    ],
    [
      "capabilities that are a list",
      { meta: { [key("clientCapabilities")]: [] } },
      -32602,
      `Invalid params: _meta["${key("clientCapabilities")}"] must be an object`,
    ],
    [
      "an unknown log level",
      { meta: { [key("logLevel")]: "loud" } },
      -32602,
      `Invalid params: _meta["${key("logLevel")}"] must be ${LEVELS}`,
    ],
    [
      "a log level that objects inherit",
      { meta: { [key("logLevel")]: "toString" } },
      -32602,
      `Invalid params: _meta["${key("logLevel")}"] must be ${LEVELS}`,
    ],
    [
      "no revision in the body",
      { meta: { [key("protocolVersion")]: undefined } },
      -32602,
      `Invalid params: _meta["${key("protocolVersion")}"] must be a string`,
    ],
  ] as readonly (readonly [string, ModernOptions, number, string])[]
) {
  Deno.test(`a request of 2026-07-28 with ${what} is refused`, async () => {
    using app = testApp();
    const params = { name: "echo", arguments: { message: "x" } };
    const response = await modernPost(app, "tools/call", params, options);
    assertEquals(response.status, 400);
    assertEquals(await response.json(), { jsonrpc: "2.0", error: { code, message }, id: 1 });
  });
}

Deno.test("a revision that is not there yet is refused with those that are, 40 characters of it", async () => {
  using app = testApp();
  const requested = `2099-${"9".repeat(50)}`;
  const response = await modernPost(app, "ping", {}, {
    meta: { [key("protocolVersion")]: requested },
  });
  assertEquals([response.status, (await response.json()).error], [400, {
    code: -32022,
    message: `Unsupported protocol version "${requested.slice(0, 40)}"`,
    data: {
      supported: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
      requested,
    },
  }]);
});

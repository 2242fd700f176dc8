/** The head of a request: the parts of its URL, and headers that are sent more than once. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { RequestHead } from "../../lib/transport/request_head.ts";

function headOf(url: string, headers: [string, string][] = [], method = "POST"): RequestHead {
  return new RequestHead(new Request(url, { method, headers }));
}

/** A request of which only the URL matters, as no `Request` would write it. */
function partsOf(url: string) {
  const { authority, path, query } = new RequestHead({
    url,
    method: "GET",
    headers: new Headers(),
  } as Request);
  return [authority, path, query];
}

for (
  const [url, ...parts] of [
    ["http://host/", "host", "/", ""],
    ["http://host", "host", "/", ""],
    ["http://host:80/mcp", "host:80", "/mcp", ""],
    ["https://host/mcp/", "host", "/mcp", ""],
    ["https://host/mcp//", "host", "/mcp/", ""],
    ["http://[::1]:8000/mcp/sse?a=1&b=2", "[::1]:8000", "/mcp/sse", "?a=1&b=2"],
    ["http://host/mcp/?a=/", "host", "/mcp", "?a=/"],
    ["http://host?a=1", "host", "/", "?a=1"],
    ["http://host/mcp?", "host", "/mcp", "?"],
    ["http://host/a?b?c", "host", "/a", "?b?c"],
    ["http://h/m//n", "h", "/m//n", ""],
    ["//host/x/", "host", "/x", ""],
  ] as const
) {
  Deno.test(`${url} is the authority ${parts[0]}, the path ${parts[1]} and the query "${parts[2]}"`, () => {
    assertEquals(partsOf(url), parts);
    assertEquals(partsOf(url), parts);
  });
}

Deno.test("a parameter of the query is its first value, decoded; undefined where it is missing", () => {
  const head = headOf("http://host/mcp?a=1&b=x%20y&a=2&empty=");
  assertEquals(
    ["a", "b", "empty", "c"].map((name) => head.queryParameter(name)),
    ["1", "x y", "", undefined],
  );
  assertEquals(headOf("http://host/mcp").queryParameter("a"), undefined);
});

Deno.test("a head without headers names nothing, and accepts everything", () => {
  const head = headOf("http://host/mcp");
  assertEquals(
    [head.contentType, head.contentLength, head.version, head.sessionId, head.connectionId],
    [null, null, null, null, null],
  );
  assertEquals([head.origin, head.method], [null, "POST"]);
  assertEquals([head.accepted.json, head.accepted.eventStream], [true, true]);
  assertEquals(head.accepted, head.accepted);
  head.requireSupportedVersion();
});

const ONCE = {
  contentType: "Content-Type",
  contentLength: "Content-Length",
  version: "Mcp-Protocol-Version",
  sessionId: "Mcp-Session-Id",
  connectionId: "Mcp-Connection-Id",
} as const;

for (const [member, name] of Object.entries(ONCE) as [keyof typeof ONCE, string][]) {
  Deno.test(`copies of ${name} that agree are one, and others are refused`, () => {
    assertEquals(headOf("http://host/", [[name, "a"]])[member], "a");
    assertEquals(headOf("http://host/", [[name, "a"], [name, "a"]])[member], "a");
    const head = headOf("http://host/", [[name, "a"], [name, "b"]]);
    const error = assertThrows(() => head[member], ProtocolError);
    assertEquals(
      error.message,
      `${name} is sent more than once, with different values; send it once`,
    );
  });
}

Deno.test("copies of Origin that agree are one, and others stay as they were sent", () => {
  const page = "https://a.example";
  for (
    const [origins, read] of [
      [[page], page],
      [[page, page], page],
      [[page, "https://b.example"], `${page}, https://b.example`],
    ] as const
  ) {
    const headers = origins.map((origin): [string, string] => ["origin", origin]);
    assertEquals(headOf("http://host/", headers).origin, read);
  }
});

for (const version of ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]) {
  Deno.test(`the revision ${version} is supported`, () => {
    const head = headOf("http://host/", [["mcp-protocol-version", version]]);
    head.requireSupportedVersion();
    assertEquals([head.version, head.version], [version, version]);
  });
}

Deno.test("a revision that is not supported is named, up to 40 characters of it, with those that are", () => {
  const version = "9".repeat(41);
  const head = headOf("http://host/", [["mcp-protocol-version", version]]);
  const error = assertThrows(() => head.requireSupportedVersion(), ProtocolError);
  assertEquals(error.kind, "invalid_request");
  const begin = `Unsupported MCP-Protocol-Version "${"9".repeat(40)}"; this server speaks `;
  assert(error.message.startsWith(begin), error.message);
  assertEquals(
    error.message.slice(begin.length).split(", ").filter((one) => /^\d{4}-\d\d-\d\d$/.test(one))
      .sort().at(-1),
    "2026-07-28",
  );
});

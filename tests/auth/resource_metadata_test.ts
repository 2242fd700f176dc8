/** The documents and the header that tell a client where to get a token. */
import { assertEquals } from "@std/assert";
import { challengeHeader } from "../../lib/auth/challenge.ts";
import {
  resourceMetadata,
  resourceMetadataUrl,
  resourceUrls,
} from "../../lib/auth/resource_metadata.ts";

const OPTIONS = {
  publicUrl: "https://mcp.example",
  endpoints: ["/mcp", "/mcp/sse"],
  authorizationServers: ["https://issuer.example"],
  scopes: ["notes:read"],
  name: "Notes",
};
const ROOT = "/.well-known/oauth-protected-resource";

Deno.test("each endpoint has a document with its own resource, and the base one with the base", () => {
  const documents = resourceMetadata(OPTIONS);
  assertEquals([...documents].map(([path, { resource }]) => [path, resource]), [
    [ROOT, "https://mcp.example"],
    [`${ROOT}/mcp`, "https://mcp.example/mcp"],
    [`${ROOT}/mcp/sse`, "https://mcp.example/mcp/sse"],
  ]);
  assertEquals(documents.get(`${ROOT}/mcp`), {
    resource: "https://mcp.example/mcp",
    authorization_servers: ["https://issuer.example"],
    scopes_supported: ["notes:read"],
    bearer_methods_supported: ["header"],
    resource_name: "Notes",
  });
});

Deno.test("below a base with a path the documents are found with that path and without", () => {
  const documents = resourceMetadata({ ...OPTIONS, publicUrl: "https://example.com/a/b/" });
  const resource = "https://example.com/a/b/mcp";
  for (const path of [`${ROOT}/a/b/mcp`, `${ROOT}/mcp`]) {
    assertEquals(documents.get(path)?.resource, resource);
  }
  for (const path of [ROOT, `${ROOT}/a/b`]) {
    assertEquals(documents.get(path)?.resource, "https://example.com/a/b");
  }
});

Deno.test("the URL of a document is where RFC 9728 puts it: between host and path", () => {
  const { publicUrl } = OPTIONS;
  assertEquals(resourceMetadataUrl(publicUrl, "/mcp"), `https://mcp.example${ROOT}/mcp`);
  assertEquals(resourceMetadataUrl(`${publicUrl}/`, ""), `https://mcp.example${ROOT}`);
  assertEquals(
    resourceMetadataUrl("https://example.com:8443/base/", "/mcp/sse"),
    `https://example.com:8443${ROOT}/base/mcp/sse`,
  );
});

Deno.test("the audiences are the public URLs, without a last slash", () => {
  assertEquals(resourceUrls("https://mcp.example/", ["/mcp"]), [
    "https://mcp.example",
    "https://mcp.example/mcp",
  ]);
});

Deno.test("no scopes are promised where none are set", () => {
  const document = resourceMetadata({ ...OPTIONS, scopes: [] }).get(ROOT);
  assertEquals("scopes_supported" in (document ?? {}), false);
});

Deno.test("a challenge names error, scope and document, in printable ASCII without quotes", () => {
  assertEquals(challengeHeader({}), 'Bearer realm="lifeline"');
  assertEquals(
    challengeHeader({ scopes: ["a", "b"], metadataUrl: "https://mcp.example/doc" }),
    'Bearer scope="a b", resource_metadata="https://mcp.example/doc"',
  );
  assertEquals(
    challengeHeader({ error: "invalid_token", description: 'no "café"\r\nX: y\\' }),
    `Bearer error="invalid_token", error_description="no 'caf?'??X: y'"`,
  );
});

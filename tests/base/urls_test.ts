import { assertEquals } from "@std/assert";
import { isLoopback, isPublicUrl, publicBase, withoutCredentials } from "../../lib/base/urls.ts";

Deno.test("`isPublicUrl()` takes http URLs without query, password and the endpoint's path", () => {
  const expected: Record<string, boolean> = {
    "http://a.test": true,
    "https://a.test:8443/ai/": true,
    "https://a.test/mcpx": true,
    "https://a.test/mcp/more": true,
    "https://a.test/mcp": false,
    "https://a.test/ai/mcp": false,
    "https://a.test/mcp//": false,
    "https://a.test/mcp/sse": false,
    "https://a.test/mcp/sse/": false,
    "https://a.test/?": false,
    "https://a.test/#": false,
    "https://user@a.test": false,
    "https://:word@a.test": false,
    "ws://a.test": false,
    "a.test": false,
  };
  const told = Object.keys(expected).map((url) => [url, isPublicUrl(url)]);
  assertEquals(Object.fromEntries(told), expected);
});

Deno.test("`publicBase()` is the URL without its last slashes", () => {
  assertEquals(
    ["https://A.test", "https://a.test/", "https://a.test:443/ai//"].map(publicBase),
    ["https://a.test", "https://a.test", "https://a.test/ai"],
  );
});

Deno.test("`isLoopback()` knows this machine by all its names, and nothing that begins like it", () => {
  const local = ["127.0.0.1", "127.9.8.7", "::1", "[::1]", "::ffff:127.0.0.1", "LocalHost"];
  const remote = ["127.0.0.1.a.test", "128.0.0.1", "::2", "localhost.a.test", "", "0.0.0.0", "::"];
  assertEquals([local.every(isLoopback), remote.some(isLoopback)], [true, false]);
});

Deno.test("`withoutCredentials()` hides user and password in each URL of a text", () => {
  assertEquals(
    withoutCredentials("redis://u:p@a and https://t@b/x?y=z@w, mail me@c.test"),
    "redis://…@a and https://…@b/x?y=z@w, mail me@c.test",
  );
  assertEquals(withoutCredentials("https://a.test/@b"), "https://a.test/@b");
});

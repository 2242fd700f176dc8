/** What a stream keeps of its client. */
import { assertEquals } from "@std/assert";
import { Client } from "../../lib/stream/client.ts";
import { CLOSE_REASONS, isClientGone } from "../../lib/stream/close_reason.ts";

Deno.test("a client without an identity is anonymous, and its address is its key", () => {
  const client = new Client({ address: "192.0.2.1", userAgent: "test", identity: undefined });
  const { isAnonymous, key, principal, scopes, expiresAt, headers } = client;
  assertEquals({ isAnonymous, key, principal, scopes, expiresAt, headers }, {
    isAnonymous: true,
    key: "192.0.2.1",
    principal: undefined,
    scopes: undefined,
    expiresAt: undefined,
    headers: undefined,
  });
});

Deno.test("a client with an identity is counted by its principal, whatever its address", () => {
  const identity = { principal: "ada", scopes: ["read"], expiresAt: 7 };
  const parts = { userAgent: "test", identity, headers: { accept: "a" } };
  const [client, elsewhere] = ["192.0.2.1", "192.0.2.2"].map((address) =>
    new Client({ ...parts, address })
  );
  assertEquals(client?.key, elsewhere?.key);
  assertEquals(
    [client?.isAnonymous, client?.principal, client?.scopes, client?.expiresAt, client?.headers],
    [false, "ada", ["read"], 7, { accept: "a" }],
  );
});

Deno.test("of a long user agent the first 256 characters are kept", () => {
  const kept = (length: number) =>
    new Client({ address: "192.0.2.1", userAgent: "x".repeat(length), identity: undefined })
      .userAgent.length;
  assertEquals([256, 257].map(kept), [256, 256]);
});

Deno.test("three reasons say that nobody reads any more", () => {
  assertEquals(CLOSE_REASONS.filter(isClientGone), [
    "client_closed",
    "write_failed",
    "peer_lost",
  ]);
});

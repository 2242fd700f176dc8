import { assertEquals, assertStrictEquals } from "@std/assert";
import { TrustedProxies } from "../../lib/http/steps/client_address.ts";
import type { Socket } from "../../lib/stream/client.ts";
import type { Peer } from "../../lib/transport/peer.ts";

/** A socket that is more than its own fields, as that of a listener is. */
class SocketLike implements Socket {
  readonly #done = Promise.resolve("released");

  get name(): string {
    return "10.0.0.1:4711";
  }

  get unsentBytes(): number {
    return 0;
  }

  released(): Promise<unknown> {
    return this.#done;
  }
}

Deno.test("a client behind a trusted proxy keeps the proxy's socket, and learns of its end", async () => {
  const headers = new Headers({ "x-forwarded-for": "192.0.2.7" });
  const peer: Peer = { address: "10.0.0.1", socket: new SocketLike() };
  const client = new TrustedProxies(["10.0.0.0/8"]).resolveClient(peer, { headers });
  assertEquals([client.address, client.socket?.name], ["192.0.2.7", "10.0.0.1:4711"]);
  assertEquals(await client.socket?.released(), "released");
});

Deno.test("a client behind a proxy keeps its identity, and has no socket where the proxy has none", () => {
  const headers = new Headers({ "x-forwarded-for": "192.0.2.7" });
  const peer: Peer = { address: "10.0.0.1", principal: "ada", scopes: ["read"] };
  const client = new TrustedProxies(["10.0.0.1"]).resolveClient(peer, { headers });
  assertEquals([client.address, client.principal, client.scopes], ["192.0.2.7", "ada", ["read"]]);
  assertStrictEquals(client.socket, undefined);
});

Deno.test("where no proxy is trusted, the other end of the socket is not looked up", () => {
  const peer: Peer = {
    get address(): string {
      throw new Error("looked up");
    },
  };
  assertStrictEquals(new TrustedProxies([]).resolveClient(peer, { headers: new Headers() }), peer);
});

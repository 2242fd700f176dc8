import { assertEquals, assertStrictEquals } from "@std/assert";
import { TrustedProxies } from "../../lib/http/steps/client_address.ts";
import type { Peer } from "../../lib/transport/peer.ts";

/** A peer that is more than its own fields, as that of a socket is. */
class SocketLike implements Peer {
  readonly #done = Promise.resolve("released");

  get address(): string {
    return "10.0.0.1";
  }

  get socket(): string {
    return "10.0.0.1:4711";
  }

  released(): Promise<unknown> {
    return this.#done;
  }
}

Deno.test("a client behind a trusted proxy keeps the proxy's socket, and learns of its end", async () => {
  const headers = new Headers({ "x-forwarded-for": "192.0.2.7" });
  const client = new TrustedProxies(["10.0.0.0/8"]).resolveClient(new SocketLike(), { headers });
  assertEquals([client.address, client.socket], ["192.0.2.7", "10.0.0.1:4711"]);
  assertEquals(await client.released?.(), "released");
});

Deno.test("a client behind a proxy whose transport tells nothing is told nothing", () => {
  const headers = new Headers({ "x-forwarded-for": "192.0.2.7" });
  const client = new TrustedProxies(["10.0.0.1"]).resolveClient({ address: "10.0.0.1" }, {
    headers,
  });
  assertEquals([client.address, client.socket, client.principal], [
    "192.0.2.7",
    undefined,
    undefined,
  ]);
  assertStrictEquals(client.released, undefined);
});

Deno.test("where no proxy is trusted, the other end of the socket is not looked up", () => {
  const peer: Peer = {
    get address(): string {
      throw new Error("looked up");
    },
  };
  assertStrictEquals(new TrustedProxies([]).resolveClient(peer, { headers: new Headers() }), peer);
});

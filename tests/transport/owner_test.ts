/** Whose a stream or session is, and who the caller is for handlers. */
import { assertEquals } from "@std/assert";
import type { Client } from "../../lib/stream/client.ts";
import { callerOf } from "../../lib/transport/caller.ts";
import {
  identityOf,
  isFromPage,
  isOwner,
  mountPathOf,
  noteMountPath,
  OWN_PAGE,
  type Sender,
} from "../../lib/transport/peer.ts";

const PAGE = "https://page.example";
const OTHER = "https://other.example";

for (
  const [opened, asking, passes] of [
    [undefined, undefined, true],
    [PAGE, undefined, true],
    [OWN_PAGE, undefined, true],
    [undefined, OWN_PAGE, true],
    [undefined, PAGE, false],
    [OWN_PAGE, OWN_PAGE, true],
    [OWN_PAGE, PAGE, false],
    [PAGE, OWN_PAGE, false],
    [PAGE, PAGE, true],
    [PAGE, OTHER, false],
  ] as const
) {
  Deno.test(`what ${opened ?? "a client without a page"} opened is ${passes ? "open" : "closed"} to ${asking ?? "a request without a page"}`, () => {
    assertEquals(isFromPage(opened, asking), passes);
    for (const [owner, sender] of [[undefined, undefined], ["me", "me"]]) {
      const identity = sender === undefined ? undefined : { principal: sender };
      const from = { identity, page: asking } as Sender;
      assertEquals(isOwner({ principal: owner, page: opened }, from), passes);
    }
    for (const [owner, sender] of [["me", "you"], ["me", undefined], [undefined, "me"]]) {
      const identity = sender === undefined ? undefined : { principal: sender };
      const from = { identity, page: asking } as Sender;
      assertEquals(isOwner({ principal: owner, page: opened }, from), false);
    }
  });
}

Deno.test("a peer without a principal has no identity, and one with a principal has all of it", () => {
  assertEquals(identityOf({ address: "10.0.0.1", scopes: ["a"] }), undefined);
  const identity = {
    principal: "me",
    clientId: "client",
    scopes: ["a"],
    claims: { sub: "me" },
    expiresAt: 5,
  };
  assertEquals(identityOf({ address: "10.0.0.1", ...identity }), identity);
});

Deno.test("a request knows the prefix that was taken off its path; others have none", () => {
  const [mounted, other] = [new Request("http://host/mcp"), new Request("http://host/mcp")];
  noteMountPath(mounted, "/ai");
  assertEquals([mountPathOf(mounted), mountPathOf(other)], ["/ai", ""]);
});

for (
  const [what, client, info, caller] of [
    ["an address alone", {}, undefined, {}],
    ["names and versions that are texts", {}, { name: "n", version: "1" }, {
      name: "n",
      version: "1",
    }],
    ["no name that is a number", {}, { name: 5, version: "1" }, { version: "1" }],
    ["no version that is a number", {}, { name: "n", version: 1 }, { name: "n" }],
    ["nothing of a `clientInfo` that is no object", {}, "name", {}],
    [
      "an identity without the time at which it ends",
      { identity: { principal: "me", clientId: "c", scopes: ["s"], claims: {}, expiresAt: 1 } },
      undefined,
      { principal: "me", clientId: "c", scopes: ["s"], claims: {} },
    ],
    ["headers where there are any", { headers: { a: "1" } }, undefined, { headers: { a: "1" } }],
  ] as const
) {
  Deno.test(`the caller of a handler has ${what}`, () => {
    assertEquals(
      callerOf({ address: "10.0.0.1", ...client } as unknown as Client, info),
      { address: "10.0.0.1", ...caller } as unknown as ReturnType<typeof callerOf>,
    );
  });
}

/** In every dialect, the streams and sessions of one principal do not exist for another one. */
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import type { TestApp } from "../helpers/app.ts";
import { ASK, modernCall, OpenClients } from "./open_clients.ts";
import { bearer, FIXED_KEY, guardedApp } from "./scene.ts";

function open(): TestApp {
  return guardedApp({ tools: [ASK] });
}

const EVE = { sub: "eve" };

Deno.test("what another principal has open is a 404, in every dialect, and goes on", async () => {
  using app = open();
  const ada = await bearer();
  await using clients = await OpenClients.open(app, ada);
  for (const other of [await bearer(EVE), { authorization: `Bearer ${FIXED_KEY}` }]) {
    for (const [attempt, send] of clients.ownedAttempts()) {
      const response = await send(other);
      const text = await response.text();
      assertEquals(response.status, 404, `${attempt}: ${text}`);
      assertNotMatch(text, /ada|principal|owner/, `${attempt} says nothing of the owner`);
    }
  }
  assertEquals(await clients.settle(ada), Array(3).fill("accept meant"), "no answer was taken");
});

Deno.test("a refreshed token of the same principal goes on in every dialect", async () => {
  using app = open();
  await using clients = await OpenClients.open(app, await bearer());
  const fresh = await bearer({ jti: "another", client_id: "another-client" });
  assertEquals(await clients.settle(fresh), Array(3).fill("accept meant"));
});

Deno.test("an event id of another principal's session resumes nothing in one's own", async () => {
  using app = open();
  await using ada = await OpenClients.open(app, await bearer());
  const credential = await bearer(EVE);
  await using eve = await OpenClients.open(app, credential);
  const response = await app.request("/mcp", {
    headers: {
      ...credential,
      ...eve.session,
      accept: "text/event-stream",
      "last-event-id": ada.eventId,
    },
  });
  assert(response.status >= 400, `${response.status}`);
  await response.body?.cancel();
});

Deno.test("the state of a question of 2026-07-28 is good for its own principal alone", async () => {
  using app = open();
  const ada = await bearer();
  const asked = await (await modernCall(app, "ask", {})(ada)).json();
  const { requestState, inputRequests } = asked.result;
  const [key = ""] = Object.keys(inputRequests);
  const inputResponses = { [key]: { action: "accept", content: { text: "meant" } } };
  const answered = modernCall(app, "ask", { requestState, inputResponses });
  const stolen = await (await answered(await bearer(EVE))).json();
  assertEquals(stolen.result, undefined, JSON.stringify(stolen));
  const own = await (await answered(await bearer({ jti: "refreshed" }))).json();
  assertEquals(own.result.content[0].text, "accept meant");
});

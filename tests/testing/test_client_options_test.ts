/** Options of the test client, and its answers to questions. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createApp } from "../../lib/mod.ts";
import { RpcError, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { offer } from "./offer.ts";

const WRONG: readonly (readonly [options: unknown, says: string])[] = [
  [null, "testClient() takes an object of options, not null"],
  [{ elicits: () => {} }, 'testClient() has no option "elicits"; did you mean "elicit"?'],
  [{ era: "2025-11-24" }, 'era must be "2026-07-28" or "2025-11-25" or '],
  [{ dialect: "sse" }, 'dialect must be "plain" or "stdio", not "sse"'],
  [{ elicit: { action: "accept" } }, "elicit must be a function, not an object"],
  [{ roots: "/home" }, 'roots must be a list, not "/home"'],
  [{ roots: ["/home", 5] }, "roots[1] must be a path or { uri }, not 5"],
  [{ headers: { "x-tenant": 5 } }, "headers.x-tenant must be a text, not 5"],
  [{ headers: "x" }, 'headers must be an object, not "x"'],
  [{ peer: "10.0.0.1" }, 'peer must be an object such as { address: "10.0.0.1" }'],
  [{ keepApp: 1 }, "keepApp must be true or false, not 1"],
];

for (const [options, says] of WRONG) {
  Deno.test(`testClient() refuses: ${says}`, async () => {
    const app = createApp();
    const wrong = options as TestClientOptions;
    await assertRejects(() => testClient(app, wrong), TypeError, says);
    app.stop();
  });
}

Deno.test("testClient() takes an app, and says how to make one", async () => {
  for (const wrong of [undefined, { tools: [] }, []]) {
    const says = "pass what createApp() returns";
    await assertRejects(() => testClient(wrong as never), TypeError, says);
  }
});

Deno.test("an answer that is none is told, and not that there is no answer", async () => {
  const elicit = () => undefined as never;
  await using client = await testClient(offer(), { era: "2025-11-25", elicit });
  const { content: [block] } = await client.call("book");
  assertMatch(
    JSON.stringify(block),
    /elicit\(\) of the test client returned undefined, not an answer/,
  );
});

Deno.test("a test client that has no answer cannot be asked", async () => {
  await using legacy = await testClient(offer(), { era: "2025-11-25" });
  assertEquals((await legacy.call("book")).isError, true);
  await using modern = await testClient(offer());
  assertEquals((await assertRejects(() => modern.call("book"), RpcError)).code, -32021);
});

Deno.test("an answer that throws is told to the handler", async () => {
  await using client = await testClient(offer(), {
    era: "2025-11-25",
    elicit: () => {
      throw new Error("the user has left");
    },
  });
  const { isError, content: [block] } = await client.call("book");
  assertEquals(isError, true);
  assertMatch(block?.type === "text" ? block.text : "", /the user has left/);
});

Deno.test("the plain dialect speaks no 2026-07-28, and says so", async () => {
  const app = offer();
  const connecting = testClient(app, { dialect: "plain", era: "2026-07-28" });
  await assertRejects(() => connecting, TypeError, "does not speak 2026-07-28");
});

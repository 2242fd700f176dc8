/** Updates of a sub-resource of the resource that a client subscribed to. */
import { assertEquals } from "@std/assert";
import { createApp, defineResource } from "../../lib/mod.ts";
import { testClient, type TestClientOptions } from "../../lib/testing.ts";
import { until } from "../helpers/until.ts";

const UPDATED = "notifications/resources/updated";
const plain = (uri: string, scopes: readonly string[] = []) =>
  defineResource({ uri, name: uri, scopes, read: () => "" });

async function updatesSeen(options: TestClientOptions, subscribed: string, uris: string[]) {
  const app = createApp({
    resources: [
      plain("file:///home"),
      plain("file:///home/open.txt"),
      plain("file:///home/secret.txt", ["read:secrets"]),
    ],
  });
  await using client = await testClient(app, options);
  await client.request("resources/subscribe", { uri: subscribed });
  for (const uri of [...uris, "file:///home"]) app.catalog.resourceUpdated(uri);
  const seen = () =>
    client.notifications.filter(({ method }) => method === UPDATED).map(({ params }) =>
      params?.uri
    );
  await until(() => seen().includes("file:///home"));
  return seen();
}

for (const era of ["2025-11-25", "2024-11-05"] as const) {
  Deno.test(`a client of ${era} hears of the sub-resources of what it subscribed to`, async () => {
    const seen = await updatesSeen({ era }, "file:///home", [
      "file:///home/open.txt",
      "file:///home/new/a",
      "file:///homes/b",
      "file:///",
    ]);
    assertEquals(seen, ["file:///home/open.txt", "file:///home/new/a", "file:///home"]);
  });
}

Deno.test("a subscription to a parent does not tell of a resource that needs further scopes", async () => {
  const seen = await updatesSeen({ era: "2025-11-25" }, "file:///home", [
    "file:///home/secret.txt",
    "file:///home/open.txt",
  ]);
  assertEquals(seen, ["file:///home/open.txt", "file:///home"]);
});

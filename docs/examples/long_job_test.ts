import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "@lifeline/mcp";
import { testClient } from "@lifeline/mcp/testing";
import { report, writeReport } from "./long_job.ts";

const app = () => createApp({ tools: [writeReport], resourceTemplates: [report] });

for (const era of ["2025-11-25", "2026-07-28"] as const) {
  Deno.test(`long_job.ts asks, reports progress and leaves a resource (${era})`, async () => {
    await using client = await testClient(app(), {
      era,
      elicit: () => ({ action: "accept", content: { style: "full" } }),
    });
    const { structuredContent } = await client.call("write_report", { topic: "Tea", chapters: 2 });
    const { uri } = structuredContent as { uri: string };
    assertEquals(client.progress.map(({ progress, total }) => [progress, total]), [[1, 2], [2, 2]]);
    const { contents } = await client.read(uri);
    assertStringIncludes(JSON.stringify(contents), "2. Tea, full");
  });
}

Deno.test("long_job.ts does nothing when the user declines", async () => {
  await using client = await testClient(app(), { elicit: () => ({ action: "decline" }) });
  const { isError } = await client.call("write_report", { topic: "Tea" });
  assertEquals([isError, client.progress.length], [true, 0]);
});

Deno.test("long_job.ts works without questions where the client cannot ask", async () => {
  await using client = await testClient(app());
  const { structuredContent } = await client.call("write_report", { topic: "Tea", chapters: 1 });
  assertEquals((structuredContent as { chapters: number }).chapters, 1);
});

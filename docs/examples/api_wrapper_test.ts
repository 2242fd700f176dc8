import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "@lifeline/mcp";
import { testClient } from "@lifeline/mcp/testing";
import { findIssues, onStart, openIssue, use } from "./api_wrapper.ts";

/** The API, as far as the tools use it. */
class FakeTracker implements AsyncDisposable {
  readonly requests: { url: string; token: string | null }[] = [];
  refuseWith: ResponseInit | undefined;
  readonly #server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (r) => {
    this.requests.push({ url: r.url, token: r.headers.get("authorization") });
    const body = await r.text();
    if (this.refuseWith !== undefined) return new Response("no", this.refuseWith);
    if (r.method === "POST") {
      return Response.json({ id: 2, title: JSON.parse(body).title, state: "open" });
    }
    return Response.json([{ id: 1, title: "It rains", state: "open" }]);
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** An app over a fake tracker; its token is "s3cret". */
async function setUp(tracker: FakeTracker) {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "s3cret\n");
  Deno.env.set("ISSUES_URL", tracker.url);
  Deno.env.set("ISSUES_TOKEN_FILE", file);
  return await testClient(createApp({ tools: [findIssues, openIssue], onStart, use }));
}

Deno.test("api_wrapper.ts sends the token, and asks once for what is cached", async () => {
  await using tracker = new FakeTracker();
  await using client = await setUp(tracker);
  for (let i = 0; i < 2; i++) {
    const { structuredContent } = await client.call("find_issues", { text: "rain" });
    assertEquals(structuredContent, { issues: [{ id: 1, title: "It rains", state: "open" }] });
  }
  assertEquals(tracker.requests, [
    { url: `${tracker.url}/issues?text=rain&state=open`, token: "Bearer s3cret" },
  ]);
});

Deno.test("api_wrapper.ts writes", async () => {
  await using tracker = new FakeTracker();
  await using client = await setUp(tracker);
  const { structuredContent } = await client.call("open_issue", { title: "It snows" });
  assertEquals(structuredContent, { id: 2, title: "It snows", state: "open" });
});

Deno.test("api_wrapper.ts tells what to do about a refusal, and never the token", async () => {
  await using tracker = new FakeTracker();
  await using client = await setUp(tracker);
  const refusals: [ResponseInit, string][] = [
    [{ status: 429, headers: { "retry-after": "7" } }, "try again in 7 s"],
    [{ status: 401 }, "must renew the token"],
    [{ status: 404 }, "no such issue"],
    [{ status: 500 }, "try again later"],
  ];
  for (const [init, advice] of refusals) {
    tracker.refuseWith = init;
    const result = await client.call("open_issue", { title: "It snows" });
    const text = JSON.stringify(result);
    assertEquals(result.isError, true);
    assertStringIncludes(text, advice);
    assertEquals(text.includes("s3cret"), false);
  }
});

Deno.test("api_wrapper.ts does not start without its settings, and names the missing one", async () => {
  Deno.env.delete("ISSUES_URL");
  const error = await onStart().then(() => undefined, (error: Error) => error);
  assertEquals(error?.message, "Set ISSUES_URL");
});

/** What a library user's `verify()` may return, and what is refused. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp, defineTool } from "../../lib/mod.ts";
import type { VerifiedCaller } from "../../lib/auth/own_way.ts";
import { CapturedLog } from "../helpers/log.ts";

/** Calls a tool that needs the scope `read`, as a caller that `verify()` returns. */
async function callAs(returned: unknown): Promise<{ status: number; message: string | undefined }> {
  const app = createApp({
    tools: [defineTool({ name: "t", description: "T", scopes: ["read"], run: () => "done" })],
    auth: { verify: () => returned as VerifiedCaller },
  });
  const response = await app.fetch(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer token" },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "t", arguments: {} },
      }),
    }),
  );
  const { error } = await response.json();
  app.stop();
  return { status: response.status, message: error?.message };
}

const WRONG: Readonly<Record<string, readonly [unknown, string]>> = {
  "a text of scopes": [
    { subject: "ada", scopes: "already_read write" },
    'verify() returned a wrong caller: scopes must be a list of texts, not "already_read write"',
  ],
  "a list that is not of texts": [
    { subject: "ada", scopes: ["read", 1] },
    "scopes must be a list of texts, not a list",
  ],
  "an empty subject": [{ subject: "" }, "verify() must return a subject"],
  "no subject": [{ principal: "ada", scopes: ["read"] }, "verify() must return a subject"],
  "an issuer that is no text": [
    { subject: "ada", scopes: ["read"], issuer: 7 },
    "issuer must be a text, not 7",
  ],
  "a client that is no text": [
    { subject: "ada", scopes: ["read"], clientId: {} },
    "clientId must be a text, not an object",
  ],
  "claims that are a list": [
    { subject: "ada", scopes: ["read"], claims: [] },
    "claims must be an object, not a list",
  ],
  "a time in place of a date": [
    { subject: "ada", scopes: ["read"], expiresAt: 1e15 },
    "expiresAt must be a Date, not 1000000000000000",
  ],
  "a date that is none": [
    { subject: "ada", scopes: ["read"], expiresAt: new Date("soon") },
    "expiresAt must be a Date",
  ],
};

for (const [what, [returned, message]] of Object.entries(WRONG)) {
  Deno.test(`verify() that returns ${what} lets nobody in, and the log says what is wrong`, async () => {
    using log = new CapturedLog("error");
    const { status } = await callAs(returned);
    assertEquals(status, 503);
    assertStringIncludes(log.lines.join(), "Own verification failed");
    assertStringIncludes(log.lines.join().replaceAll('\\"', '"'), message);
  });
}

Deno.test("verify() may leave out all but the subject, or give null", async () => {
  const nulls = { issuer: null, clientId: null, claims: null, expiresAt: null };
  assertEquals((await callAs({ subject: "ada", scopes: ["read"], ...nulls })).status, 200);
  const row = { subject: "ada", scopes: ["read"], email: "ada@example.com" };
  assertEquals((await callAs(row)).status, 200, "further members do not matter");
  assertEquals((await callAs({ subject: "ada" })).status, 403);
  assertEquals((await callAs(undefined)).status, 401);
  assertEquals((await callAs(null)).status, 401);
  const caller = { subject: "ada", scopes: ["read"], claims: {}, expiresAt: new Date(4e12) };
  assertEquals((await callAs(caller)).status, 200);
});

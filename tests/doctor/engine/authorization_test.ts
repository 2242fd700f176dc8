/** What the doctor finds on the way to a token. */
import { assertEquals, assertMatch } from "@std/assert";
import type { AppOptions, Settings } from "../../../lib/mod.ts";
import { answers, type Hop, withHeaders } from "../../helpers/hops.ts";
import { type Case, examined } from "./examined.ts";

const KEY = "the-key-of-the-doctor";
const ISSUER = "https://issuer.example";
const DOCUMENT = "/.well-known/oauth-protected-resource/mcp/sse";
const WITH_KEY = { headers: { authorization: `Bearer ${KEY}` } };

function guarded(settings: Partial<Settings> = {}): AppOptions {
  return {
    settings: {
      MCP_PUBLIC_URL: "http://localhost",
      MCP_AUTH_ISSUERS: [ISSUER],
      ...settings,
    },
    auth: { keys: [{ name: "doctor", key: KEY }], fetch: () => Promise.reject(new Error("down")) },
  };
}

/** The issuer, which answers beside the server. */
function issuer(document: unknown = { issuer: ISSUER }): Hop {
  return answers(
    ({ url }) => url.startsWith(ISSUER),
    () => document === null ? new Response(null, { status: 404 }) : Response.json(document),
  );
}

function at(path: string, answer: () => Response): Hop {
  return answers(({ url }) => new URL(url).pathname === path, answer);
}

async function idsOf(hops: readonly Hop[], options: Case): Promise<readonly string[]> {
  return (await examined(hops, options)).ids;
}

Deno.test("a server that asks for a token is examined with one, and all is well", async () => {
  assertEquals(await idsOf([issuer()], { app: guarded(), options: WITH_KEY }), []);
});

Deno.test("without a token the doctor says that one is needed, and looks at the way to it", async () => {
  const { report, ids } = await examined([issuer()], { app: guarded() });
  assertEquals(ids, ["refused"]);
  assertEquals(report.findings[0]?.title, "The server asks for a token");
});

Deno.test("a token that is refused is told with the server's reason", async () => {
  const options = { headers: { authorization: "Bearer nobody-knows" } };
  const { report, ids } = await examined([issuer()], { app: guarded(), options });
  assertEquals(ids, ["auth_token"]);
  assertMatch(report.findings[0]?.evidence ?? "", /The token is not known/);
});

Deno.test("a public URL that is not the address is found", async () => {
  const app = guarded({ MCP_PUBLIC_URL: "https://other.example/base" });
  const { report, ids } = await examined([issuer()], { app, options: WITH_KEY });
  assertEquals(ids, ["auth_public_url"]);
  assertMatch(report.findings[0]?.evidence ?? "", /other\.example.*for this address it is/);
});

Deno.test("a document that a proxy does not pass on is found", async () => {
  const notFound = at(DOCUMENT, () => new Response("<html>", { status: 404 }));
  assertEquals(await idsOf([issuer(), notFound], { app: guarded(), options: WITH_KEY }), [
    "auth_document",
  ]);
  const page = at(DOCUMENT, () => new Response("<html>"));
  assertEquals(await idsOf([issuer(), page], { app: guarded(), options: WITH_KEY }), [
    "auth_document",
  ]);
});

Deno.test("a document for another resource, or without an issuer, is found", async () => {
  const other = at(DOCUMENT, () => Response.json({ resource: "http://localhost/mcp" }));
  assertEquals(await idsOf([issuer(), other], { app: guarded(), options: WITH_KEY }), [
    "auth_resource",
  ]);
  const none = at(DOCUMENT, () => Response.json({ resource: "http://localhost/mcp/sse" }));
  assertEquals(await idsOf([issuer(), none], { app: guarded(), options: WITH_KEY }), [
    "auth_no_issuer",
  ]);
});

Deno.test("a challenge that the path takes away is found", async () => {
  const hidden = withHeaders({}, ["www-authenticate"]);
  assertEquals(await idsOf([issuer(), hidden], { app: guarded(), options: WITH_KEY }), [
    "auth_no_challenge",
  ]);
});

Deno.test("an issuer that does not answer, or names another, is found; a page does not look", async () => {
  for (const document of [null, { issuer: `${ISSUER}/` }]) {
    const hops = [issuer(document)];
    assertEquals(await idsOf(hops, { app: guarded(), options: WITH_KEY }), ["auth_issuer"]);
    const options = { ...WITH_KEY, reachesIssuers: false };
    assertEquals(await idsOf(hops, { app: guarded(), options }), []);
  }
});

Deno.test("a server with keys alone names no document, which is a note", async () => {
  const app = { auth: { keys: [{ name: "doctor", key: KEY }] } };
  const { report, ids } = await examined([], { app, options: WITH_KEY });
  assertEquals(ids, ["auth_no_document"]);
  assertEquals(report.verdict, "ok");
});

Deno.test("a server that asks for nothing is not looked at, token or not", async () => {
  assertEquals(await idsOf([], { options: WITH_KEY }), []);
});

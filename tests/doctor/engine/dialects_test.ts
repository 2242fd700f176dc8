/** The doctor examines the dialects that the server lists. */
import { assertEquals } from "@std/assert";
import { DIALECTS } from "../../../lib/transport/dialects.ts";
import { STREAMABLE } from "../../../lib/transport/streamable/mod.ts";
import { STATELESS } from "../../../lib/transport/stateless/mod.ts";
import { PLAIN } from "../../../lib/transport/plain/mod.ts";
import { TOY } from "../../transport/toy_dialect/mod.ts";
import type { Hop } from "../../helpers/hops.ts";
import { examined } from "./examined.ts";

Deno.test("the doctor examines each dialect of the server, and no other", async () => {
  const all = await examined([]);
  const probed = ["plain", "http_sse", "streamable", "modern", "listen"];
  assertEquals(Object.keys(all.report.measured?.dialects ?? {}), probed);
  assertEquals(all.report.measured?.served, DIALECTS.map(({ name }) => name));
  const few = await examined([], { app: { dialects: [PLAIN, STREAMABLE, STATELESS] } });
  assertEquals(Object.keys(few.report.measured?.dialects ?? {}), ["plain", "streamable"]);
  assertEquals([few.ids, few.report.verdict], [[], "ok"]);
  assertEquals("2026-07-28 JSON" in few.tones, false);
});

Deno.test("the doctor says which dialects of the server it does not speak", async () => {
  const { report, ids } = await examined([], { app: { dialects: [TOY, ...DIALECTS] } });
  assertEquals([ids, report.verdict], [["dialects_unprobed"], "ok"]);
  assertEquals(
    report.findings[0]?.title,
    "Not examined, because the doctor does not speak it: toy",
  );
});

Deno.test("the doctor examines all that it speaks where the server does not list its dialects", async () => {
  for (const answer of [new Response("?", { status: 404 }), Response.json({ dialects: [1, {}] })]) {
    const listsNone: Hop = (request, next) =>
      new URL(request.url).pathname.endsWith("/info")
        ? Promise.resolve(answer.clone())
        : next(request);
    const { report, ids } = await examined([listsNone]);
    assertEquals(Object.keys(report.measured?.dialects ?? {}).length, 5);
    assertEquals([report.measured?.served, ids], [[], []]);
  }
});

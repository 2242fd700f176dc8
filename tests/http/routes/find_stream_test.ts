import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { findStream } from "../../../lib/http/routes/find_stream.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";

const id = (begin: string) => `mcp_sse_${begin.padEnd(32, "0")}`;
const IDS = [id("0123456789abc1"), id("0123456789abc2"), id("a")];
const STREAMS = new Map(IDS.map((id) => [id, { id }]));

Deno.test("a stream is found by its whole id, and by the beginning that is shown", () => {
  for (const whole of IDS) assertEquals(findStream(STREAMS, whole).id, whole);
  assertEquals(findStream(STREAMS, id("a").slice(0, 21)).id, id("a"));
});

Deno.test("a name that several streams have is refused, and says what is needed", () => {
  const error = assertThrows(
    () => findStream(STREAMS, "mcp_sse_0123456789abc"),
    ProtocolError,
  );
  assertEquals(error.kind, "invalid_params");
  assertMatch(error.message, /whole id/);
});

for (const length of [0, 8, 20, 22, 39]) {
  Deno.test(`the first ${length} characters of an id name no stream, so nobody can guess on`, () => {
    const error = assertThrows(
      () => findStream(STREAMS, id("a").slice(0, length)),
      ProtocolError,
    );
    assertEquals(error.kind, "connection_not_found");
  });
}

/** The ids of events: what they say, and which are refused. */
import { assertEquals } from "@std/assert";
import { Signer } from "../../../lib/base/signer.ts";
import { EventIds, finalPosition, isFinal } from "../../../lib/transport/streamable/event_ids.ts";

const SIGNER = new Signer("a key of the tests");
const IDS = new EventIds(SIGNER, "session");

/** An id that is signed for the session, with this text. */
function signed(text: string): string {
  return SIGNER.sign("event session", text);
}

/** The text of an id, without its signature. */
function textOf(requestId: string | number): string {
  const id = IDS.write({ stream: "p1x", seq: 1, requestId });
  return id.slice(0, id.lastIndexOf("."));
}

for (
  const requestId of [undefined, 0, 7, -1, 1.5, "", "0", "a", "ä€😀", "a.b", "?>?>", "x".repeat(46)]
) {
  Deno.test(`an event id says its stream, its number and the request ${JSON.stringify(requestId)}`, () => {
    const position = { stream: "p1x0", seq: 12, requestId };
    assertEquals(IDS.read(IDS.write(position)), position);
  });
}

Deno.test("an event id carries a request id of 48 characters of JSON, and none that is longer", () => {
  const longest = "x".repeat(46);
  assertEquals(
    textOf(longest),
    `p1x.1.${btoa(JSON.stringify(longest)).replace(/=+$/, "")}`,
  );
  assertEquals(textOf("x".repeat(47)), "p1x.1.");
});

Deno.test("an event id without a request is its stream, its number and a signature", () => {
  const id = IDS.write({ stream: "g12", seq: 3, requestId: undefined });
  assertEquals(id, signed("g12.3."));
  assertEquals(id.slice(0, 7), "g12.3..");
});

Deno.test("a request id is written in the alphabet that needs no escaping", () => {
  assertEquals(textOf("?>?>?>"), "p1x.1.Ij8-Pz4_PiI");
});

Deno.test("the event ids of another session, of another key and without a signature are refused", () => {
  const position = { stream: "p1x", seq: 1, requestId: 1 };
  assertEquals(new EventIds(SIGNER, "another").read(IDS.write(position)), undefined);
  assertEquals(new EventIds(new Signer("other"), "session").read(IDS.write(position)), undefined);
  assertEquals(IDS.read("p1x.1."), undefined);
  assertEquals(IDS.read(""), undefined);
});

for (
  const text of ["", "p1x", "p1x.1", "p1x..", ".1.", "P1.1.", "p1x.-1.", "p1x.1.a.b", " p1x.1."]
) {
  Deno.test(`a signed text that is no position is no event id: ${JSON.stringify(text)}`, () => {
    assertEquals(IDS.read(signed(text)), undefined);
  });
}

Deno.test("the final position of a stream is of that stream alone, and is known as final", () => {
  const position = { stream: "p1x", seq: 5, requestId: "a" };
  assertEquals(finalPosition(position), { stream: "endp1x", seq: 0, requestId: undefined });
  assertEquals([isFinal(position), isFinal(finalPosition(position))], [false, true]);
  assertEquals(isFinal({ ...position, stream: "pend" }), false);
  const read = IDS.read(IDS.write(finalPosition(position)));
  assertEquals(read, { stream: "endp1x", seq: 0, requestId: undefined });
});

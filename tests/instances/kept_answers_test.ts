/** Answers that came at once: they are sent before they are kept. */
import { assertEquals } from "@std/assert";
import { rpc } from "../helpers/app.ts";
import { type Instance, Instances, LEASE_MS } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader, type ReadEvent } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";

/** A client that has read the first event of an answer that came at once, and lost the rest. */
async function answeredAtOnce() {
  const fleet = await Instances.start(2);
  const [a, b] = fleet.all as [Instance, Instance];
  // After a start every instance has a lease's time to show that it is alive.
  await fleet.time.advance(LEASE_MS + 1_000);
  const appends: number[] = [];
  const append = a.member.append.bind(a.member);
  a.member.append = (stream, seq, entries) => {
    appends.push(seq);
    return append(stream, seq, entries);
  };
  const session = await TestSession.open(a);
  const response = await session.post(rpc("tools/list"), { accept: "text/event-stream" });
  const [primed, answer] = await new EventReader(response).rest();
  assertEquals(appends, []);
  const isAnswer = (events: readonly ReadEvent[]) =>
    assertEquals(events.map(({ id }) => id), [answer?.id]);
  return { fleet, a, b, session, primed, isAnswer, appends };
}

Deno.test("answers that came at once are kept together, and replayed by any instance", async () => {
  const { fleet, b, session, primed, isAnswer, appends } = await answeredAtOnce();
  using _ = fleet;
  await session.post(rpc("tools/list"), { accept: "text/event-stream" });
  assertEquals(appends, []);
  await fleet.time.advance(50);
  assertEquals(appends, [2, 2]);
  isAnswer(await new EventReader(await session.on(b).listen(primed?.id)).rest());
});

Deno.test("a client that comes back before an answer is kept gets it, from its instance and from another", async () => {
  for (const isElsewhere of [false, true]) {
    const { fleet, a, b, session, primed, isAnswer } = await answeredAtOnce();
    using _ = fleet;
    const back = session.on(isElsewhere ? b : a).listen(primed?.id);
    isAnswer(await new EventReader(await back).rest());
  }
});

Deno.test("an answer that could not be kept, because the store was away, is kept when that is back", async () => {
  const { fleet, a, b, session, primed, isAnswer } = await answeredAtOnce();
  using _ = fleet;
  a.member.isUp = false;
  await fleet.time.advance(1_000);
  a.member.isUp = true;
  await fleet.time.advance(1_000);
  isAnswer(await new EventReader(await session.on(b).listen(primed?.id)).rest());
});

Deno.test("an instance that is drained keeps the answers that it has just sent", async () => {
  const { fleet, a, b, session, primed, isAnswer } = await answeredAtOnce();
  using _ = fleet;
  const drained = a.drain(1_000);
  await settled();
  await drained;
  a.stop();
  isAnswer(await new EventReader(await session.on(b).listen(primed?.id)).rest());
});

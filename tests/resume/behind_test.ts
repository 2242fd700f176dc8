/** A reader that falls behind, loses its stream and comes back: nothing is missed or told twice. */
import { assert, assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { CallAborted } from "../../lib/base/errors.ts";
import { rpc, type TestApp, testApp } from "../helpers/app.ts";
import { scrape } from "../helpers/metrics.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";
import { settled } from "../helpers/time.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";

const SETTINGS = { MCP_MAX_QUEUED_BYTES: 4_000 };
const STEPS = ["log", "log", "progress", "progress", "read", "read", "resume", "cut", "abandon"];
type Step = (typeof STEPS)[number];

/** Numbers of the events, as their ids tell. */
function numbersOf({ eventIds }: ResumingClient): number[] {
  return eventIds.map((id) => Number(/^[a-z0-9]+\.(\d+)\./.exec(id)?.[1]));
}

/** Reads until there is enough, and comes back as often as it takes. */
async function readUntil(client: ResumingClient, isEnough: () => boolean): Promise<void> {
  for (let round = 0; !isEnough(); round++) {
    assert(round < 50, "the client gets no further");
    if (!client.isConnected) await client.connect();
    await client.readUntil(isEnough).catch((error) => {
      if (!(error instanceof CallAborted)) throw error;
      client.abandon();
    });
  }
}

/** Whether something waits in the newest stream. */
function hasUnread({ connections }: TestApp): boolean {
  return ([...connections.streams()].at(-1)?.queuedBytes ?? 0) > 0;
}

async function openCall() {
  const held = new HeldTool();
  const app = testApp({ tools: [held.tool], settings: SETTINGS });
  const session = await TestSession.open(app);
  const message = rpc("tools/call", { name: "held", _meta: { progressToken: 1 } });
  const client = new ResumingClient((lastEventId) =>
    lastEventId === undefined ? session.post(message) : session.listen(lastEventId)
  );
  await client.connect();
  await client.readUntil(() => client.lastEventId !== undefined);
  return { app, client, call: await held.next(), [Symbol.dispose]: () => app.stop() };
}

Deno.test("property: a call whose reader falls behind and is cut at any point is resumed without a hole", async () => {
  const step = fc.constantFrom<Step>(...STEPS);
  const script = fc.array(step, { minLength: 20, maxLength: 150, size: "max" });
  let superseded = 0;
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      using set = await openCall();
      const { app, client, call } = set;
      let said = 0;
      for (const step of steps) {
        if (step === "log") call.ctx.log.info({ number: ++said, text: "x".repeat(100) });
        else if (step === "progress") call.ctx.progress(++said);
        else if (step === "cut") await client.cut();
        else if (step === "abandon") client.abandon();
        else if (step === "resume" && !client.isConnected) await client.connect();
        else if (step === "read" && client.isConnected && hasUnread(app)) {
          await client.readPiece().catch(() => client.abandon());
        }
      }
      call.finish("done");
      await settled();
      await readUntil(client, () => client.messages.at(-1)?.result !== undefined);
      const numbers = numbersOf(client);
      assertEquals(numbers, numbers.map((_, index) => index + 1));
      const values = client.messages.flatMap(({ params }) =>
        params?.progress ?? params?.data?.number ?? []
      );
      assertEquals(values, [...new Set(values)].toSorted((a, b) => a - b));
      const leftOut = (await scrape(app)).value("lifeline_notifications_superseded_total");
      assertEquals(values.length + leftOut, said);
      superseded += leftOut;
      await client.cut();
      await client.dropAbandoned().catch(() => {});
    }),
    { numRuns: 100 },
  );
  assert(superseded > 0);
});

Deno.test("changes that were held back when their stream was lost are there for who comes back", async () => {
  using app = testApp({ settings: SETTINGS });
  const session = await TestSession.open(app);
  const client = new ResumingClient((lastEventId) => session.listen(lastEventId));
  await client.connect();
  await client.readUntil(() => client.lastEventId !== undefined);
  for (let count = 0; count < 50; count++) {
    app.catalog.tools.add(toolThat(() => "", `tool-${count}`));
    await settled();
  }
  const figures = await scrape(app);
  const superseded = figures.value("lifeline_notifications_superseded_total");
  assert(superseded > 0);
  await client.cut();
  await client.connect();
  await client.readMessages(50 - superseded);
  const numbers = numbersOf(client);
  assertEquals(numbers, numbers.map((_, index) => index + 1));
  await client.cut();
});

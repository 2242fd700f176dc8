/** A reader that stops while notifications flow, and reads on. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { assertClean, eventually, Stage } from "../../closure/scenario.ts";
import type { ServerProcess } from "../../closure/server.ts";
import { rpc } from "../../helpers/app.ts";
import { Scrape } from "../../helpers/metrics.ts";
import { SseStream } from "../sse_stream.ts";
import { STREAM_FAULTS } from "../stream_faults.ts";

/** Far more than the kernel's buffers hold. */
const CHATTER = { rounds: 250, bytes: 64 * 1024 };
const CALL = rpc("tools/call", {
  name: "chatter",
  arguments: CHATTER,
  _meta: { progressToken: "p" },
});

async function figures(server: ServerProcess): Promise<Scrape> {
  return new Scrape(await server.look("/metrics"));
}

Deno.test("a reader that stops while changes, progress and log messages flow, and reads on, gets its answer and the last change", async () => {
  await using stage = await Stage.set("no-legacy");
  const { server } = stage;
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  const told: any[] = [];
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  using stream = await SseStream.open(server, {
    message: CALL,
    onEvent: ({ data }) => {
      const message = JSON.parse(data);
      told.push(message);
      if (message.params?.progress !== undefined) begin();
      if (message.id === 1) resolve();
    },
  });
  await begun;
  STREAM_FAULTS.stall(stream);
  await eventually(async () => {
    const { open, queued_bytes } = await server.ledger();
    assertEquals(open, 1);
    // The answer waits, so all is said.
    assertEquals(
      (await figures(server)).value("lifeline_tool_calls_total", { tool: "chatter" }),
      1,
    );
    assertGreater(queued_bytes, 0);
    assertLess(queued_bytes, 1_048_576);
  }, 30_000);
  STREAM_FAULTS.resume(stream);
  await answered;
  const isChange = ({ method }: { method?: string }) =>
    method === "notifications/tools/list_changed";
  const after = await figures(server);
  const superseded = (kind: string) =>
    after.value("lifeline_notifications_superseded_total", { kind });
  await eventually(() =>
    Promise.resolve(
      assertEquals(told.filter(isChange).length + superseded("list_changed"), CHATTER.rounds),
    )
  );
  const progress = told.flatMap(({ params }) => params?.progress ?? []);
  assertEquals(progress, progress.toSorted((a, b) => a - b));
  assertEquals(progress.length + superseded("progress"), CHATTER.rounds);
  assertGreater(superseded("progress"), 0);
  const answerAt = told.findIndex(({ id }) => id === 1);
  assertEquals(told[answerAt].result.content[0].text, `said ${CHATTER.rounds}`);
  assert(told.slice(answerAt).every(({ params }) => params?.progress === undefined));
  const rounds = told.flatMap(({ params }) => params?.data?.round ?? []);
  assertEquals(rounds.at(-1), CHATTER.rounds);
  assertEquals(rounds.length + superseded("log"), CHATTER.rounds);
  assertEquals(after.value("lifeline_results_lost_total"), 0);
  STREAM_FAULTS.leave(stream);
  await assertClean(stage, { client_closed: 1 });
});

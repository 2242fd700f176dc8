/** The histogram of the hot path tells what prom-client's own would. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { TallyHistogram } from "../../lib/http/tally_histogram.ts";

const NAMES = { name: "test_seconds", help: "A test" };
const BUCKETS = [0.001, 0.01, 0.1, 1, 10];

const OBSERVATIONS = fc.array(
  fc.tuple(
    fc.constantFrom("one", "two", 'a "quoted" \\ name'),
    fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(...BUCKETS, 0)),
  ),
  { maxLength: 60 },
);

Deno.test("property: the text is the one of prom-client's own histogram", async () => {
  await fc.assert(fc.asyncProperty(OBSERVATIONS, async (observations) => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const tallies = new TallyHistogram({
      ...NAMES,
      label: "kind",
      buckets: BUCKETS,
      registry: ours,
    });
    const histogram = new Histogram({
      ...NAMES,
      labelNames: ["kind"],
      buckets: BUCKETS,
      registers: [theirs],
    });
    for (const [kind, value] of observations) {
      tallies.tally(kind).add(value);
      histogram.observe({ kind }, value);
    }
    assertEquals(await ours.metrics(), await theirs.metrics());
  }));
});

Deno.test("`get()` gives the same rows as objects", async () => {
  const registry = new Registry();
  const tallies = new TallyHistogram({ ...NAMES, label: "kind", buckets: [1], registry });
  tallies.tally("one").add(0.5);
  tallies.tally("one").add(2);
  const [metric] = await registry.getMetricsAsJSON();
  assertEquals(metric?.values as unknown, [
    { metricName: "test_seconds_bucket", labels: { le: 1, kind: "one" }, value: 1 },
    { metricName: "test_seconds_bucket", labels: { le: "+Inf", kind: "one" }, value: 2 },
    { metricName: "test_seconds_sum", labels: { kind: "one" }, value: 2.5 },
    { metricName: "test_seconds_count", labels: { kind: "one" }, value: 2 },
  ]);
});

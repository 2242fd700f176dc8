/** The histogram of the hot path tells what prom-client's own would. */
import { assertEquals } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { Histogram as PromHistogram, Registry } from "../../deps/prom_client.ts";
import { prometheusText } from "../../../lib/http/metrics/prometheus.ts";
import { Histogram } from "../../../lib/http/metrics/histogram.ts";

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
    const theirs = new Registry();
    const ours = new Histogram({ ...NAMES, label: "kind", buckets: BUCKETS });
    const histogram = new PromHistogram({
      ...NAMES,
      labelNames: ["kind"],
      buckets: BUCKETS,
      registers: [theirs],
    });
    for (const [kind, value] of observations) {
      ours.series(kind).add(value);
      histogram.observe({ kind }, value);
    }
    assertEquals(prometheusText([ours]), await theirs.metrics());
  }));
});

Deno.test("`samples()` gives the same rows as objects", () => {
  const histogram = new Histogram({ ...NAMES, label: "kind", buckets: [1] });
  histogram.series("one").add(0.5);
  histogram.series("one").add(2);
  assertEquals(histogram.samples(), [
    { metricName: "test_seconds_bucket", labels: { le: 1, kind: "one" }, value: 1 },
    { metricName: "test_seconds_bucket", labels: { le: "+Inf", kind: "one" }, value: 2 },
    { metricName: "test_seconds_sum", labels: { kind: "one" }, value: 2.5 },
    { metricName: "test_seconds_count", labels: { kind: "one" }, value: 2 },
  ]);
});

/** Metrics in plain numbers, written as prom-client writes its own. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { Counter as PromCounter, Registry } from "../../deps/prom_client.ts";
import { Counter, Metrics, observable, single } from "../../../lib/http/metrics/metric.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../../../lib/http/metrics/prometheus.ts";

const NAMES = { name: "test_total", help: 'A "test"\\\nof two lines' };
const KINDS = ["one", "two", 'a "quoted" \\ name\n'];
const ENDS = ["well", "badly"];

const COUNTS = fc.array(
  fc.tuple(fc.nat({ max: 100 }), fc.constantFrom(...KINDS), fc.constantFrom(...ENDS)),
  { maxLength: 40 },
);

Deno.test("property: the text is the one of prom-client's own counter", async () => {
  await fc.assert(fc.asyncProperty(COUNTS, async (counts) => {
    const theirs = new Registry();
    const counter = new PromCounter({
      ...NAMES,
      labelNames: ["kind", "end"],
      registers: [theirs],
    });
    const ours = new Counter(NAMES.name, NAMES.help, { kind: KINDS, end: ENDS });
    for (const kind of KINDS) for (const end of ENDS) counter.inc({ kind, end }, 0);
    for (const [count, kind, end] of counts) {
      counter.inc({ kind, end }, count);
      ours.add(count, kind, end);
    }
    assertEquals(prometheusText([ours]), await theirs.metrics());
    assertEquals(PROMETHEUS_TYPE, theirs.contentType);
  }));
});

Deno.test("a counter without labels is there from the start, at 0", () => {
  const counter = new Counter("test_total", "A test");
  assertEquals(counter.samples(), [{ labels: {}, value: 0 }]);
  counter.add(2);
  counter.add(1);
  assertEquals(counter.samples(), [{ labels: {}, value: 3 }]);
});

Deno.test("labels that read the same one after the other are kept apart", () => {
  const counter = new Counter("test_total", "A test", { a: ["x", "x y"], b: ["z", "y z"] });
  counter.add(1, "x y", "z");
  counter.add(2, "x", "y z");
  assertEquals(counter.samples().map(({ value }) => value), [0, 2, 1, 0]);
});

Deno.test("what is read is read at every scrape, and a name that is taken is refused", () => {
  const metrics = new Metrics();
  let value = 1;
  metrics.add(observable("gauge", { name: "test", help: "A test" }, () => single(value)));
  assertThrows(
    () => metrics.add(new Counter("test", "Another")),
    TypeError,
    "test is registered twice",
  );
  assertEquals(prometheusText(metrics), "# HELP test A test\n# TYPE test gauge\ntest 1\n");
  value = 2;
  assertEquals(prometheusText(metrics), "# HELP test A test\n# TYPE test gauge\ntest 2\n");
});

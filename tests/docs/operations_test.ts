/** The dashboard, the alert rules and their documents name exactly the metrics of the server. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { ServerTally } from "../../lib/gateway/tally.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import type { AppOptions } from "../../lib/http/app.ts";
import { MemoryHub } from "../../lib/store/memory_hub.ts";
import { initializeRequest, testApp, toolCall } from "../helpers/app.ts";
import { type Scrape, scrape } from "../helpers/metrics.ts";

const FOLDER = new URL("../../docs/operations/", import.meta.url);

/** An expression in PromQL, and its place. */
interface Query {
  readonly place: string;
  readonly expr: string;
  /** Labels that the text beside it names. */
  readonly named: readonly string[];
}

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

/** A scrape in which every metric has samples, and so its labels. */
async function fullScrape(): Promise<Scrape> {
  const memory = () => ({ used: 1, limit: 2 });
  const servers = { reports: () => [new ServerTally("one").report()], restart: () => undefined };
  const member = new MemoryHub().join();
  const fleet: AppOptions["fleet"] = (wheel, emit) => new Fleet(member, wheel, emit);
  const settings = { MCP_SESSION_KEY: "a key that all instances were given" };
  using app = testApp({ heap: memory, resident: memory, servers, fleet, settings });
  const client = await app.open(toolCall("echo", { message: "hi" }));
  await client.events.nextNamed("response");
  await client.events.leave();
  await app.post("/mcp", initializeRequest());
  return await scrape(app);
}

const FIGURES = await fullScrape();
/** Labels that Prometheus itself adds. */
const TARGET_LABELS = ["job", "instance"];

/** The names of a metric's samples, and the labels they have. */
function labelsOf(name: string): ReadonlySet<string> | undefined {
  const samples = FIGURES.of(name);
  if (samples.length === 0) return undefined;
  return new Set([...TARGET_LABELS, ...samples.flatMap(({ labels }) => Object.keys(labels))]);
}

const SELECTOR_REGEXP = /\b(lifeline_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
const MATCHER_REGEXP = /([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g;
const GROUPING_REGEXP = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;

/** The faults of a query, in words. */
function faultsOf({ place, expr, named }: Query): string[] {
  const faults: string[] = [];
  const known = new Set<string>(TARGET_LABELS);
  for (const [, metric = "", matchers = ""] of expr.matchAll(SELECTOR_REGEXP)) {
    const labels = labelsOf(metric);
    if (labels === undefined) {
      faults.push(`${place}: no metric ${metric}`);
      continue;
    }
    for (const label of labels) known.add(label);
    for (const [, label = "", value = ""] of matchers.matchAll(MATCHER_REGEXP)) {
      if (!labels.has(label)) faults.push(`${place}: ${metric} has no label ${label}`);
      faults.push(...valueFaults({ place, metric, label, value }));
    }
  }
  const groupings = [...expr.matchAll(GROUPING_REGEXP)].flatMap(([, list = ""]) => list.split(","));
  for (const label of [...groupings.map((text) => text.trim()), ...named]) {
    if (!known.has(label)) faults.push(`${place}: nothing in ${expr} has a label ${label}`);
  }
  return faults;
}

/** Values that never occur would make a rule that never fires. */
function valueFaults(
  { place, metric, label, value }: { place: string; metric: string; label: string; value: string },
): string[] {
  if (value.startsWith("$") || TARGET_LABELS.includes(label) || label === "outcome") return [];
  // One metric may lack a label value that another metric has.
  const values = FIGURES.samples.map(({ labels }) => labels[label]);
  return value.split("|").filter((one) => !values.includes(one))
    .map((one) => `${place}: ${metric} never has ${label}="${one}"`);
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string };
}

const RULES = (parse(read("alerts.yml")) as { groups: { rules: Rule[] }[] }).groups
  .flatMap(({ rules }) => rules);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const DASHBOARD = JSON.parse(read("grafana-dashboard.json"));
const PANELS: readonly Panel[] = DASHBOARD.panels;

function namedIn(text: string, regexp: RegExp): string[] {
  return [...text.matchAll(regexp)].map(([, label = ""]) => label);
}

Deno.test("the check of queries finds names and labels that are not there", () => {
  const faults = (expr: string, named: readonly string[] = []) =>
    faultsOf({ place: "here", expr, named }).length;
  assertEquals(faults('sum by (dialect) (lifeline_connections_open{job="x"})', ["dialect"]), 0);
  assertEquals(faults("lifeline_no_such_metric"), 1);
  assertEquals(faults('lifeline_connections_open{reason="drain"}'), 1);
  assertEquals(faults('lifeline_connections_closed_total{reason=~"drain|no_such_reason"}'), 1);
  assertEquals(faults("sum by (reason) (lifeline_connections_open)"), 1);
  assertEquals(faults("lifeline_connections_open", ["tool"]), 1);
  assertEquals(faults("lifeline_request_duration_seconds"), 1);
});

Deno.test("every alert rule asks for metrics, labels and values that there are", () => {
  assert(RULES.length >= 20);
  const faults = RULES.flatMap(({ alert, expr, labels, annotations }) => {
    const named = namedIn(annotations.summary, /\$labels\.([a-z_]+)/g)
      .filter((label) => !(label in labels));
    return faultsOf({ place: alert, expr, named });
  });
  assertEquals(faults, []);
});

Deno.test("every alert has a severity, a summary, and a chapter that says what to do", () => {
  const chapters = new Map(
    read("alerts.md").split("\n## ").slice(1).map((chapter) => {
      const [title = "", ...lines] = chapter.split("\n");
      return [title, lines.join("\n")];
    }),
  );
  assertEquals(new Set(RULES.map(({ alert }) => alert)), new Set(chapters.keys()));
  for (const { alert, labels, annotations } of RULES) {
    assert(["warning", "critical"].includes(labels.severity ?? ""), alert);
    assert(annotations.summary.includes("{{ $labels."), alert);
    const text = chapters.get(alert) ?? "";
    assert(/^- /m.test(text), `${alert}: something to do`);
    for (const [name] of text.matchAll(/\blifeline_[a-z_]+/g)) {
      assert(FIGURES.families.has(name), `${alert}: ${name}`);
    }
    for (const [, other = ""] of text.matchAll(/\b(Lifeline[A-Z]\w+)/g)) {
      assert(chapters.has(other), `${alert} points to ${other}`);
    }
  }
});

Deno.test("every panel of the dashboard asks for metrics and labels that there are", () => {
  const faults = PANELS.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr, legendFormat }) => {
      const named = namedIn(legendFormat, /\{\{(\w+)\}\}/g).filter((label) => label !== "le");
      return faultsOf({ place: title, expr, named });
    })
  );
  assertEquals(faults, []);
});

Deno.test("the dashboard can be imported: a data source to choose, ids, places that do not overlap", () => {
  const [input] = DASHBOARD.__inputs;
  assertEquals([input.type, input.pluginId], ["datasource", "prometheus"]);
  assertEquals(DASHBOARD.id, null);
  assertEquals(new Set(PANELS.map(({ id }) => id)).size, PANELS.length);
  const taken = new Set<string>();
  for (const { type, title, description, datasource, gridPos, targets } of PANELS) {
    const { x, y, w, h } = gridPos;
    assert(x >= 0 && x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert(!taken.has(`${column} ${line}`), `${title} lies on another panel`);
        taken.add(`${column} ${line}`);
      }
    }
    if (type === "row") continue;
    assertEquals(datasource, { type: "prometheus", uid: `\${${input.name}}` }, title);
    assert((targets?.length ?? 0) > 0, title);
    assert((description?.length ?? 0) > 10, `${title} says what it shows`);
  }
});

Deno.test("the dashboard shows every metric that there is", () => {
  const text = PANELS.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
  const shown = new Set(
    [...text.matchAll(/\blifeline_[a-z0-9_]+/g)].map(([name]) =>
      FIGURES.families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "")
    ),
  );
  assertEquals([...FIGURES.families.keys()].filter((name) => !shown.has(name)), []);
});

Deno.test("metrics.md explains every metric that there is, with its labels, and no other", () => {
  const explained = new Map(
    [...read("metrics.md").matchAll(/^\| `(lifeline_[a-z0-9_]+)(?:\{([a-z,]+)\})?` +\| (\w+)/gm)]
      .map(([, name = "", labels = "", type = ""]) => [name, `${type} ${labels}`.trim()]),
  );
  const actual = new Map(
    [...FIGURES.families.values()].map(({ name, type }) => {
      const sample = type === "histogram" ? `${name}_count` : name;
      const labels = [...labelsOf(sample) ?? []].filter((label) => !TARGET_LABELS.includes(label));
      return [name, `${type} ${labels.join(",")}`.trim()];
    }),
  );
  assertEquals(new Map([...explained].sort()), new Map([...actual].sort()));
});

Deno.test("metrics.md explains every limit that refuses", () => {
  const explained = [...read("metrics.md").matchAll(/^\| `([a-z_]+)` +\|/gm)]
    .map(([, limit = ""]) => limit)
    .filter((limit) => limit !== "limit" && !limit.startsWith("lifeline_"));
  const limits = FIGURES.labelValues("lifeline_refused_total", "limit");
  assertEquals(explained.sort(), limits.sort());
});

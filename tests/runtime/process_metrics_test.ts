/** Metrics of the process, scraped from the real server. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { toolCall } from "../helpers/app.ts";
import { ServerProcess } from "../helpers/process.ts";
import { Scrape } from "../helpers/metrics.ts";

const TOOLS = new URL("../telemetry/tracing_tools.ts", import.meta.url).pathname;
/** Interval of the scrapes, and their number. */
const LOOK_MS = 100;
const LOOKS = 100;

async function scrape(server: ServerProcess): Promise<Scrape> {
  return new Scrape(await server.look("/metrics"));
}

Deno.test("/metrics of a process started as deno task start does", async (t) => {
  await using server = await ServerProcess.startOperated({ env: { MCP_TOOLS: TOOLS } });

  const call = async (name: string) => {
    const response = await fetch(`${server.base}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(toolCall(name)),
    });
    assertEquals((await response.json()).result.content[0].text, "done");
  };

  await t.step("a rejection that a tool forgot is counted, logged and survived", async () => {
    assertEquals((await scrape(server)).value("lifeline_unhandled_rejections_total"), 0);
    await call("forgetful");
    assertEquals((await scrape(server)).value("lifeline_unhandled_rejections_total"), 1);
  });

  await t.step("an error that nobody can catch is counted, logged and survived", async () => {
    assertEquals((await scrape(server)).value("lifeline_uncaught_errors_total"), 0);
    await call("careless");
    let figures = await scrape(server);
    for (let look = 0; look < LOOKS; look++) {
      if (figures.value("lifeline_uncaught_errors_total") > 0) break;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      figures = await scrape(server);
    }
    assertEquals(figures.value("lifeline_uncaught_errors_total"), 1);
    assertEquals(figures.value("lifeline_unhandled_rejections_total"), 1);
  });

  await t.step("heap and resident memory are told, and their limits", async () => {
    const figures = await scrape(server);
    const used = figures.value("lifeline_heap_used_bytes");
    assert(used > 1_000_000, String(used));
    assert(figures.value("lifeline_heap_limit_bytes") > used);
    const resident = figures.value("lifeline_resident_bytes");
    assert(resident > used, String(resident));
    const limit = figures.value("lifeline_memory_limit_bytes");
    assert(limit > resident && Number.isFinite(limit), String(limit));
  });

  await t.step("the delay of the event loop is measured", async () => {
    let figures = await scrape(server);
    for (let look = 0; look < LOOKS; look++) {
      if (figures.value("lifeline_event_loop_delay_seconds_count") > 2) break;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      figures = await scrape(server);
    }
    assert(figures.value("lifeline_event_loop_delay_seconds_count") > 2);
    const within10s = figures.value("lifeline_event_loop_delay_seconds_bucket", { le: "10" });
    assertEquals(within10s, figures.value("lifeline_event_loop_delay_seconds_count"));
  });

  await server.stop("SIGTERM");
  assertMatch(
    server.stderr,
    /Unhandled rejection \{"error":"Forgotten","at":".*tracing_tools\.ts:\d/,
  );
  assertMatch(
    server.stderr,
    /Uncaught error \{"error":"Thrown in a timer","at":".*tracing_tools\.ts:\d/,
  );
});

import { assertEquals } from "@std/assert";
import * as z from "zod";
import { defineTool } from "../../lib/registry/tool.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { EventReader } from "../helpers/sse.ts";

/** The faults logged while `run` runs. */
async function faultsOf(run: () => Promise<void>): Promise<string[]> {
  using log = new CapturedLog("warning");
  await run();
  return log.lines;
}

/** A tool that waits for its client to leave, and tells when it runs and when it has ended. */
function waitingTool() {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const tool = defineTool({
    name: "wait",
    description: "Waits until it is stopped",
    run: async (_input, { signal }) => {
      const stopped = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => stopped.reject(signal.reason), { once: true });
      started.resolve();
      try {
        return await stopped.promise;
      } finally {
        ended.resolve();
      }
    },
  });
  return { tool, started: started.promise, ended: ended.promise };
}

const STREAM_HEADERS = { accept: "text/event-stream" };

Deno.test("a call whose client leaves is no fault of the server: nothing is logged", async () => {
  const { tool, started, ended } = waitingTool();
  using app = testApp({ tools: [tool] });
  const faults = await faultsOf(async () => {
    const response = await app.post("/mcp/sse", toolCall("wait"), STREAM_HEADERS);
    await started;
    await new EventReader(response).leave();
    await ended;
  });
  assertEquals(faults, []);
  assertEquals(app.connections.ledger().closed.client_closed, 1);
});

Deno.test("a call without a stream whose client left before it started is no fault", async () => {
  const { tool } = waitingTool();
  using app = testApp({ tools: [tool] });
  const faults = await faultsOf(async () => {
    const response = await app.request("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(toolCall("wait")),
      signal: AbortSignal.abort(),
    });
    assertEquals(response.status, 499);
  });
  assertEquals(faults, []);
});

Deno.test("a call that ignores its signal is over when its client has left before it started", async () => {
  const deaf = defineTool({
    name: "deaf",
    description: "Looks at its signal once and never ends",
    input: z.object({}),
    run: (_input, { signal }) => {
      assertEquals(signal.aborted, true);
      return new Promise<string>(() => {});
    },
  });
  using app = testApp({ tools: [deaf] });
  const response = await app.request("/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(toolCall("deaf", {})),
    signal: AbortSignal.abort(),
  });
  assertEquals(response.status, 499);
});

Deno.test("a call that times out is answered and logged once, however its tool ends", async () => {
  const { tool, ended } = waitingTool();
  using app = testApp({ tools: [tool], settings: { MCP_REQUEST_TIMEOUT_MS: 10 } });
  const faults = await faultsOf(async () => {
    const response = await app.post("/mcp", toolCall("wait"), { accept: "application/json" });
    const { error } = await response.json();
    assertEquals(error.message, "Request timed out after 10 ms (MCP_REQUEST_TIMEOUT_MS)");
    await ended;
  });
  assertEquals(faults, ['[WARNING] Request timed out {"method":"tools/call","timeout_ms":10}']);
});

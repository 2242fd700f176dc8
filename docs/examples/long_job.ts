/**
 * A long job: it asks before it begins, reports progress, can be cancelled, and leaves its result as
 * a resource.
 *
 *     MCP_TOOLS=docs/examples/long_job.ts deno task start
 */
import * as z from "zod";
import { defineResourceTemplate, defineTool, type ToolContext, ToolError } from "@lifeline/mcp";

const STEP_MS = 200;
const MAX_REPORTS = 100;

/** The reports that were written, newest last. */
const reports = new Map<string, string>();

export const writeReport = defineTool({
  name: "write_report",
  description: "Writes a report about a topic; takes some seconds for each chapter",
  input: z.object({
    topic: z.string().min(1).describe("What it is about"),
    chapters: z.int().min(1).max(50).default(5),
  }),
  output: z.object({ uri: z.string(), chapters: z.number() }),
  timeoutMs: 600_000,
  concurrency: 4,
  run: async ({ topic, chapters }, ctx) => {
    // Questions come first: in 2026-07-28 the handler begins again with each answer.
    const style = await askForStyle(ctx);
    if (style === undefined) throw new ToolError("The user does not want it");
    const text: string[] = [];
    for (let chapter = 1; chapter <= chapters; chapter++) {
      await pause(STEP_MS, ctx.signal);
      text.push(`${chapter}. ${topic}, ${style}`);
      ctx.progress(chapter, chapters, `Chapter ${chapter} of ${chapters}`);
      ctx.log.info({ chapter, topic });
    }
    return { uri: keep(text.join("\n")), chapters };
  },
});

export const report = defineResourceTemplate({
  uriTemplate: "reports://{id}",
  name: "report",
  mimeType: "text/plain",
  complete: { id: (typed) => [...reports.keys()].filter((id) => id.startsWith(typed)) },
  read: ({ id }) => {
    const text = reports.get(id);
    if (text === undefined) throw new ToolError("This report is not kept any more");
    return text;
  },
});

/** The style that the user chooses; "short" where the client cannot ask; undefined for no. */
async function askForStyle(
  { capabilities, elicit }: ToolContext,
): Promise<string | undefined> {
  if (capabilities.elicitation === undefined) return "short";
  const { action, content } = await elicit({
    key: "style",
    message: "In which style?",
    schema: z.object({ style: z.enum(["short", "full"]) }),
  });
  return action === "accept" ? content.style : undefined;
}

/** Keeps a report, in place of the oldest where there are too many. */
function keep(text: string): string {
  const id = crypto.randomUUID();
  reports.set(id, text);
  for (const oldest of reports.keys()) {
    if (reports.size <= MAX_REPORTS) break;
    reports.delete(oldest);
  }
  return `reports://${id}`;
}

/** Stands for work; ends at once when the call is cancelled or its client has gone. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

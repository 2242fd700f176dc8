import { type App, createApp } from "../../lib/mod.ts";
import { ASKING_TOOLS } from "./fixtures/asking_tools.ts";
import { changeTools } from "./fixtures/change_tools.ts";
import { CONTENT_TOOLS } from "./fixtures/content_tools.ts";
import { PROMPTS } from "./fixtures/prompts.ts";
import { RESOURCE_TEMPLATES, RESOURCES } from "./fixtures/resources.ts";
import { ROUND_TOOLS } from "./fixtures/round_tools.ts";
import { SCHEMA_TOOLS } from "./fixtures/schema_tools.ts";
import { STREAM_TOOLS } from "./fixtures/stream_tools.ts";

/** An app with the features that the conformance suite needs. */
export function conformanceApp(): App {
  const app = createApp({
    info: { name: "lifeline-conformance", version: "1.0.0" },
    tools: [...CONTENT_TOOLS, ...STREAM_TOOLS, ...ASKING_TOOLS, ...ROUND_TOOLS, ...SCHEMA_TOOLS],
    resources: RESOURCES,
    resourceTemplates: RESOURCE_TEMPLATES,
    prompts: PROMPTS,
  });
  for (const tool of changeTools(app.catalog)) app.catalog.tools.add(tool);
  return app;
}

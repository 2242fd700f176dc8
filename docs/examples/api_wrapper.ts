/**
 * An API wrapper with a secret: tools over the HTTP API of an issue tracker.
 *
 *     ISSUES_URL=https://issues.example.com ISSUES_TOKEN_FILE=/run/secrets/issues \
 *       MCP_TOOLS=docs/examples/api_wrapper.ts deno run --allow-read --allow-env \
 *       --allow-net=127.0.0.1,localhost,issues.example.com main.ts
 *
 * The token is read once, at the start, and no error shows it. Each request ends when its caller
 * has gone.
 */
import * as z from "zod";
import {
  cacheResults,
  defineTool,
  type Middleware,
  rateLimit,
  type ToolContext,
  ToolError,
} from "@lifeline/mcp";

interface Api {
  request(path: string, init: RequestInit): Promise<Response>;
}

/** What `onStart` gives to the tools. */
interface Services {
  readonly api: Api;
}

export async function onStart(): Promise<Services> {
  const url = requireEnv("ISSUES_URL");
  const token = (await Deno.readTextFile(requireEnv("ISSUES_TOKEN_FILE"))).trim();
  return {
    api: {
      request: (path, init) =>
        fetch(new URL(path, url), {
          ...init,
          headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        }),
    },
  };
}

/** Reads are cached for a minute, and nobody may ask too often: the API has limits of its own. */
export const use: Middleware[] = [
  cacheResults({ tools: ["find_issues"], ttlMs: 60_000, isShared: true }),
  rateLimit({ perMinute: 60, burst: 20 }),
];

const issue = z.object({ id: z.number(), title: z.string(), state: z.enum(["open", "closed"]) });

export const findIssues = defineTool({
  name: "find_issues",
  description: "Finds issues whose title contains a text",
  input: z.object({
    text: z.string().min(1).describe("Text of the title"),
    state: z.enum(["open", "closed"]).default("open"),
  }),
  output: z.object({ issues: z.array(issue) }),
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async ({ text, state }, { app, signal }: ToolContext<Services>) => {
    const query = new URLSearchParams({ text, state });
    const response = await app.api.request(`/issues?${query}`, { signal });
    if (!response.ok) throw await refusal(response);
    return { issues: z.array(issue).parse(await response.json()) };
  },
});

export const openIssue = defineTool({
  name: "open_issue",
  description: "Opens an issue",
  input: z.object({ title: z.string().min(1).max(200) }),
  output: issue,
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
  run: async ({ title }, { app, signal }: ToolContext<Services>) => {
    const body = JSON.stringify({ title });
    const response = await app.api.request("/issues", { method: "POST", body, signal });
    if (!response.ok) throw await refusal(response);
    return issue.parse(await response.json());
  },
});

/** Tells the model what it can do about a refusal, and nothing of how the API is reached. */
async function refusal(response: Response): Promise<ToolError> {
  await response.body?.cancel();
  return new ToolError(adviceOn(response));
}

function adviceOn({ status, headers }: Response): string {
  if (status === 429) {
    return `The issue tracker is busy; try again in ${headers.get("retry-after") ?? 60} s`;
  }
  if (status === 401 || status === 403) {
    return "The issue tracker refuses this server; its operator must renew the token";
  }
  if (status === 404) return "There is no such issue";
  return `The issue tracker answered with status ${status}; try again later`;
}

function requireEnv(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined || value === "") throw new Error(`Set ${name}`);
  return value;
}

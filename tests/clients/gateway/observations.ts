/**
 * The features of each server as a client sees them, kind by kind. An observation is a value that is
 * the same if the client starts the server itself and if it reaches it through the gateway.
 *
 * @module
 */
import type { OfficialClient } from "../official_client.ts";

/** One kind of feature. */
export interface Observation {
  readonly kind: string;
  readonly observe: (client: OfficialClient) => Promise<unknown>;
  /** Whether it needs a session, which clients of 2026-07-28 do not have. */
  readonly isLegacyOnly?: boolean;
}

type Json = Record<string, unknown>;

const about: Observation = {
  kind: "name and instructions",
  observe: ({ about }) => Promise.resolve(about),
};
const tools = request("tools", "tools/list");
const resources = request("resources", "resources/list");
const templates = request("resource templates", "resources/templates/list");

/** The observations of each server. */
export const OBSERVATIONS: Readonly<Record<string, readonly Observation[]>> = {
  everything: [
    about,
    tools,
    resources,
    templates,
    request("prompts", "prompts/list"),
    each("the contents of resources", "resources/read", [
      { uri: "demo://resource/static/document/features.md" },
      { uri: "demo://resource/dynamic/text/7" },
      { uri: "demo://resource/dynamic/blob/8" },
    ]),
    each("the messages of prompts", "prompts/get", [
      { name: "simple-prompt" },
      { name: "args-prompt", arguments: { city: "Oslo" } },
      { name: "resource-prompt", arguments: { resourceType: "Text", resourceId: "2" } },
      { name: "args-prompt", arguments: {} },
    ]),
    each("completions", "completion/complete", [
      completion({ type: "ref/prompt", name: "completable-prompt" }, "department", "S"),
      completion({ type: "ref/prompt", name: "completable-prompt" }, "name", "", {
        department: "Sales",
      }),
      completion(
        { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" },
        "resourceId",
        "4",
      ),
    ]),
    each("results of tools", "tools/call", [
      { name: "echo", arguments: { message: "hi" } },
      { name: "echo", arguments: {} },
      { name: "get-sum", arguments: { a: 1, b: 2 } },
      { name: "get-structured-content", arguments: { location: "Chicago" } },
      {
        name: "get-annotated-message",
        arguments: { messageType: "error", includeImage: true },
      },
      { name: "get-tiny-image" },
      { name: "get-resource-links", arguments: { count: 3 } },
      { name: "get-resource-reference", arguments: { resourceType: "Text", resourceId: 1 } },
    ]),
    each("elicitation by a form", "tools/call", [{ name: "trigger-elicitation-request" }]),
    each("elicitation by a page", "tools/call", [{
      name: "trigger-url-elicitation",
      arguments: { url: "https://example.com/", message: "Open it", elicitationId: "one" },
    }]),
    each("sampling", "tools/call", [
      { name: "trigger-sampling-request", arguments: { prompt: "birds" } },
    ]),
    each("roots", "tools/call", [{ name: "get-roots-list" }]),
    { kind: "progress", observe: observeProgress },
    { kind: "log level", observe: observeLogLevel, isLegacyOnly: true },
    { kind: "updates of resources", observe: observeUpdates },
    { kind: "changes of the list of resources", observe: observeResourcesChanged },
  ],
  filesystem: [
    about,
    tools,
    { kind: "roots as the folders that are served", observe: observeFolders, isLegacyOnly: true },
    each("results of tools", "tools/call", [
      { name: "read_text_file", arguments: {} },
    ]),
  ],
  memory: [about, tools, { kind: "changes of a graph", observe: observeGraph }],
  noisy: [
    about,
    tools,
    resources,
    { kind: "cancellation in the middle of progress", observe: observeCancellation },
    { kind: "log messages", observe: observeLogs, isLegacyOnly: true },
    each("metadata of requests and results", "tools/call", [
      { name: "meta", _meta: { "com.example/trace": "1", "com.example/other": { a: 1 } } },
    ]),
    { kind: "changes of the list of tools", observe: observeToolsChanged },
  ],
  rich: [
    about,
    ...(["tools", "resources", "prompts"] as const).map((list) => ({
      kind: `all pages of the list of ${list}`,
      observe: (client: OfficialClient) => pagesOf(client, `${list}/list`, list),
    })),
    {
      kind: "all pages of the list of templates",
      observe: (client) => pagesOf(client, "resources/templates/list", "resourceTemplates"),
    },
    each("content of every kind, and members that nobody knows", "tools/call", [
      { name: "rich", arguments: { a: "1" } },
    ]),
    {
      ...each("unknown content, of a tool with an unusual name", "tools/call", [
        { name: "a name/with spaces, ümlauts", arguments: {} },
      ]),
      // The library of 2026-07-28 refuses content that it does not know.
      isLegacyOnly: true,
    },
    each("resources that no list names", "resources/read", [
      { uri: "rich:///x" },
      { uri: "rich:///t/1" },
      { uri: "rich:///linked" },
    ]),
    each("messages of every kind", "prompts/get", [{ name: "p", arguments: { who: "me" } }]),
    each("whole completions", "completion/complete", [
      completion({ type: "ref/prompt", name: "p" }, "who", "b"),
      completion({ type: "ref/resource", uri: "rich:///t/{id}" }, "unlisted", "b", { c: "d" }),
    ]),
    { kind: "errors with their data", observe: observeErrors },
    {
      kind: "the refusal of a subscription",
      isLegacyOnly: true,
      observe: (client) =>
        errorOf(client.request("resources/subscribe", { uri: "rich:///refused" })),
    },
    { kind: "updates of a sub-resource", observe: observeSubResource },
  ],
};

function request(kind: string, method: string): Observation {
  return { kind, observe: async (client) => comparable(await client.request(method)) };
}

/** Requests of one method, each with its result or its error. */
function each(kind: string, method: string, requests: readonly Json[]): Observation {
  return {
    kind,
    observe: async (client) => {
      const seen: unknown[] = [];
      for (const params of requests) {
        try {
          seen.push(comparable(await client.request(method, params)));
        } catch (error) {
          seen.push({ code: (error as { code?: unknown }).code });
        }
      }
      return seen;
    },
  };
}

/** All entries of a list, whatever its pages. */
async function pagesOf(client: OfficialClient, method: string, key: string): Promise<unknown> {
  const entries: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await client.request(method, cursor === undefined ? {} : { cursor });
    entries.push(...page[key] as unknown[]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return entries;
}

async function errorOf(request: Promise<unknown>): Promise<unknown> {
  try {
    return { result: await request };
  } catch (error) {
    const { code, data } = error as { readonly code?: unknown; readonly data?: unknown };
    // 2026-07-28 has another code for a resource that is not found.
    return { code: code === -32002 ? -32602 : code, data };
  }
}

async function observeErrors(client: OfficialClient): Promise<unknown> {
  return [
    await errorOf(client.request("tools/call", { name: "rich", arguments: { fail: true } })),
    await errorOf(client.request("resources/read", { uri: "rich:///none" })),
  ];
}

/** The server updates another resource, one with nearly the same name, and one in the folder. */
async function observeSubResource(client: OfficialClient): Promise<unknown> {
  await client.subscribe("rich:///folder");
  await client.call("touch");
  let updated = await client.updates.take();
  // Without the gateway the client hears of all.
  while (!updated.startsWith("rich:///folder/")) updated = await client.updates.take();
  return updated;
}

function completion(ref: Json, name: string, value: string, known?: Json): Json {
  return {
    ref,
    argument: { name, value },
    ...(known !== undefined && { context: { arguments: known } }),
  };
}

/** Members that 2026-07-28 adds, and the time of day, are no difference between two servers. */
function comparable(result: Json): unknown {
  const { resultType: _, ttlMs: _ttl, cacheScope: _scope, _meta, ...rest } = result;
  const meta = Object.entries((_meta ?? {}) as Json)
    .filter(([key]) => !key.startsWith("io.modelcontextprotocol/"));
  const seen = { ...rest, ...(meta.length > 0 && { _meta: Object.fromEntries(meta) }) };
  const text = JSON.stringify(seen).replace(/\d{1,2}:\d\d:\d\d( [AP]M)?/g, "TIME")
    .replace(/"blob":"[^"]*"/g, '"blob":"BYTES"');
  return JSON.parse(text);
}

async function observeProgress(client: OfficialClient): Promise<unknown> {
  const seen: unknown[] = [];
  const args = { duration: 0.4, steps: 4 };
  const { text } = await client.call("trigger-long-running-operation", args, {
    onProgress: (progress) => void seen.push(progress),
  });
  // The library drops the last one where it comes in one piece with the result.
  return { seen: seen.filter((progress) => progress !== args.steps), text };
}

/** The server logs each subscription, with the level `info`. */
async function observeLogLevel(client: OfficialClient): Promise<unknown> {
  const uri = (number: number) => `demo://resource/dynamic/text/${number}`;
  await client.request("logging/setLevel", { level: "error" });
  await client.request("resources/subscribe", { uri: uri(1) });
  await client.request("logging/setLevel", { level: "debug" });
  await client.request("resources/subscribe", { uri: uri(2) });
  const seen: unknown[] = [];
  while (!String(seen.at(-1)).includes(uri(2))) seen.push(await client.logged.take());
  return seen.filter((data) => String(data).startsWith("Received"));
}

async function observeUpdates(client: OfficialClient): Promise<unknown> {
  await client.subscribe("demo://resource/dynamic/text/3");
  await client.call("toggle-subscriber-updates");
  const first = await client.updates.take();
  await client.call("toggle-subscriber-updates");
  return first.replace(/\d$/, "N");
}

async function observeResourcesChanged(client: OfficialClient): Promise<unknown> {
  const params = {
    name: "gzip-file-as-resource",
    arguments: { name: "hello.gz", data: "data:text/plain,hello", outputType: "resourceLink" },
  };
  const result = await client.request("tools/call", params);
  while (await client.listChanges.take() !== "resources");
  const { resources } = await client.request("resources/list");
  return [comparable(result), (resources as Json[]).at(-1)];
}

/** The server asks for the roots on its own, a moment after it has been initialized. */
async function observeFolders(client: OfficialClient): Promise<unknown> {
  let folders = "";
  while (!folders.includes("/home")) folders = (await client.call("list_allowed_directories")).text;
  return folders;
}

async function observeGraph(client: OfficialClient): Promise<unknown> {
  const entities = [{ name: "Ada", entityType: "person", observations: ["counts"] }];
  const created = await client.call("create_entities", { entities });
  const found = await client.call("search_nodes", { query: "Ada" });
  await client.call("delete_entities", { entityNames: ["Ada"] });
  return [created, found, await client.call("read_graph")];
}

async function observeCancellation(client: OfficialClient): Promise<unknown> {
  const controller = new AbortController();
  const seen: unknown[] = [];
  const count = async () => Number((await client.call("cancelled")).text);
  const before = await count();
  const onProgress = (progress: number, message?: string) => {
    seen.push([progress, message]);
    if (progress === 3) controller.abort(new Error("enough"));
  };
  const call = client.call("steps", {}, { signal: controller.signal, onProgress });
  const outcome = await call.then(() => "answered", () => "stopped");
  let cancelled = 0;
  while (cancelled === 0) cancelled = await count() - before;
  return { seen, outcome, cancelled };
}

async function observeLogs(client: OfficialClient): Promise<unknown> {
  await client.request("logging/setLevel", { level: "debug" });
  await client.call("log");
  const seen = [];
  while (seen.at(-1) !== "error") seen.push(await client.logged.take());
  return seen;
}

async function observeToolsChanged(client: OfficialClient): Promise<unknown> {
  await client.subscribe("notes://today");
  await client.call("grow");
  while (await client.listChanges.take() !== "tools");
  return [await client.updates.take(), await client.listTools()];
}

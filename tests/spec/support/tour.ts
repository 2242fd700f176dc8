/**
 * A client that tries everything, so that a test can check all messages of a server.
 *
 * @module
 */
import type { Message } from "./inbox.ts";
import type { LegacyClient, LegacyClientOptions } from "./legacy_client.ts";

/** Answers of a client that grants every wish. */
export function grant({ method, params }: Message): Record<string, unknown> {
  if (method === "roots/list") return { roots: [{ uri: "file:///work", name: "work" }] };
  if (method === "sampling/createMessage") {
    const content = { type: "text", text: "Hi" };
    return { role: "assistant", content, model: "test", stopReason: "endTurn" };
  }
  return params.mode === "url"
    ? { action: "accept" }
    : { action: "accept", content: { name: "Ada" } };
}

/** A client that can do everything and answers everything. */
export const TRUSTING: LegacyClientOptions = {
  capabilities: {
    roots: { listChanged: true },
    sampling: { tools: {} },
    elicitation: { form: {}, url: {} },
  },
  answer: (request) => ({ result: grant(request) }),
};

/** Requests that try out each method, in good and in bad form. */
export const TRIALS: readonly (readonly [method: string, params?: Record<string, unknown>])[] = [
  ["tools/list"],
  ["tools/list", { cursor: "no such place" }],
  ["tools/call", { name: "echo", arguments: { message: "hi" } }],
  ["tools/call", { name: "echo", arguments: { message: 1 } }],
  ["tools/call", { name: "no_such_tool" }],
  ["tools/call", { name: "measure", arguments: { celsius: 20 } }],
  ["tools/call", { name: "measure", arguments: { celsius: "hot" } }],
  ["tools/call", { name: "fail" }],
  ["tools/call", { name: "report", _meta: { progressToken: "p" } }],
  ["tools/call", { name: "log_all" }],
  ["tools/call", { name: 7 }],
  ["resources/list"],
  ["resources/templates/list"],
  ["resources/read", { uri: "test://text" }],
  ["resources/read", { uri: "test://bytes" }],
  ["resources/read", { uri: "file:///docs/readme" }],
  ["resources/read", { uri: "test://missing" }],
  ["prompts/list"],
  ["prompts/get", { name: "travel", arguments: { city: "Ulm" } }],
  ["prompts/get", { name: "travel" }],
  ["prompts/get", { name: "missing" }],
  ["completion/complete", {
    ref: { type: "ref/prompt", name: "travel" },
    argument: { name: "city", value: "city-1" },
  }],
  ["completion/complete", {}],
  ["no/such/method"],
];

/** Has a legacy client try everything, and gives all that it received. */
export async function tour(client: LegacyClient): Promise<readonly Message[]> {
  for (const [method, params] of TRIALS) await client.request(method, params);
  await client.request("ping");
  await client.request("logging/setLevel", { level: "debug" });
  await client.request("resources/subscribe", { uri: "test://text" });
  await client.request("resources/unsubscribe", { uri: "test://text" });
  for (const name of ["ask", "sample", "roots"]) await client.request("tools/call", { name });
  return client.inbox.messages;
}

/** All keys of all `_meta` objects, at any depth. */
export function metaKeys(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === "_meta" ? Object.keys(inner) : []),
    ...metaKeys(inner),
  ]);
}

/**
 * `@modelcontextprotocol/client` 2.x.
 *
 * @module
 */
// Named in full, with their own lock file: `deno task start` installs all packages of the import
// map and deno.lock, and a server needs no client.
// deno-lint-ignore-file no-import-prefix
import * as z from "zod";
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "npm:@modelcontextprotocol/client@2.4.0";
import { StdioClientTransport } from "npm:@modelcontextprotocol/client@2.4.0/stdio";
import {
  ANSWERS,
  FirstGet,
  type OfficialClient,
  Received,
  type Target,
  toOutcome,
} from "./official_client.ts";

const ANY_RESULT = z.looseObject({});

/** How it settles on a revision. */
export type V2Mode = "auto" | "pinned" | "legacy";

/** Which 2.x client to connect. */
export interface V2Options {
  readonly mode: V2Mode;
  readonly transport: "sse" | "http" | "stdio";
}

/** Connects a client of the 2.x line. */
export async function connectV2(
  { mode, transport }: V2Options,
  target: Target,
): Promise<OfficialClient> {
  const client = new Client({ name: "sdk-2", version: "2.4.0" }, {
    capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
    versionNegotiation: { mode: mode === "pinned" ? { pin: "2026-07-28" } : mode },
  });
  const received = receive(client);
  const get = new FirstGet("url" in target ? target.fetch : undefined);
  await client.connect(createTransport(transport, target, get.fetch));
  const isModern = client.getProtocolEra() === "modern";
  if (transport === "http" && !isModern) await get.opened;
  return {
    version: client.getNegotiatedProtocolVersion(),
    about: {
      name: client.getServerVersion()?.name,
      instructions: client.getInstructions(),
    },
    ...received,
    request: (method, params = {}) => client.request({ method, params }, ANY_RESULT),
    listTools: async () =>
      (await client.listTools(undefined, { cacheMode: "refresh" })).tools.map(({ name }) => name),
    call: async (name, args = {}, { onProgress, signal, onEventId } = {}) =>
      toOutcome(
        await client.callTool({ name, arguments: args }, {
          ...(onProgress && {
            onprogress: ({ progress, message }) => onProgress(progress, message),
          }),
          ...(signal && { signal }),
          ...(onEventId && { onresumptiontoken: onEventId }),
        }),
      ),
    listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    readResource: async (uri) => {
      const [contents] = (await client.readResource({ uri })).contents;
      return contents !== undefined && "text" in contents ? contents.text : "";
    },
    getPrompt: async (name, args) => {
      const [message] = (await client.getPrompt({ name, arguments: args })).messages;
      return message?.content.type === "text" ? message.content.text : "";
    },
    complete: async (uri, name, value) => {
      const ref = { type: "ref/resource" as const, uri };
      return (await client.complete({ ref, argument: { name, value } })).completion.values;
    },
    subscribe: async (uri) => {
      if (isModern) {
        const lists = { toolsListChanged: true, resourcesListChanged: true };
        await client.listen({ resourceSubscriptions: [uri], ...lists });
      } else await client.subscribeResource({ uri });
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function receive(client: Client): Received {
  const received = new Received();
  client.onerror = (error) => void received.errors.push(error);
  client.setRequestHandler("elicitation/create", ({ params }) => ANSWERS.elicit(params.message));
  client.setRequestHandler("sampling/createMessage", ({ params }) => {
    const content = [params.messages[0]?.content].flat()[0];
    return ANSWERS.sample(content?.type === "text" ? content.text : "");
  });
  client.setRequestHandler("roots/list", () => ANSWERS.roots);
  client.setNotificationHandler(
    "notifications/resources/updated",
    ({ params }) => received.updates.put(params.uri),
  );
  client.setNotificationHandler(
    "notifications/tools/list_changed",
    () => received.listChanges.put("tools"),
  );
  for (const list of ["resources", "prompts"] as const) {
    client.setNotificationHandler(
      `notifications/${list}/list_changed`,
      () => received.listChanges.put(list),
    );
  }
  client.setNotificationHandler(
    "notifications/message",
    ({ params }) => received.logged.put(params.data),
  );
  return received;
}

function createTransport(
  transport: V2Options["transport"],
  target: Target,
  fetch: typeof globalThis.fetch,
) {
  if (!("url" in target)) return new StdioClientTransport({ ...target, stderr: "ignore" });
  return transport === "sse"
    ? new SSEClientTransport(target.url, { fetch })
    : new StreamableHTTPClientTransport(target.url, { fetch });
}

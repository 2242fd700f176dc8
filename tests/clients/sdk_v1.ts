/**
 * `@modelcontextprotocol/sdk` 1.x.
 *
 * @module
 */
// Named in full, with their own lock file: `deno task start` installs all packages of the import
// map and deno.lock, and a server needs no client.
// deno-lint-ignore-file no-import-prefix
import * as z from "zod";
import { Client } from "npm:@modelcontextprotocol/sdk@1.32.2/client";
import { SSEClientTransport } from "npm:@modelcontextprotocol/sdk@1.32.2/client/sse.js";
import { StdioClientTransport } from "npm:@modelcontextprotocol/sdk@1.32.2/client/stdio.js";
import { StreamableHTTPClientTransport } from "npm:@modelcontextprotocol/sdk@1.32.2/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "npm:@modelcontextprotocol/sdk@1.32.2/types.js";
import {
  ANSWERS,
  FirstGet,
  type OfficialClient,
  Received,
  type Target,
  toOutcome,
} from "./official_client.ts";

const ANY_RESULT = z.looseObject({});

/** Which of its transports it uses. */
export type V1Transport = "sse" | "http" | "stdio";

/** Connects a client of the 1.x line. */
export async function connectV1(transport: V1Transport, target: Target): Promise<OfficialClient> {
  const client = new Client({ name: "sdk-1", version: "1.32.2" }, {
    capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
  });
  const received = receive(client);
  const get = new FirstGet("url" in target ? target.fetch : undefined);
  const wire = createTransport(transport, target, get.fetch);
  let version: string | undefined;
  // The client itself does not tell which revision it agreed on, only its transport.
  wire.setProtocolVersion = withSpy(wire.setProtocolVersion, (agreed) => version = agreed);
  await client.connect(wire);
  if (transport === "http") await get.opened;
  return {
    version,
    about: {
      name: client.getServerVersion()?.name,
      instructions: client.getInstructions(),
    },
    ...received,
    request: (method, params = {}) => client.request({ method, params }, ANY_RESULT),
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, { onProgress, signal, onEventId } = {}) =>
      toOutcome(
        await client.callTool({ name, arguments: args }, undefined, {
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
    subscribe: async (uri) => void await client.subscribeResource({ uri }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function receive(client: Client): Received {
  const received = new Received();
  client.onerror = (error) => void received.errors.push(error);
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ANSWERS.elicit(params.message));
  client.setRequestHandler(
    CreateMessageRequestSchema,
    ({ params }) => ANSWERS.sample(params.messages[0].content.text),
  );
  client.setRequestHandler(ListRootsRequestSchema, () => ANSWERS.roots);
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => received.updates.put(params.uri),
  );
  client.setNotificationHandler(
    ToolListChangedNotificationSchema,
    () => received.listChanges.put("tools"),
  );
  client.setNotificationHandler(
    ResourceListChangedNotificationSchema,
    () => received.listChanges.put("resources"),
  );
  client.setNotificationHandler(
    PromptListChangedNotificationSchema,
    () => received.listChanges.put("prompts"),
  );
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => received.logged.put(params.data),
  );
  return received;
}

function createTransport(transport: V1Transport, target: Target, fetch: typeof globalThis.fetch) {
  if (!("url" in target)) return new StdioClientTransport({ ...target, stderr: "ignore" });
  return transport === "sse"
    ? new SSEClientTransport(target.url, { fetch })
    : new StreamableHTTPClientTransport(target.url, { fetch });
}

type SetVersion = (version: string) => void;

function withSpy(original: SetVersion | undefined, spy: SetVersion): SetVersion {
  return function (this: unknown, version) {
    spy(version);
    original?.call(this, version);
  };
}

/**
 * Clients of a scripted server that has tools, resources and log messages.
 *
 * @module
 */
import { type TestClient, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import type { App } from "../../lib/mod.ts";
import type { gatewayApp } from "./gateway_app.ts";
import type { Script, ScriptedServer } from "./scripted_server.ts";

const UPDATED = "notifications/resources/updated";

/** A server with resources and log messages; `rest` answers its calls. */
export function talkative(rest: Script = () => undefined): Script {
  return (message, server) => {
    if (message.method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "scripted", version: "1" },
        capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
      };
    }
    const results: Record<string, unknown> = {
      "tools/list": { tools: [{ name: "work", inputSchema: { type: "object" } }] },
      "resources/list": { resources: ["a:x", "a:y"].map((uri) => ({ uri, name: uri })) },
      "resources/templates/list": { resourceTemplates: [] },
      "resources/subscribe": {},
      "resources/unsubscribe": {},
      "logging/setLevel": {},
    };
    return results[message.method] ?? rest(message, server);
  };
}

export async function connectAll(
  served: ReturnType<typeof gatewayApp>,
  count: number,
  options: TestClientOptions = {},
): Promise<TestClient[]> {
  const clients = [];
  for (let n = 0; n < count; n++) {
    clients.push(await testClient(served.app, { era: "2025-11-25", keepApp: true, ...options }));
  }
  return clients;
}

export const requestsOf = ({ received }: ScriptedServer, method: string) =>
  received.filter((message) => message.method === method).map(({ params }) => params);
export const closeAll = (clients: readonly TestClient[]) =>
  Promise.all(clients.map((client) => client.close()));
export const updatesOf = ({ notifications }: TestClient) =>
  notifications.filter(({ method }) => method === UPDATED).map(({ params }) => params?.uri);
export const update = (uri: string) => ({ jsonrpc: "2.0", method: UPDATED, params: { uri } });

/** A stream of `subscriptions/listen`, and what came on it. */
export async function listen(app: App, notifications: object) {
  await app.start();
  const response = await app.fetch(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: {
          notifications,
          _meta: {
            [META_KEYS.protocolVersion]: "2026-07-28",
            [META_KEYS.clientInfo]: { name: "test", version: "1" },
            [META_KEYS.clientCapabilities]: {},
          },
        },
      }),
    }),
  );
  let text = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })();
  return {
    /** The messages so far, without the name of the subscription. */
    messages: () =>
      text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => {
        const { method, params: { _meta: _, ...params } } = JSON.parse(line.slice(6));
        return { method, ...params };
      }),
    leave: async () => {
      await reader.cancel();
      await reading;
    },
  };
}

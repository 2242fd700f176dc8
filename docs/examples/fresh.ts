/**
 * Mounted in Fresh 2: this file is the route `routes/ai/[...path].ts` of your project. Clients use
 * `/ai/mcp`. With `MCP_AUTH_ISSUERS`, it is also the route
 * `routes/.well-known/oauth-protected-resource/ai/[...path].ts`.
 */
import { createApp, mountAt } from "@lifeline/mcp";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
const answer = mountAt(app, "/ai");

/** What a route is given, as far as it is used here; in your project, Fresh's own `Context`. */
interface FreshContext {
  readonly req: Request;
  readonly info: Deno.ServeHandlerInfo;
}

export const handler = async ({ req, info: { remoteAddr } }: FreshContext): Promise<Response> => {
  const address = "hostname" in remoteAddr ? remoteAddr.hostname : "unknown";
  return await answer(req, { address }) ?? new Response("Not found", { status: 404 });
};

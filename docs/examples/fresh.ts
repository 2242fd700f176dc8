/**
 * Mounted in Fresh 2, under `/ai`: clients use `/ai/mcp`. In the `main.ts` of your project, before
 * `app.fsRoutes()`: `app.use(mcp)`.
 */
import { createApp, mountAt } from "@lifeline/mcp";
import { drainOnSignal, logToStderr } from "@lifeline/mcp/serve";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
logToStderr(app);
const answer = mountAt(app, "/ai");

/** What middleware is given, as far as it is used here; in your project, Fresh's own `Context`. */
interface FreshContext {
  readonly req: Request;
  readonly info: Deno.ServeHandlerInfo;
  next(): Promise<Response>;
}

export const mcp = async ({ req, info, next }: FreshContext): Promise<Response> => {
  const address = "hostname" in info.remoteAddr ? info.remoteAddr.hostname : "unknown";
  return await answer(req, { address }) ?? await next();
};

drainOnSignal(app);

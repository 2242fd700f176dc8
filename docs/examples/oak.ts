/**
 * Mounted in Oak, under `/ai`: clients use `/ai/mcp`. In your server, before your own routes:
 * `application.use(mcp)`.
 */
import { createApp, mountAt } from "@lifeline/mcp";
import { drainOnSignal, logToStderr } from "@lifeline/mcp/serve";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
logToStderr(app);
const answer = mountAt(app, "/ai");

/** What middleware is given, as far as it is used here; in your project, Oak's own `Context`. */
interface OakContext {
  readonly request: { readonly source: Request | undefined; readonly ip: string };
  readonly response: { with(response: Response): void };
}

export const mcp = async (
  { request: { source, ip }, response }: OakContext,
  next: () => Promise<unknown>,
): Promise<void> => {
  const answered = source && await answer(source, { address: ip });
  // Oak passes on a response as it is, streams too.
  if (answered === undefined) await next();
  else response.with(answered);
};

drainOnSignal(app);

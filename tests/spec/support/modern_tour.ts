import type { SpecApp } from "./fixtures.ts";
import type { Message } from "./inbox.ts";
import { modernMessages } from "./modern.ts";
import { grant, TRIALS } from "./tour.ts";

/** Capabilities of a 2026-07-28 client that can do everything. */
export const ALL_CAPABILITIES = {
  elicitation: { form: {}, url: {} },
  roots: {},
  sampling: { tools: {} },
};

const ASKING = ["ask", "ask_url", "ask_twice", "ask_all", "sample", "roots"];
const LOGGED = { "io.modelcontextprotocol/logLevel": "debug", progressToken: "p" };

/** Tries everything in 2026-07-28, and gives all that the server said. */
export async function modernTour(app: SpecApp): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (const [method, params] of TRIALS) {
    messages.push(...await modernMessages(app, method, params, { meta: LOGGED }));
  }
  messages.push(...await modernMessages(app, "server/discover"));
  for (const name of ASKING) {
    messages.push(...await modernMessages(app, "tools/call", { name }));
    messages.push(...await conversation(app, { name }));
  }
  return messages;
}

/** Calls a tool and grants all that it asks for, until it is done: all messages of all rounds. */
export async function conversation(
  app: SpecApp,
  call: Record<string, unknown>,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  let retry = {};
  for (let round = 1; round < 10; round++) {
    const said = await modernMessages(app, "tools/call", { ...call, ...retry }, {
      id: round,
      capabilities: ALL_CAPABILITIES,
    });
    messages.push(...said);
    const { result } = said.at(-1);
    if (result?.resultType !== "input_required") return messages;
    retry = { inputResponses: grantAll(result.inputRequests), requestState: result.requestState };
  }
  throw new Error("The call asks for ever");
}

/** Answers to all input requests. */
export function grantAll(inputRequests: Record<string, Message>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputRequests).map(([key, request]) => [key, grant(request)]),
  );
}

/** A client that opens many sessions with processes: the calls of others go on meanwhile. */
import { assert } from "@std/assert";
import { toolCall } from "../../helpers/app.ts";
import { entryOf, Gateway, hostile } from "./gateway_process.ts";
import { openSession } from "./session.ts";

/** What a client may open at once (`MCP_INITIALIZES_BURST` leaves room for it). */
const SESSIONS = 54;
const MAX_CHILDREN = 15;
const SERVERS = ["one", "two", "three"];
/** Starts of one client at a time. */
const PER_CLIENT = Math.max(4, Math.floor(navigator.hardwareConcurrency / 2));

/** How long all starts may take on a busy machine (ms). */
const PATIENCE_MS = 120_000;

interface Child {
  readonly policy: string;
  readonly state: string;
}

Deno.test("while a client opens its maximum of sessions, few processes start at a time and others are answered", async () => {
  const entry = entryOf(hostile("behaves"), { maxChildren: MAX_CHILDREN });
  await using gateway = await Gateway.ofFile(
    Object.fromEntries(SERVERS.map((name) => [name, entry])),
  );
  await gateway.ask(toolCall("act", {}), "/mcp/one");
  const opening = Promise.all(
    Array.from({ length: SESSIONS }, () => openSession(gateway.url, { elicitation: {} })),
  );
  const deadline = performance.now() + PATIENCE_MS;
  let answered = 0;
  for (let up = 0; up < MAX_CHILDREN * SERVERS.length; answered++) {
    const { result } = await gateway.ask(toolCall("act", {}), "/mcp/one");
    assert(Number(result.content[0].text) > 0);
    const { servers } = await gateway.view();
    const children: readonly Child[] = servers
      .flatMap(({ children }: { readonly children: readonly Child[] }) => children)
      .filter(({ policy }: Child) => policy === "session");
    const starting = children.filter(({ state }) => state === "starting");
    assert(starting.length <= PER_CLIENT, `${starting.length} processes start`);
    assert(performance.now() < deadline, `${up} processes have started`);
    up = children.filter(({ state }) => state === "up").length;
  }
  await opening;
  // Where all start at once, two calls are answered meanwhile, on any machine.
  assert(answered >= SERVERS.length * MAX_CHILDREN / 4, `${answered} calls were answered`);
});

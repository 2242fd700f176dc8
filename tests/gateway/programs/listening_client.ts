/** A client that can be asked: it makes one call, listens, and waits for its end. */
import { openSession } from "./session.ts";

const [gateway = ""] = Deno.args;
const session = await openSession(gateway, { elicitation: {} });
const params = { name: "act", arguments: {} };
await session.ask({ jsonrpc: "2.0", id: 2, method: "tools/call", params });
await session.listen(new AbortController().signal);
await Deno.stdout.write(new TextEncoder().encode("listening\n"));
setInterval(() => {}, 1_000);

/** An instance that answers each message of the bus: `bus_member.ts redis://…`, until it is killed. */
import { benchStore } from "../redis_store.ts";

const store = benchStore(Deno.args[0] ?? "");
store.bus.onMessage = (message) => {
  const { from, n } = message as { readonly from: string; readonly n: number };
  if (from !== store.me) void store.bus.send(from, { kind: "reply", from: store.me, n });
};
await store.start();
Deno.stdout.writeSync(new TextEncoder().encode(`${store.me}\n`));

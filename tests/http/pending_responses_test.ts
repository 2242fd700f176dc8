import { assertEquals } from "@std/assert";
import { PendingResponses } from "../../lib/http/pending_responses.ts";

Deno.test("who waits for all responses waits for those of later requests, too", async () => {
  const pending = new PendingResponses();
  let emptied = 0;
  const wait = () => void pending.whenEmpty().then(() => emptied++);
  const rest = () => new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  for (let round = 1; round <= 2; round++) {
    pending.add();
    pending.add();
    wait();
    pending.remove();
    await rest();
    assertEquals([pending.size, emptied], [1, round - 1]);
    pending.remove();
    await rest();
    assertEquals([pending.size, emptied], [0, round]);
  }
});

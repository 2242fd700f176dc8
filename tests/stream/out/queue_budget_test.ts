/** The budget of all bytes that wait: when queues are asked, and which is cut off. */
import { assertEquals } from "@std/assert";
import { type Queue, QueueBudget } from "../../../lib/stream/out/queue_budget.ts";

/** A budget of 100 bytes over queues of so many bytes, of which some have been read unseen. */
function budgetOf(...queues: { bytes: number; read?: number }[]) {
  const asked: number[] = [];
  const closed: number[] = [];
  const all = queues.map(({ bytes, read = 0 }, index) => {
    let queuedBytes = bytes;
    let unseen = read;
    return {
      get queuedBytes() {
        return queuedBytes;
      },
      syncCount: () => {
        asked.push(index);
        budget.add(-unseen);
        queuedBytes -= unseen;
        unseen = 0;
      },
      close: (reason: string) => {
        assertEquals(reason, "queue_full");
        closed.push(index);
        budget.add(-queuedBytes);
        queuedBytes = 0;
      },
    } satisfies Queue;
  });
  const budget: QueueBudget = new QueueBudget(100, () => all);
  for (const { bytes } of queues) budget.add(bytes);
  return { budget, asked, closed };
}

Deno.test("queues are asked what waits once the budget may be used up", () => {
  const free = budgetOf({ bytes: 99, read: 9 });
  assertEquals([free.budget.syncIfFull(), free.asked], [99, []]);
  const full = budgetOf({ bytes: 60, read: 10 }, { bytes: 40, read: 1 });
  assertEquals([full.budget.syncIfFull(), full.asked, full.closed], [89, [0, 1], []]);
});

Deno.test("a budget that is used up to the last byte asks nobody and cuts nobody off", () => {
  const { budget, asked, closed } = budgetOf({ bytes: 60, read: 60 }, { bytes: 40 });
  budget.enforceTotalBudget();
  assertEquals([budget.bytes, asked, closed], [100, [], []]);
});

Deno.test("over the budget bytes that were read meanwhile make room first", () => {
  const { budget, asked, closed } = budgetOf({ bytes: 60, read: 1 }, { bytes: 41 });
  budget.enforceTotalBudget();
  assertEquals([budget.bytes, asked, closed], [100, [0, 1], []]);
});

Deno.test("over the budget the greediest is cut off, then the next, the older of two alike first", () => {
  const { budget, closed } = budgetOf({ bytes: 90 }, { bytes: 200 }, { bytes: 90 }, { bytes: 5 });
  budget.enforceTotalBudget();
  assertEquals([budget.bytes, closed], [95, [1, 0]]);
});

Deno.test("bytes that no queue has cut nobody off", () => {
  const { budget, closed } = budgetOf({ bytes: 0 });
  budget.add(101);
  budget.enforceTotalBudget();
  assertEquals([budget.bytes, closed], [101, []]);
});

Deno.test("a queue of one byte is cut off where that makes room", () => {
  const { budget, closed } = budgetOf({ bytes: 0 }, { bytes: 1 });
  budget.add(100);
  budget.enforceTotalBudget();
  assertEquals([budget.bytes, closed], [100, [1]]);
});

import { assertEquals } from "@std/assert";
import { combine, NO_OBSERVER, type Observer } from "../../lib/base/observer.ts";
import { CapturedLog } from "../helpers/log.ts";

const CALL = { request: { method: "ping" }, startedAt: 5 };

/** An observer that notes everything it is told. */
function recorder(): { readonly told: unknown[]; readonly observer: Observer } {
  const told: unknown[] = [];
  const observer = Object.fromEntries(
    Object.keys(NO_OBSERVER).map((event) => [
      event,
      (...report: unknown[]) => void told.push([event, ...report]),
    ]),
  ) as unknown as Observer;
  return { told, observer };
}

function tellAll(observer: Observer): void {
  observer.connectionOpened("plain");
  observer.connectionClosed({
    id: "mcp_sse_1",
    dialect: "plain",
    address: "192.0.2.1",
    userAgent: "curl/8",
    reason: "drain",
    ageMs: 1,
    sentBytes: 2,
  });
  observer.pinged(3);
  observer.pingFailed();
  observer.superseded("progress");
  observer.resultsLost("plain", 7);
  observer.refused("heap");
  observer.requestFinished(CALL, "ok");
  observer.requestRejected("not_found", {
    method: "GET",
    path: "/nowhere",
    address: "192.0.2.1",
    message: "Nothing is served at this path",
  });
  observer.sessionOpened("created");
  observer.sessionEnded({ end: "idle", ageMs: 4, protocolVersion: "2025-11-25" });
  observer.replayed(5);
  observer.replayLost();
  observer.loopDelayed(6);
  observer.unhandledRejection();
  observer.uncaughtError();
}

Deno.test("`observeAll()` passes every report on to everybody, whole", () => {
  const [one, other] = [recorder(), recorder()];
  const direct = recorder();
  tellAll(direct.observer);
  tellAll(combine([one.observer, other.observer]));
  assertEquals(one.told, direct.told);
  assertEquals(other.told, direct.told);
  assertEquals(direct.told.length, Object.keys(NO_OBSERVER).length);
});

Deno.test("`observeAll()` leaves out what an observer has no method for", () => {
  const dialects: string[] = [];
  tellAll(combine([{}, { connectionOpened: (dialect) => void dialects.push(dialect) }]));
  assertEquals(dialects, ["plain"]);
});

Deno.test("an observer that throws harms neither the others nor who reports, and is logged", () => {
  using log = new CapturedLog();
  const { told, observer } = recorder();
  const broken: Partial<Observer> = {
    pinged: () => {
      throw new Error("broken");
    },
  };
  combine([broken, observer]).pinged(1);
  assertEquals(told, [["pinged", 1]]);
  assertEquals(log.of("Observer failed").map(({ fields }) => fields), [
    { event: "pinged", error: "broken" },
  ]);
});

Deno.test("an observer keeps its `this`", () => {
  class Counting implements Partial<Observer> {
    count = 0;
    pingFailed(): void {
      this.count++;
    }
  }
  const counting = new Counting();
  combine([counting]).pingFailed();
  assertEquals(counting.count, 1);
});

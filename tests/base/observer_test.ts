import { assertEquals } from "@std/assert";
import { createEmit, type Emit, type Observer } from "../../lib/base/observer.ts";
import { CapturedLog } from "../helpers/log.ts";

const CALL = { request: { method: "ping" }, startedAt: 5 };
const CLOSED = {
  id: "mcp_sse_1",
  dialect: "plain",
  address: "192.0.2.1",
  userAgent: "curl/8",
  reason: "drain",
  ageMs: 1,
  sentBytes: 2,
};
const REJECTED = {
  method: "GET",
  path: "/nowhere",
  address: "192.0.2.1",
  message: "Nothing is served at this path",
};

/** An observer that records every event. */
class Recorder implements Partial<Observer> {
  readonly told: unknown[][] = [];

  connectionOpened(...report: unknown[]): void {
    this.told.push(["connectionOpened", ...report.filter((part) => part !== undefined)]);
  }

  connectionClosed(...report: unknown[]): void {
    this.told.push(["connectionClosed", ...report.filter((part) => part !== undefined)]);
  }

  requestFinished(...report: unknown[]): void {
    this.told.push(["requestFinished", ...report]);
  }

  requestRejected(...report: unknown[]): void {
    this.told.push(["requestRejected", ...report]);
  }

  pinged(latenessMs: number): void {
    this.told.push(["pinged", latenessMs]);
  }
}

function emitSome(emit: Emit): void {
  emit("connectionOpened", "plain");
  emit("connectionClosed", CLOSED);
  emit("requestFinished", CALL, "ok");
  emit("requestRejected", "not_found", REJECTED);
}

Deno.test("`createEmit()` passes every report on to everybody, whole", () => {
  const [one, other] = [new Recorder(), new Recorder()];
  emitSome(createEmit([one, other]));
  assertEquals(one.told, [
    ["connectionOpened", "plain"],
    ["connectionClosed", CLOSED],
    ["requestFinished", CALL, "ok"],
    ["requestRejected", "not_found", REJECTED],
  ]);
  assertEquals(other.told, one.told);
});

Deno.test("`createEmit()` leaves out what an observer has no method for", () => {
  const dialects: string[] = [];
  emitSome(createEmit([{}, { connectionOpened: (dialect) => void dialects.push(dialect) }]));
  assertEquals(dialects, ["plain"]);
});

Deno.test("an observer that throws harms neither the others nor who reports, and is logged", () => {
  using log = new CapturedLog();
  const recorder = new Recorder();
  const broken: Partial<Observer> = {
    pinged: () => {
      throw new Error("broken");
    },
  };
  createEmit([broken, recorder])("pinged", 1);
  assertEquals(recorder.told, [["pinged", 1]]);
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
  createEmit([counting])("pingFailed");
  assertEquals(counting.count, 1);
});

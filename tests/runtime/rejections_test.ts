import { assert, assertEquals } from "@std/assert";
import { NO_OBSERVER } from "../../lib/base/observer.ts";
import { Rejections } from "../../lib/runtime/rejections.ts";
import { CapturedLog } from "../helpers/log.ts";

/** Lets the runtime find out that nobody handles it. */
function rejectUnhandled(reason: unknown): PromiseRejectionEvent {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  const event = new PromiseRejectionEvent("unhandledrejection", {
    promise,
    reason,
    cancelable: true,
  });
  globalThis.dispatchEvent(event);
  return event;
}

Deno.test("`Rejections` logs, counts and survives a rejection that nobody handles", () => {
  using log = new CapturedLog("error");
  let count = 0;
  const rejections = new Rejections();
  rejections.survive();
  // Before there is an app to count them.
  assert(rejectUnhandled(new Error("early")).defaultPrevented);
  rejections.observer = { ...NO_OBSERVER, unhandledRejection: () => void count++ };
  assert(rejectUnhandled(new Error("late")).defaultPrevented);
  rejections.forget();
  assertEquals(count, 1);
  assertEquals(log.of("Unhandled rejection").map(({ fields }) => fields.error), ["early", "late"]);
});

Deno.test("`forget()` leaves rejections to the runtime again", () => {
  const rejections = new Rejections();
  rejections.survive();
  rejections.forget();
  const listener = (event: Event) => event.stopImmediatePropagation();
  globalThis.addEventListener("unhandledrejection", listener);
  assertEquals(rejectUnhandled(new Error("not ours")).defaultPrevented, false);
  globalThis.removeEventListener("unhandledrejection", listener);
});

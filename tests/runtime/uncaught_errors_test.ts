import { assert, assertEquals, assertMatch } from "@std/assert";
import { UncaughtErrors } from "../../lib/runtime/uncaught_errors.ts";
import { CapturedLog } from "../helpers/log.ts";

/** Lets the runtime find out that the rejection is not handled. */
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

Deno.test("`UncaughtErrors` logs, counts and survives a rejection that nobody handles", () => {
  using log = new CapturedLog("error");
  let count = 0;
  const rejections = new UncaughtErrors();
  rejections.install();
  // Before there is an app to count them.
  assert(rejectUnhandled(new Error("early")).defaultPrevented);
  rejections.observer = { unhandledRejection: () => void count++, uncaughtError: () => {} };
  assert(rejectUnhandled(new Error("late")).defaultPrevented);
  rejections.uninstall();
  assertEquals(count, 1);
  assertEquals(log.of("Unhandled rejection").map(({ fields }) => fields.error), ["early", "late"]);
});

/** Dispatches the runtime's event for an uncaught error. */
function throwUncaught(parts: ErrorEventInit): ErrorEvent {
  const event = new ErrorEvent("error", { cancelable: true, ...parts });
  globalThis.dispatchEvent(event);
  return event;
}

Deno.test("`UncaughtErrors` logs, counts and survives an error that nobody caught, whatever was thrown", () => {
  using log = new CapturedLog("error");
  let count = 0;
  const rejections = new UncaughtErrors();
  rejections.install();
  rejections.observer = { uncaughtError: () => void count++, unhandledRejection: () => {} };
  const stackless = new Error("stackless");
  Object.defineProperty(stackless, "stack", {
    get: () => {
      throw new Error("no stack for you");
    },
  });
  for (const error of [new Error("thrown"), "a text", undefined, stackless]) {
    assert(throwUncaught({ error, message: "Uncaught" }).defaultPrevented);
  }
  // An error from a worker arrives without the error object.
  assert(throwUncaught({ error: null, message: "Error: in a worker" }).defaultPrevented);
  rejections.uninstall();
  assertEquals(count, 5);
  const lines = log.of("Uncaught error").map(({ fields }) => fields);
  assertEquals(lines.map(({ error }) => error), [
    "thrown",
    "a text",
    "undefined",
    "stackless",
    "Error: in a worker",
  ]);
  assertMatch(String(lines[0]?.at), /uncaught_errors_test\.ts:\d+:\d+/);
  assertEquals(lines.slice(1).map(({ at }) => at), [undefined, undefined, undefined, undefined]);
});

Deno.test("`forget()` leaves rejections to the runtime again", () => {
  const rejections = new UncaughtErrors();
  rejections.install();
  rejections.uninstall();
  const listener = (event: Event) => event.stopImmediatePropagation();
  globalThis.addEventListener("unhandledrejection", listener);
  assertEquals(rejectUnhandled(new Error("not ours")).defaultPrevented, false);
  globalThis.removeEventListener("unhandledrejection", listener);
});

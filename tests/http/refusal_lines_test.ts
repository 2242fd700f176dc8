/** The log lines of refused requests and of refused credentials, and what observers are told. */
import { assertEquals } from "@std/assert";
import { AuthFailure } from "../../lib/auth/auth_failure.ts";
import { ProtocolError, type ProtocolErrorKind } from "../../lib/base/errors.ts";
import { createEmit, emitNothing } from "../../lib/base/observer.ts";
import { Refusals } from "../../lib/http/refusals.ts";
import { CapturedLog } from "../helpers/log.ts";

const REQUEST = { method: "GET", path: "/mcp", address: "192.0.2.1" };

/** Notes each refusal that observers hear of. */
const emitTo = (emitted: unknown[]) =>
  createEmit([{ requestRejected: (...report) => void emitted.push(report) }]);

/** The lines as level, message and fields. */
const linesOf = (log: CapturedLog) =>
  log.parsed().map(({ level, message, fields }) => [level, message, fields]);

Deno.test("an error for the client is told as it is, any other as an internal error", () => {
  using log = new CapturedLog();
  const emitted: unknown[] = [];
  const refusals = new Refusals(emitTo(emitted), () => 0);
  refusals.report(new ProtocolError("host_refused", "Not this host"), REQUEST);
  refusals.report(new Error("secret"), REQUEST);
  const about = { method: "GET", path: "/mcp", client_ip: "192.0.2.1" };
  assertEquals(linesOf(log), [
    ["INFO", "Request refused", {
      ...about,
      kind: "host_refused",
      error: "Not this host",
      refused: 1,
    }],
    ["INFO", "Request refused", {
      ...about,
      kind: "internal_error",
      error: "Internal error",
      refused: 1,
    }],
  ]);
  assertEquals(emitted, [
    ["host_refused", { ...REQUEST, message: "Not this host", auth: undefined }],
    ["internal_error", {
      ...REQUEST,
      message: "Internal error",
      auth: undefined,
    }],
  ]);
});

Deno.test("kinds that any visitor causes, or that warn by themselves, are lines at `debug` alone", () => {
  using log = new CapturedLog();
  const refusals = new Refusals(emitNothing, () => 0);
  const quiet = ["not_found", "too_many_requests", "overloaded", "draining"] as const;
  const loud = ["method_not_allowed", "session_not_found"] as const;
  for (const kind of [...quiet, ...loud]) refusals.report(new ProtocolError(kind, "no"), REQUEST);
  assertEquals(log.parsed().map(({ level, fields }) => [level, fields.kind, fields.refused]), [
    ...quiet.map((kind) => ["DEBUG", kind, undefined]),
    ...loud.map((kind) => ["INFO", kind, 1]),
  ]);
});

Deno.test("method, path and message of a line have 512 characters at most", () => {
  using log = new CapturedLog();
  const long = (length: number) => "x".repeat(length);
  const request = { ...REQUEST, method: long(513), path: long(600) };
  new Refusals(emitNothing, () => 0).report(new ProtocolError("not_found", long(700)), request);
  const [{ method, path, error } = {}] = log.parsed().map(({ fields }) => fields);
  assertEquals([method, path, error], [long(512), long(512), long(512)]);
});

/** Refuses a credential. */
function refuse(
  refusals: Refusals,
  failure: AuthFailure,
  kind: ProtocolErrorKind = "unauthorized",
): void {
  refusals.report(new ProtocolError(kind, "no", { cause: failure }), REQUEST);
}

Deno.test("a refused credential is a warning with what was expected and given, once in ten seconds", () => {
  using log = new CapturedLog("warning");
  let now = 0;
  const refusals = new Refusals(emitNothing, () => now);
  const cause = new Error("y".repeat(600));
  const failure = (details: ConstructorParameters<typeof AuthFailure>[2]) =>
    new AuthFailure("issuer", "no", details);
  refuse(refusals, failure({ expected: ["a"], given: "b".repeat(600), cause }));
  refuse(refusals, failure({}));
  refuse(refusals, new AuthFailure("missing", "no"));
  refuse(refusals, new AuthFailure("expired", "no"));
  now = 10_000;
  refuse(refusals, failure({}));
  const where = { path: "/mcp", client_ip: "192.0.2.1" };
  assertEquals(linesOf(log), [
    ["WARNING", "Credential refused", {
      reason: "issuer",
      expected: '["a"]',
      given: `"${"b".repeat(511)}`,
      cause: "y".repeat(512),
      ...where,
    }],
    ["WARNING", "Credential refused", { reason: "expired", ...where }],
    ["WARNING", "Credential refused", { reason: "issuer", ...where }],
  ]);
});

Deno.test("observers are told of the refused credential, too", () => {
  const emitted: unknown[] = [];
  const refusals = new Refusals(emitTo(emitted), () => 0);
  const failure = new AuthFailure("missing", "no");
  refuse(refusals, failure);
  assertEquals(emitted, [
    ["unauthorized", { ...REQUEST, message: "no", auth: failure }],
  ]);
});

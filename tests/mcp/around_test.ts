/** The functions around every request: their order, and their view of it. */
import { assertEquals } from "@std/assert";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { isPromise } from "../../lib/base/promises.ts";
import { type Around, composeAround } from "../../lib/mcp/around.ts";
import { CallAborted } from "../../lib/base/errors.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import type { JsonRpcRequest, JsonRpcResponse } from "../../lib/wire/json_rpc.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";

function request(method: string, params = {}): JsonRpcRequest {
  return { jsonrpc: "2.0", id: 1, method, params };
}

/** A short name for the kind of an answer. */
function kindOf(response: JsonRpcResponse | undefined): string {
  if (response === undefined) return "none";
  return "error" in response ? `error ${response.error.code}` : "result";
}

/** Notes under its name when a request comes and how it was answered. */
function noting(name: string, notes: string[]): Around {
  return ({ request: { method }, isKnown }, next) => {
    notes.push(`${name}: ${method}${isKnown ? "" : " (unknown)"}`);
    const note = (response: JsonRpcResponse | undefined) => {
      notes.push(`${name}: ${kindOf(response)}`);
      return response;
    };
    const response = next();
    return isPromise(response) ? response.then(note) : note(response);
  };
}

Deno.test("the first of several is the outermost, and each sees request and response", async () => {
  const notes: string[] = [];
  const server = testServer({ around: [noting("outer", notes), noting("inner", notes)] });
  await server.dispatch(request("ping"), testScope(), server.sessionless);
  assertEquals(notes, ["outer: ping", "inner: ping", "inner: result", "outer: result"]);
});

Deno.test("a refused method, a failed call and a cancelled one are seen with their answers", async () => {
  const notes: string[] = [];
  const never = toolThat(() => new Promise<string>(() => {}));
  const catalog = new Catalog({ tools: [never] });
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const server = testServer({ catalog, wheel, around: [noting("around", notes)] });
  const scope = testScope();
  await server.dispatch(request("no/such"), scope, server.sessionless);
  await server.dispatch(request("tools/call"), scope, server.sessionless);
  const call = request("tools/call", { name: never.name });
  const running = server.dispatch(call, scope, server.sessionless);
  scope.inFlight.cancel(1, new CallAborted("cancelled"));
  assertEquals(await running, undefined);
  assertEquals(notes, [
    "around: no/such (unknown)",
    "around: error -32601",
    "around: tools/call",
    "around: error -32602",
    "around: tools/call",
    "around: none",
  ]);
});

Deno.test("where nothing stands around requests, none passes anything", () => {
  assertEquals(composeAround([]), undefined);
  const only: Around = (_dispatch, next) => next();
  assertEquals(composeAround([only]), only);
});

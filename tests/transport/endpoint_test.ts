/** The endpoint: which dialect it asks, in which order, and what it checks before it asks any. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import type { Admission } from "../../lib/stream/admit/admission.ts";
import type { DialectHandlers } from "../../lib/transport/dialect.ts";
import { type AccessCheck, Endpoint } from "../../lib/transport/endpoint.ts";
import { RequestHead } from "../../lib/transport/request_head.ts";
import { rpc, toolCall } from "../helpers/app.ts";

const URL_OF_MCP = { path: "/mcp", isPlain: false };
const PING = rpc("ping", {}, 7);
const CALL = toolCall("echo", {}, 7);
const NOTE = { jsonrpc: "2.0", method: "notifications/initialized" };
const ANSWER = { jsonrpc: "2.0", id: 7, result: {} };
const METHODS = ["post", "postEmpty", "postBatch", "get", "head", "delete"] as const;

interface Options {
  /** The dialects that answer; the others are asked in vain. */
  readonly answering?: readonly string[];
  readonly isNeeded?: boolean;
  readonly refuses?: string;
  readonly sees?: string;
}

/** An endpoint with the dialects `a`, `b` and `c`; all that they are asked is told in order. */
function make({ answering = [], isNeeded, refuses, sees }: Options = {}) {
  const told: unknown[][] = [];
  const tell = (what: string, ...args: unknown[]) => {
    told.push([what, ...args]);
    if (what === refuses) throw new ProtocolError("overloaded", what);
  };
  const dialect = (name: string): DialectHandlers => ({
    ...Object.fromEntries(METHODS.map((method) => [method, () => {
      tell(`${name} ${method}`);
      return answering.includes(name) ? new Response(name) : undefined;
    }])),
    visibilityOf: () => (sees === name ? `seen by ${name}` : undefined) as never,
  });
  const { visibilityOf: _, ...blind } = dialect("a");
  const admission = {
    admitRequest: () => tell("request"),
    admitCalls: (_: unknown, count: number) => tell("calls", count),
  } as unknown as Admission;
  const access = isNeeded === undefined ? undefined : {
    isNeeded,
    check: (messages: readonly unknown[], _: unknown, seen: unknown) =>
      tell("access", messages.length, seen),
  } as AccessCheck;
  const handlers = [blind, {}, dialect("b"), dialect("c")];
  return { told, endpoint: new Endpoint(handlers, admission, access) };
}

function head(headers: Record<string, string> = {}) {
  return new RequestHead(new Request("http://host/mcp", { headers })) as never;
}

const ALL = ["a post", "b post", "c post"].map((what) => [what]);

for (
  const [what, message, checked] of [
    ["a request that is no call", PING, [["request"]]],
    ["a call", CALL, [["request"], ["calls", 1]]],
    ["a notification", NOTE, []],
    ["a response", ANSWER, []],
  ] as const
) {
  Deno.test(`${what} is checked by its kind, and each dialect is asked until one answers`, async () => {
    for (const [answering, asked] of [[["b", "c"], 2], [["a"], 1], [["c"], 3]] as const) {
      const { told, endpoint } = make({ answering });
      const response = await endpoint.post(head(), message, URL_OF_MCP);
      assertEquals([await response.text(), told], [answering[0], [
        ...checked,
        ...ALL.slice(0, asked),
      ]]);
    }
  });

  Deno.test(`${what} that no dialect takes is refused, for the id of a request`, () => {
    const { told, endpoint } = make();
    const error = assertThrows(
      () => void endpoint.post(head(), message, URL_OF_MCP),
      ProtocolError,
    );
    assertEquals([error.kind, told], ["invalid_request", [...checked, ...ALL]]);
    assertEquals(error.message.startsWith("Invalid request: a response needs the header"), true);
  });
}

Deno.test("what refuses a request names it, and a notification has no id", () => {
  for (
    const [refuses, message, id, count] of [
      ["request", CALL, 7, 1],
      ["calls", CALL, 7, 2],
      ["access", CALL, 7, 3],
      ["a post", PING, 7, 3],
      ["b post", NOTE, undefined, 3],
    ] as const
  ) {
    const { told, endpoint } = make({ refuses, isNeeded: true });
    const error = assertThrows(
      () => void endpoint.post(head(), message, URL_OF_MCP),
      ProtocolError,
    );
    assertEquals([error.message, error.id, told.length], [refuses, id, count]);
  }
});

Deno.test("an error that is none of the protocol passes as it is", () => {
  const broken: DialectHandlers = {
    post: () => {
      throw new TypeError("broken");
    },
  };
  const admission = { admitRequest: () => {} } as unknown as Admission;
  const endpoint = new Endpoint([broken], admission);
  assertThrows(() => void endpoint.post(head(), PING, URL_OF_MCP), TypeError, "broken");
});

Deno.test("scopes are checked where anything needs them, with what the session sees", async () => {
  for (
    const [isNeeded, sees, checked] of [
      [true, undefined, [["access", 1, undefined]]],
      [true, "b", [["access", 1, "seen by b"]]],
      [true, "c", [["access", 1, "seen by c"]]],
      [false, "b", []],
    ] as const
  ) {
    const { told, endpoint } = make({ answering: ["a"], isNeeded, ...(sees && { sees }) });
    await endpoint.post(head(), PING, URL_OF_MCP);
    assertEquals<unknown>(told, [["request"], ...checked, ["a post"]]);
  }
  const { told, endpoint } = make({ answering: ["a"], isNeeded: true, sees: "c" });
  await endpoint.post(head(), [PING, PING], URL_OF_MCP);
  assertEquals(told, [["access", 2, "seen by c"], ["a postBatch"]]);
});

Deno.test("a batch counts its calls, and is refused where no dialect takes it", async () => {
  for (
    const [values, checked] of [[[PING, NOTE], []], [[CALL, PING], [["calls", 1]]], [[
      CALL,
      CALL,
      5,
    ], [["calls", 2]]]] as const
  ) {
    const { told, endpoint } = make({ answering: ["c"] });
    await endpoint.post(head(), values, URL_OF_MCP);
    assertEquals<unknown>(told, [...checked, ["a postBatch"], ["b postBatch"], ["c postBatch"]]);
  }
  assertThrows(() => void make().endpoint.post(head(), [], URL_OF_MCP), ProtocolError, "batches");
  const old = head({ "mcp-protocol-version": "1999" });
  const refused = make({ answering: ["a"] });
  assertThrows(() => void refused.endpoint.post(old, [], URL_OF_MCP), ProtocolError, "1999");
  assertEquals(refused.told, []);
});

Deno.test("an empty body is for the first dialect that takes it, and else refused", async () => {
  const { told, endpoint } = make({ answering: ["b"] });
  await endpoint.post(head(), undefined, URL_OF_MCP);
  assertEquals(told, [["a postEmpty"], ["b postEmpty"]]);
  assertThrows(
    () => void make().endpoint.post(head(), undefined, URL_OF_MCP),
    ProtocolError,
    "empty",
  );
});

Deno.test("a value that is nested too deep, or is no message, reaches no dialect", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100; level++) deep = { params: deep };
  for (const value of [deep, [deep], 5, {}]) {
    const { told, endpoint } = make({ answering: ["a"] });
    assertThrows(() => void endpoint.post(head(), value, URL_OF_MCP), ProtocolError);
    assertEquals(told, []);
  }
});

for (
  const [accept, isTaken] of [
    [undefined, true],
    ["*/*", true],
    ["text/*", true],
    ["text/event-stream", true],
    ["text/html, text/event-stream", true],
    ["text/html, */*", false],
    ["text/html", false],
    ["application/json", false],
  ] as const
) {
  Deno.test(`a GET that accepts ${accept ?? "whatever comes"} is ${isTaken ? "taken" : "refused"}`, async () => {
    for (const method of ["get", "head"] as const) {
      const { told, endpoint } = make({ answering: ["b"] });
      const read = () => endpoint[method](head(accept === undefined ? {} : { accept }), URL_OF_MCP);
      if (isTaken) await read();
      else assertEquals(assertThrows(() => void read(), ProtocolError).kind, "not_acceptable");
      assertEquals(told, isTaken ? [[`a ${method}`], [`b ${method}`]] : []);
    }
  });
}

Deno.test("a GET that no dialect takes is refused, and told what is allowed", () => {
  for (const method of ["get", "head"] as const) {
    const { endpoint } = make();
    const error = assertThrows(() => void endpoint[method](head(), URL_OF_MCP), ProtocolError);
    assertEquals([error.kind, error.message, error.headers], [
      "method_not_allowed",
      "/mcp has no stream for this GET",
      { allow: "POST, DELETE" },
    ]);
  }
});

Deno.test("a DELETE is for the first dialect that takes it, also in an unknown revision, and else refused", async () => {
  const old = head({ "mcp-protocol-version": "1999" });
  const { told, endpoint } = make({ answering: ["b"] });
  await endpoint.delete(old, URL_OF_MCP);
  assertEquals(told, [["a delete"], ["b delete"]]);
  assertThrows(() => void make().endpoint.delete(old, URL_OF_MCP), ProtocolError, "1999");
  assertThrows(
    () => void make().endpoint.delete(head(), URL_OF_MCP),
    ProtocolError,
    "DELETE needs",
  );
});

/**
 * The most that passes each limit of one request, which is the longest that one can take.
 *
 * @module
 */
import { rpc, toolCall } from "../../helpers/app.ts";
import { type Attack, type Force, json, type Sent } from "../attack.ts";
import { BIG, bigText, initialize, inSession, openSession, post } from "../requests.ts";
import { META, MODERN, unsortedMembers } from "./costly.ts";

/** A little below `MCP_MAX_BODY_VALUES`. */
const VALUES = 49_000;
/** Most messages of a batch. */
const BATCH = 100;
/**
 * A little below the deepest nesting that is accepted, because the message around it counts too.
 */
const LEVELS = 55;
/** Largest length of a header, with room for the others. */
const HEAD = 60_000;
/** The largest body that is not accounted and parsed in turn. */
const SMALL = 15_000;

/** A request, and the name of the limit that it nearly reaches. */
export interface NearLimit {
  readonly name: string;
  /** Without a session unless it is a batch, which only sessions of 2025-03-26 have. */
  readonly request: Sent;
  readonly isBatch?: true;
}

const one = (name: string, request: Sent): NearLimit => ({ name, request });
const batch = (name: string, messages: readonly unknown[]): NearLimit => ({
  name,
  request: post(json(messages)),
  isBatch: true,
});
const each = (make: (n: number) => unknown) => Array.from({ length: BATCH }, (_, n) => make(n));
const modern = (more: Record<string, unknown>) =>
  post(
    json(rpc("tools/call", { name: "count_members", arguments: {}, ...more, _meta: META })),
    { headers: MODERN },
  );
const ping = JSON.stringify(rpc("ping", {}));
const withHeader = (name: string, value: string): NearLimit =>
  one(`${name} of 60 KB`, post(ping, { headers: { [name]: value } }));

/** Chains of arrays, each as deep as may be. */
function chains(): unknown {
  const chain = (depth: number): unknown => depth === 0 ? [] : [chain(depth - 1)];
  return Array.from({ length: Math.floor(VALUES / (LEVELS + 1)) }, () => chain(LEVELS));
}

/** JSON texts for each kind of body that costs much to parse, to check or to answer. */
const BODIES: readonly NearLimit[] = [
  one(
    "49,000 arguments and a state that nobody signed",
    modern({ arguments: unsortedMembers(VALUES), requestState: "forged" }),
  ),
  one(
    "49,000 arguments and answers to no question",
    modern({ arguments: unsortedMembers(VALUES), inputResponses: {} }),
  ),
  one("49,000 answers to no question", modern({ inputResponses: unsortedMembers(VALUES) })),
  one("49,000 wrong items", post(json(toolCall("sum", { values: Array(VALUES).fill("") })))),
  one("49,000 right items", post(json(toolCall("sum", { values: Array(VALUES).fill(1) })))),
  one("49,000 arguments", post(json(toolCall("count_members", unsortedMembers(VALUES))))),
  one("49,000 empty arrays", post(json(rpc("ping", { a: Array(VALUES).fill([]) })))),
  one("chains of arrays", post(json(toolCall("count_members", { a: chains() })))),
  one("one text of 4 MB, given back", post(json(toolCall("echo", { message: bigText() })))),
  one(
    "one text of 4 MB of escapes, given back",
    post(json(toolCall("echo", { message: "\u0001".repeat((BIG - 400) / 6) }))),
  ),
  one(
    "one text of 4 MB of wide characters, given back",
    post(json(toolCall("echo", { message: "\u{1f600}".repeat((BIG - 400) / 4) }))),
  ),
  one("a method's name of 4 MB", post(json(rpc(bigText(), {})))),
  one("a tool's name of 4 MB", post(json(toolCall(bigText(), {})))),
  one("a resource's URI of 4 MB", post(json(rpc("resources/read", { uri: bigText("test://") })))),
  one(
    "a resource's URI of 4 MB of percent signs",
    post(json(rpc("resources/read", { uri: `test://${"%".repeat(BIG - 400)}` }))),
  ),
  one(
    "a template's name of 4 MB of wide characters",
    post(json(rpc("completion/complete", {
      ref: { type: "ref/resource", uri: `test://${"\u{1f600}".repeat((BIG - 400) / 4)}` },
      argument: { name: "a", value: "" },
    }))),
  ),
  one("a client's name of 4 MB", post(initialize("2025-11-25", bigText()))),
  one("no JSON, of 4 MB", post(json("[".repeat(BIG / 2)).slice(0, -1))),
  one("16 KB of empty arrays", post(json(rpc("ping", { a: Array(SMALL / 3).fill([]) })))),
  one(
    "16 KB of wrong items",
    post(json(toolCall("sum", { values: Array(SMALL / 3).fill("") }))),
  ),
];

/** The rest of a URI behind `test://`; the template that it nearly matches comes first. */
const URIS: readonly (readonly [name: string, rest: string])[] = [
  ["the longest URI", "0/x"],
  ["a URI of 4,000 segments", "0/a/"],
  ["a URI of 4,000 separators", "1/a/b/-"],
  ["a URI of 2,700 octets", "2/b/%2e"],
  ["a URI of 4,000 commas", "2/b/,a"],
  ["a URI of 4,000 hyphens", "3/c/-a"],
  ["a URI of a long query", "3/c/a-b?three=&"],
];
/** A little below the longest URI. */
const URI_LENGTH = 8_100;

/** A URI whose last two characters or so are repeated to the limit. */
function uriOf(rest: string, n = 0): string {
  const start = `test://${rest}`;
  const end = rest.slice(-2);
  return start + end.repeat((URI_LENGTH - start.length) / end.length) + n;
}

function textMembers(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`member ${n}`, `text ${n}`]));
}

const BATCHES: readonly NearLimit[] = [
  batch("100 pings", each((n) => rpc("ping", {}, n))),
  batch("100 lists of tools", each((n) => rpc("tools/list", {}, n))),
  batch("100 unknown methods", each((n) => rpc("no/such", {}, n))),
  batch(
    "100 texts of 40 KB, given back",
    each((n) => toolCall("echo", { message: "x".repeat(40_000) }, n)),
  ),
  batch(
    "100 calls with 480 wrong items each",
    each((n) => toolCall("sum", { values: Array(480).fill("") }, n)),
  ),
  ...URIS.flatMap(([name, rest]) => [
    batch(`100 reads of ${name}`, each((n) => rpc("resources/read", { uri: uriOf(rest) }, n))),
    batch(
      `100 subscriptions to ${name}`,
      each((n) => rpc("resources/subscribe", { uri: uriOf(rest, n) }, n)),
    ),
  ]),
  batch(
    "100 completions of an argument of 40 KB, with 480 others",
    each((n) =>
      rpc("completion/complete", {
        ref: { type: "ref/prompt", name: "write_letter" },
        argument: { name: "to", value: "x".repeat(30_000) },
        context: { arguments: textMembers(480) },
      }, n)
    ),
  ),
  batch(
    "100 completions of a template of 8 KB",
    each((n) =>
      rpc("completion/complete", {
        ref: { type: "ref/resource", uri: `test://${"{a}".repeat(2_700)}` },
        argument: { name: "a", value: "x" },
      }, n)
    ),
  ),
  batch(
    "100 calls of unknown tools with names of 40 KB",
    each((n) => toolCall("x".repeat(40_000), {}, n)),
  ),
  batch(
    "100 prompts with 480 arguments, of which all but one are unknown",
    each((n) => rpc("prompts/get", { name: "write_letter", arguments: textMembers(480) }, n)),
  ),
  batch(
    "100 prompts with an argument of 40 KB, given back",
    each((n) =>
      rpc("prompts/get", { name: "write_letter", arguments: { to: "x".repeat(40_000) } }, n)
    ),
  ),
  batch(
    "100 cancellations with ids and reasons of 20 KB",
    each((n) => ({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: "x".repeat(20_000) + n, reason: "y".repeat(20_000) },
    })),
  ),
];

const HEADS: readonly NearLimit[] = [
  withHeader("Accept", `${"a/b;q=0.1,".repeat(HEAD / 10)}application/json`),
  withHeader("Mcp-Session-Id", "x".repeat(HEAD)),
  withHeader("MCP-Protocol-Version", "2".repeat(HEAD)),
  withHeader("Origin", `http://${"a.".repeat(HEAD / 2)}`),
  withHeader("Authorization", `Bearer ${"x".repeat(HEAD)}`),
  withHeader("Content-Type", `application/json;${"a=b;".repeat(HEAD / 4)}`),
  withHeader("User-Agent", "\u00e9".repeat(HEAD / 2)),
  withHeader("X-Forwarded-For", "1.2.3.4,".repeat(HEAD / 8)),
  withHeader("Cookie", "a=b;".repeat(HEAD / 4)),
  withHeader("Last-Event-ID", "x".repeat(HEAD)),
  withHeader("traceparent", "0-".repeat(HEAD / 2)),
  one("a query of 60 KB", { ...post(ping), path: `/mcp?${"a=b&".repeat(HEAD / 4)}` }),
  one("a path of 60 KB", { path: `/${"%2e/".repeat(HEAD / 4)}` }),
  one(
    "90 headers",
    post(ping, {
      headers: Object.fromEntries(
        Array.from({ length: 90 }, (_, n) => [`Mcp-Param-${n}`, "x".repeat(600)]),
      ),
    }),
  ),
];

/** The costliest requests that are not refused for their size. */
export const REQUESTS: readonly NearLimit[] = [...BODIES, ...BATCHES, ...HEADS];

function attack({ name, request, isBatch }: NearLimit): Attack {
  const strike = async (force: Force): Promise<void> => {
    if (!isBatch) return void await force.send(request);
    const id = force.notes[0] ??= await openSession(force, "2025-03-26") ?? "";
    await force.send({ ...request, headers: inSession(id, "2025-03-26") });
  };
  return { name: `near limits: ${name}`, lanes: 2, strike };
}

/** Those of them that take longest, again and again. */
const REPEATED = [
  "49,000 answers to no question",
  "49,000 arguments",
  "49,000 wrong items",
  "one text of 4 MB of escapes, given back",
  "100 texts of 40 KB, given back",
  "100 lists of tools",
  "100 reads of a URI of a long query",
];

export const NEAR_LIMITS: readonly Attack[] = REQUESTS
  .filter(({ name }) => REPEATED.includes(name)).map(attack);

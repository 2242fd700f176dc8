/** Session ids: who owns one, and which are refused because their sessions have ended. */
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { Signer } from "../../../lib/base/signer.ts";
import { EndedSessions } from "../../../lib/transport/streamable/ended_sessions.ts";
import { leastNeeded, type SessionEntry } from "../../../lib/transport/streamable/session_entry.ts";
import {
  foreignSession,
  type SessionToken,
  SessionTokens,
} from "../../../lib/transport/streamable/session_token.ts";

const TOKEN: SessionToken = {
  version: "2025-11-25",
  capabilities: {},
  clientName: "a client",
  clientVersion: "1",
  key: "key",
  owner: undefined,
  page: undefined,
  at: 1_000,
} as unknown as SessionToken;
const ENDED = "Session not found: the session has ended; send initialize without Mcp-Session-Id " +
  "to open a new one";
const UNKNOWN = "Session not found: it was not issued by this server, or its key changed; send " +
  "initialize without Mcp-Session-Id to open a new one";

function identified(principal: string | undefined) {
  const identity = principal === undefined ? undefined : { principal };
  return { identity } as Parameters<EndedSessions["refuse"]>[1];
}

function isRefused(ended: EndedSessions, token: SessionToken, principal?: string): boolean {
  try {
    ended.refuse(token, identified(principal));
    return false;
  } catch (error) {
    const { kind, message } = error as ProtocolError;
    assertEquals([kind, message], ["session_not_found", ENDED]);
    return true;
  }
}

Deno.test("a session that has ended is refused, and no other", () => {
  const ended = new EndedSessions();
  assertEquals(isRefused(ended, TOKEN), false);
  ended.add("key");
  assertEquals(isRefused(ended, TOKEN), true);
  assertEquals(isRefused(ended, { ...TOKEN, key: "another" }), false);
});

Deno.test("the end of all sessions of a caller refuses those that it opened until then", () => {
  const ended = new EndedSessions();
  ended.addAllOf("me", 1_000);
  const isRefusedAt = (at: number, principal?: string) =>
    isRefused(ended, { ...TOKEN, at }, principal);
  assertEquals([999, 1_000, 1_001].map((at) => isRefusedAt(at, "me")), [true, true, false]);
  assertEquals([isRefusedAt(999, "you"), isRefusedAt(999)], [false, false]);
});

Deno.test("no sessions end together for an anonymous caller, nor without a time", () => {
  const ended = new EndedSessions();
  ended.addAllOf(undefined, 5_000);
  ended.addAllOf("me", undefined);
  assertEquals([isRefused(ended, TOKEN), isRefused(ended, TOKEN, "me")], [false, false]);
});

Deno.test("the end of a caller's sessions that ended at time 0 refuses no later one", () => {
  const ended = new EndedSessions();
  ended.addAllOf("me", 0);
  assertEquals(isRefused(ended, { ...TOKEN, at: 0 }, "me"), true);
  assertEquals(isRefused(ended, { ...TOKEN, at: 1 }, "me"), false);
});

Deno.test("the owner in an id is a digest that only its principal has, under any of the keys", () => {
  const old = new SessionTokens(new Signer("old"));
  const tokens = new SessionTokens(new Signer("new", "old"));
  const owner = tokens.ownerOf("me");
  assertNotEquals(owner, "me");
  assertEquals(tokens.ownerOf(undefined), undefined);
  for (
    const [written, principal, isOwner] of [
      [owner, "me", true],
      [owner, "you", false],
      [owner, undefined, false],
      [undefined, "me", false],
      [undefined, undefined, true],
      [old.ownerOf("me"), "me", true],
      [old.ownerOf("me"), "you", false],
    ] as const
  ) assertEquals(tokens.isOwner(written, principal), isOwner, `${written} ${principal}`);
});

Deno.test("a session id is read as it was written, and refused where another key wrote it", () => {
  const tokens = new SessionTokens(new Signer("key"));
  const id = tokens.write(TOKEN);
  assertEquals(tokens.read(id), JSON.parse(JSON.stringify(TOKEN)));
  for (
    const read of [() => new SessionTokens(new Signer("other")).read(id), () => tokens.read("")]
  ) {
    const error = assertThrows(read, ProtocolError, UNKNOWN);
    assertEquals([error.kind, error.message], ["session_not_found", UNKNOWN]);
  }
  assertEquals(foreignSession().message, UNKNOWN);
});

/** Entries of sessions that are busy or not, the least recently used first. */
function* entries(isBusy: (index: number) => boolean): Generator<SessionEntry> {
  for (let index = 0; index < 1_000; index++) {
    yield { clientKey: String(index), session: { isBusy: isBusy(index) } } as SessionEntry;
  }
}

for (
  const [what, isBusy, dropped] of [
    ["no session is busy", () => false, "0"],
    ["the first two are busy", (index: number) => index < 2, "2"],
    ["only the hundredth is not busy", (index: number) => index !== 99, "99"],
    ["the first hundred are busy", (index: number) => index < 100, "0"],
    ["all are busy", () => true, "0"],
  ] as const
) {
  Deno.test(`the session unused for longest goes first, of a hundred one that is not busy: ${what}`, () => {
    assertEquals(leastNeeded(entries(isBusy))?.clientKey, dropped);
  });
}

Deno.test("where there are no sessions, none goes", () => {
  assertEquals(leastNeeded([]), undefined);
});

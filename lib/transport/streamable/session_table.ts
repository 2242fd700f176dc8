/**
 * The sessions of the 2025 revisions. A session id is sealed and contains the negotiated values, so
 * a restarted server, or another one with the same key, restores the session. Values in memory (log
 * level, subscriptions, events) are lost then. An id is refused if it is forged, too old, or
 * belongs to an ended session.
 *
 * @module
 */
import type { Settings } from "../../base/settings.ts";
import type { ProtocolError } from "../../base/errors.ts";
import type { Identity } from "../../base/identity.ts";
import { logFor } from "../../base/log.ts";
import { type Emit, emitNothing } from "../../base/observer.ts";
import type { Signer } from "../../base/signer.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { ChangeBus } from "../../mcp/changes/change_bus.ts";
import { ClientState } from "../../mcp/session/client_state.ts";
import type { EventStore } from "../../store/event_store.ts";
import type { Admission } from "../../stream/admit/admission.ts";
import type { Lease } from "../../stream/admit/slots.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import { type SessionSettings, StreamableSession } from "./session.ts";
import { sessionNotFound, type SessionToken, SessionTokens, UNKNOWN_ID } from "./session_token.ts";
import { callerOf } from "../caller.ts";
import { isFromPage, isOwner, type Owner, type RequestOrigin } from "../peer.ts";

/** Dependencies of the table. */
export interface SessionTableOptions {
  readonly admission: Admission;
  readonly signer: Signer;
  readonly store: EventStore;
  readonly changes: ChangeBus;
  readonly wheel: TimerWheel;
  readonly settings:
    & SessionSettings
    & Pick<
      Settings,
      | "MCP_MAX_SESSIONS"
      | "MCP_MAX_SESSIONS_PER_CLIENT"
      | "MCP_REQUEST_TIMEOUT_MS"
      | "MCP_SESSION_MAX_MS"
    >;
  /** Told of every session that opens and ends. */
  readonly emit?: Emit;
}

/**
 * Why a session left memory. An evicted session, and one that ended with the process, is restored by
 * its client's next request.
 */
export const SESSION_ENDS = ["deleted", "idle", "evicted", "drain"] as const;
/** Why a session left memory. */
export type SessionEnd = (typeof SESSION_ENDS)[number];

/** A session to be. */
export interface SessionOpening {
  /** Random; servers know the session by it. */
  readonly key: string;
  /** State of the client that has sent `initialize`. */
  readonly state: ClientState;
  /** Its place among all sessions in memory. */
  readonly lease: Lease;
}

/** A session in memory with its verified token. */
interface SessionEntry extends Owner {
  readonly session: StreamableSession;
  readonly lease: Lease;
  readonly listening: Disposable;
  readonly token: SessionToken;
  /** The key for limits: that of the client that opened or restored it. */
  readonly clientKey: string;
}

/** The id of a session, its token, and its owner. */
interface IssuedId {
  readonly id: string;
  readonly token: SessionToken;
  readonly identity: Identity | undefined;
  readonly clientKey: string;
}

/** Ended sessions that are remembered, so that their ids are unknown at once. */
const MAX_ENDED = 100_000;
const log = logFor("session");

/** The sessions of an app, in memory and from their ids. */
export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #emit: Emit;
  /** By id; the least recently used session comes first. */
  readonly #sessions = new Map<string, SessionEntry>();
  /** The one at the end of the map. */
  #latest: SessionEntry | undefined;
  readonly #ended = new Set<string>();
  readonly #tokens: SessionTokens;

  constructor(options: SessionTableOptions) {
    this.#options = options;
    this.#emit = options.emit ?? emitNothing;
    this.#tokens = new SessionTokens(options.signer);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Opens a session. */
  create(opening: SessionOpening, { identity, page, client }: RequestOrigin): StreamableSession {
    const token: SessionToken = {
      ...opening.state.negotiated,
      key: opening.key,
      owner: this.#tokens.ownerOf(identity?.principal),
      page,
      at: Date.now(),
    };
    this.#emit("sessionOpened", "created");
    const id = this.#tokens.write(token);
    return this.#open({ id, token, identity, clientKey: client.key }, opening);
  }

  /**
   * The session of an id; restores it if it is not in memory.
   *
   * @throws {ProtocolError} `session_not_found` for an id that is forged, too old, ended, or
   *   another caller's; or the refusal if the session cannot be restored now
   */
  find(id: string, origin: RequestOrigin): StreamableSession {
    const known = this.#sessions.get(id);
    if (known === undefined) return this.#restore(id, this.#verify(id, origin), origin);
    requireOwner(known, origin);
    this.#moveToEnd(id, known);
    known.session.touch();
    return known.session;
  }

  /**
   * Whether a client may use an id, without any effect on the session.
   *
   * @throws {ProtocolError} as {@linkcode find} does
   */
  check(id: string, origin: RequestOrigin): void {
    const known = this.#sessions.get(id);
    if (known === undefined) this.#verify(id, origin);
    else requireOwner(known, origin);
  }

  /**
   * Ends a session because its client asks for it. A session that is not in memory is not restored:
   * its id is refused from now on.
   *
   * @throws {ProtocolError} as {@linkcode find} does
   */
  end(id: string, origin: RequestOrigin): void {
    const known = this.#sessions.get(id);
    if (known === undefined) return this.#markEnded(this.#verify(id, origin).key);
    requireOwner(known, origin);
    this.#end(known.session, "deleted", "disconnected");
  }

  /**
   * Ends all sessions in memory of a principal.
   *
   * @returns how many there were
   */
  endOf(principal: string): number {
    const entries = [...this.#sessions.values()].filter((entry) => entry.principal === principal);
    for (const { session } of entries) this.#end(session, "deleted", "disconnected");
    return entries.length;
  }

  /** Ends all sessions when the process stops. */
  stop(): void {
    for (const { session } of [...this.#sessions.values()]) this.#end(session, "drain", "drain");
  }

  /** A session that is used again and again is at the end already; writing the map would cost. */
  #moveToEnd(id: string, kept: SessionEntry): void {
    if (kept === this.#latest) return;
    this.#latest = kept;
    this.#sessions.delete(id);
    this.#sessions.set(id, kept);
  }

  /** The verified token of a session that is not in memory. */
  #verify(id: string, origin: RequestOrigin): SessionToken {
    const token = this.#tokens.read(id);
    const isCaller = this.#tokens.isOwner(token.owner, origin.identity?.principal);
    if (!isCaller || !isFromPage(token.page, origin.page)) throw foreignSession();
    if (this.#ended.has(token.key)) throw sessionNotFound("the session has ended");
    if (Date.now() - token.at > this.#options.settings.MCP_SESSION_MAX_MS) {
      throw sessionNotFound("it is too old (MCP_SESSION_MAX_MS)");
    }
    return token;
  }

  #restore(id: string, token: SessionToken, origin: RequestOrigin): StreamableSession {
    // Restoring costs as much as opening.
    const lease = this.#options.admission.enter(origin, "session");
    this.#emit("sessionOpened", "restored");
    log.info("Session restored", { client: token.clientName, protocol_version: token.version });
    const state = new ClientState(this.#options, callerOf(origin.client));
    state.setNegotiated(token);
    return this.#open(
      { id, token, identity: origin.identity, clientKey: origin.client.key },
      { key: token.key, state, lease },
    );
  }

  #open({ id, token, identity, clientKey }: IssuedId, opening: SessionOpening): StreamableSession {
    const { changes, signer, store, wheel, settings } = this.#options;
    this.#makeRoomFor(clientKey);
    this.#makeRoom();
    const session = new StreamableSession({
      id,
      key: opening.key,
      state: opening.state,
      signer,
      store,
      wheel,
      settings,
      onIdle: (idle) => this.#end(idle, "idle", "completed"),
    });
    const owner: Owner = { principal: identity?.principal, page: token.page };
    const listening = changes.add(session);
    this.#moveToEnd(id, { ...owner, session, token, lease: opening.lease, listening, clientKey });
    return session;
  }

  /** One client's sessions take no place of another's: its own go first. */
  #makeRoomFor(clientKey: string): void {
    const { admission, settings } = this.#options;
    // The new one has its lease already.
    if (admission.sessionsOf(clientKey) <= settings.MCP_MAX_SESSIONS_PER_CLIENT) return;
    this.#evict(this.#sessions.values().filter((kept) => kept.clientKey === clientKey));
  }

  #makeRoom(): void {
    const { admission, settings } = this.#options;
    // Other endpoints have sessions, too, and the new one has its lease already.
    if (admission.sessionsOf() <= settings.MCP_MAX_SESSIONS) return;
    this.#evict(this.#sessions.values());
  }

  /**
   * The session unused for longest goes, one that is not busy if there is one.
   *
   * @param candidates the least recently used first
   */
  #evict(candidates: Iterable<SessionEntry>): void {
    const looked = Iterator.from(candidates).take(EVICTION_LOOK).toArray();
    const oldest = looked.find((kept) => !kept.session.isBusy) ?? looked[0];
    if (oldest !== undefined) this.#end(oldest.session, "evicted", "limit");
  }

  #end(session: StreamableSession, end: SessionEnd, reason: CloseReason): void {
    const entry = this.#sessions.get(session.id);
    if (entry === undefined) return;
    this.#sessions.delete(session.id);
    entry.lease[Symbol.dispose]();
    this.#latest = undefined;
    if (end === "deleted" || end === "idle") this.#markEnded(session.key);
    entry.listening[Symbol.dispose]();
    session.end(reason);
    const { ageMs, state: { version: protocolVersion } } = session;
    this.#emit("sessionEnded", { end, ageMs, protocolVersion });
    // An eviction is a limit at work.
    log[end === "evicted" ? "info" : "debug"]("Session ended", { end });
  }

  #markEnded(key: string): void {
    if (this.#ended.size >= MAX_ENDED) this.#ended.delete(this.#ended.values().next().value ?? "");
    this.#ended.add(key);
  }
}

/** Number of the oldest sessions that are checked for one that is not busy. */
const EVICTION_LOOK = 100;

function requireOwner(owner: Owner, origin: RequestOrigin): void {
  if (!isOwner(owner, origin)) throw foreignSession();
}

/** The same as for an id that was never issued: who guesses ids learns nothing. */
function foreignSession(): ProtocolError {
  return sessionNotFound(UNKNOWN_ID);
}

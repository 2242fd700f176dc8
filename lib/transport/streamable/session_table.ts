/**
 * The sessions of the 2025 revisions. A session id is sealed and contains the negotiated values, so
 * a restarted server, or another one with the same key, restores the session. Values in memory (log
 * level, subscriptions, events) are lost then. An id is refused if it is forged, too old, or
 * belongs to an ended session.
 *
 * @module
 */
import { logFor } from "../../base/log.ts";
import type { MaybePromise } from "../../base/promises.ts";
import { type Emit, emitNothing } from "../../base/observer.ts";
import { ClientState } from "../../mcp/session/client_state.ts";
import type { Visibility } from "../../registry/visibility.ts";
import type { SessionRecords } from "../../fleet/session_records.ts";
import { OwnedEventStore } from "../../store/owned_event_store.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import { StreamableSession } from "./session.ts";
import {
  type IssuedId,
  leastNeeded,
  type SessionEntry,
  type SessionOpening,
  type SessionTableOptions,
} from "./session_entry.ts";
import { EndedSessions } from "./ended_sessions.ts";
import {
  foreignSession,
  sessionNotFound,
  type SessionToken,
  SessionTokens,
} from "./session_token.ts";
import { callerOf } from "../caller.ts";
import { isFromPage, isOwner, type Owner, type RequestOrigin } from "../peer.ts";

/**
 * Why a session left memory. An evicted session, and one that ended with the process, is restored by
 * its client's next request.
 */
export const SESSION_ENDS = ["deleted", "idle", "evicted", "drain"] as const;
/** Why a session left memory. */
export type SessionEnd = (typeof SESSION_ENDS)[number];

const log = logFor("session");

/** The sessions of an app, in memory and from their ids. */
export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #emit: Emit;
  /** By id; the least recently used session comes first. */
  readonly #sessions = new Map<string, SessionEntry>();
  /** By key, where instances share the sessions. */
  readonly #byKey = new Map<string, SessionEntry>();
  /** The one at the end of the map. */
  #latest: SessionEntry | undefined;
  readonly #ended = new EndedSessions();
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
  find(id: string, origin: RequestOrigin): MaybePromise<StreamableSession> {
    const { fleet } = this.#options;
    const known = this.#sessions.get(id);
    if (known === undefined) {
      const token = this.#verify(id, origin);
      return fleet === undefined
        ? this.#restore(id, token, origin)
        : this.#restoreFrom(fleet.sessions, { id, token, origin });
    }
    requireOwner(known, origin);
    this.#moveToEnd(id, known);
    known.session.noteRequest(origin.identity?.scopes);
    fleet?.sessions.noteUse(known.session.key);
    return known.session.shared?.refresh()?.then(() => known.session) ?? known.session;
  }

  /** The features that a session in memory sees, if it belongs to the caller. */
  visibilityOf(id: string, origin: RequestOrigin): Visibility | undefined {
    const known = this.#sessions.get(id);
    if (known === undefined || !isOwner(known, origin)) return undefined;
    return known.session.state.visibilityOrDefault;
  }

  /** The session in memory that has a key. */
  peek(key: string): StreamableSession | undefined {
    return this.#byKey.get(key)?.session;
  }

  /** The keys of the sessions in memory, where instances share them. */
  keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  /** A session has ended at another instance. */
  endByKey(key: string): void {
    const session = this.peek(key);
    if (session === undefined) this.#ended.add(key);
    else this.#end(session, "deleted", "disconnected");
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
  end(id: string, origin: RequestOrigin): MaybePromise<void> {
    const known = this.#sessions.get(id);
    if (known !== undefined) requireOwner(known, origin);
    const { key } = known?.token ?? this.#verify(id, origin);
    if (known === undefined) this.#ended.add(key);
    else this.#end(known.session, "deleted", "disconnected");
    return this.#options.fleet?.sessions.end(key);
  }

  /**
   * Ends all sessions of a principal. Those that are not in memory end, too: their ids are unknown
   * from now on.
   *
   * @returns how many were in memory
   */
  endOf(principal: string): number {
    const { fleet } = this.#options;
    const now = Date.now();
    this.#ended.addAllOf(principal, now);
    fleet?.sessions.endAllOf(principal, now);
    const entries = [...this.#sessions.values()].filter((entry) => entry.principal === principal);
    for (const { session } of entries) {
      this.#end(session, "deleted", "disconnected");
      fleet?.sessions.endLater(session.key);
    }
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
    this.#ended.refuse(token, origin);
    if (Date.now() - token.at > this.#options.settings.MCP_SESSION_MAX_MS) {
      throw sessionNotFound("it is too old (MCP_SESSION_MAX_MS)");
    }
    return token;
  }

  async #restoreFrom(
    records: SessionRecords,
    { id, token, origin }: Pick<IssuedId, "id" | "token"> & { readonly origin: RequestOrigin },
  ): Promise<StreamableSession> {
    const { principal } = origin.identity ?? {};
    const [record, allEndedAt] = await Promise.all([
      records.read(token.key),
      records.allEndedAt(principal),
    ]);
    if (record.isEnded) this.#ended.add(token.key);
    this.#ended.addAllOf(principal, allEndedAt);
    // It may have ended, and another request may have restored it, while the store was read.
    this.#ended.refuse(token, origin);
    if (records.isIdle(record)) throw sessionNotFound("the session was idle");
    const known = this.#sessions.get(id)?.session;
    if (known !== undefined) return known;
    const session = this.#restore(id, token, origin);
    session.shared?.takeWhole(record);
    records.noteUse(token.key);
    return session;
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
    const { changes, signer, store, fleet, wheel, settings } = this.#options;
    this.#makeRoomFor(clientKey);
    this.#makeRoom();
    const session = new StreamableSession({
      id,
      key: opening.key,
      state: opening.state,
      signer,
      store: new OwnedEventStore(store, clientKey),
      fleet,
      wheel,
      settings,
      onIdle: (idle) => this.#end(idle, "idle", "completed"),
    });
    const owner: Owner = { principal: identity?.principal, page: token.page };
    const listening = changes.add(session);
    const entry = { ...owner, session, token, lease: opening.lease, listening, clientKey };
    this.#moveToEnd(id, entry);
    if (fleet !== undefined) this.#byKey.set(opening.key, entry);
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

  /** @param candidates the least recently used first */
  #evict(candidates: Iterable<SessionEntry>): void {
    const oldest = leastNeeded(candidates);
    if (oldest !== undefined) this.#end(oldest.session, "evicted", "limit");
  }

  #end(session: StreamableSession, end: SessionEnd, reason: CloseReason): void {
    const entry = this.#sessions.get(session.id);
    if (entry === undefined) return;
    this.#sessions.delete(session.id);
    entry.lease[Symbol.dispose]();
    this.#latest = undefined;
    const { fleet } = this.#options;
    this.#byKey.delete(session.key);
    // With others, it is idle once it is idle everywhere.
    if (end === "idle" && fleet !== undefined) void fleet.sessions.endIfIdle(session.key);
    else if (end === "deleted" || end === "idle") this.#ended.add(session.key);
    entry.listening[Symbol.dispose]();
    session.end(reason);
    const { ageMs, state: { version: protocolVersion } } = session;
    this.#emit("sessionEnded", { end, ageMs, protocolVersion });
    // An eviction is a limit at work.
    log[end === "evicted" ? "info" : "debug"]("Session ended", { end });
  }
}

function requireOwner(owner: Owner, origin: RequestOrigin): void {
  if (!isOwner(owner, origin)) throw foreignSession();
}

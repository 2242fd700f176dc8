/**
 * The sessions of the 2025 revisions. A session's id is signed and holds all that was agreed on,
 * so a server that has restarted, or another one with the same key, takes the session up as if
 * nothing had happened; only what was in memory (log level, subscriptions, events to replay) is
 * gone. Unknown are only ids that are forged, too old, or of a session that has ended.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import { logFor } from "../../base/log.ts";
import { type Emit, emitNothing } from "../../base/observer.ts";
import type { Signer } from "../../base/signer.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { ChangeBus } from "../../mcp/changes/change_bus.ts";
import type { Negotiated } from "../../mcp/session/client_state.ts";
import type { EventStore } from "../../store/event_store.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import { StreamableSession } from "./session.ts";
import { callerOf, type Peer } from "../peer.ts";

/** What the table works with; the limits are the settings of the same names. */
export interface SessionTableOptions {
  readonly seal: Signer;
  readonly store: EventStore;
  readonly changes: ChangeBus;
  readonly wheel: TimerWheel;
  readonly requestTimeoutMs: number;
  readonly idleMs: number;
  readonly maxAgeMs: number;
  readonly maxSessions: number;
  /** Told of every session that opens and ends. */
  readonly emit?: Emit;
}

/** Counts of sessions: created + restored = open + Σ ended. */
export interface SessionFigures {
  readonly open: number;
  readonly created: number;
  /** Taken up from their id alone, after a restart or an eviction. */
  readonly restored: number;
  readonly ended: Readonly<Record<SessionEnd, number>>;
}

/**
 * Why a session left memory; one that was evicted, or went with the process, comes back with its
 * client's next request.
 */
export const SESSION_ENDS = ["deleted", "idle", "evicted", "drain"] as const;
export type SessionEnd = (typeof SESSION_ENDS)[number];

/** What a session id says. */
interface SessionToken extends Negotiated {
  readonly key: string;
  /** The principal it belongs to. */
  readonly owner: string | undefined;
  /** When it was issued, ms since the epoch. */
  readonly at: number;
}

/** A session in memory, and what its id says: it was opened once, as nobody else has that id. */
interface SessionEntry {
  readonly session: StreamableSession;
  readonly token: SessionToken;
}

const PURPOSE = "session";
/** Ended sessions that are remembered, so that their ids are unknown at once. */
const MAX_ENDED = 100_000;
const log = logFor("session");

export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #emit: Emit;
  /** By id; the least recently used session comes first. */
  readonly #sessions = new Map<string, SessionEntry>();
  /** The one at the end of the map. */
  #latest: SessionEntry | undefined;
  readonly #ended = new Set<string>();
  #created = 0;
  #restored = 0;
  readonly #ends: Record<SessionEnd, number> = { deleted: 0, idle: 0, evicted: 0, drain: 0 };

  constructor(options: SessionTableOptions) {
    this.#options = options;
    this.#emit = options.emit ?? emitNothing;
  }

  get size(): number {
    return this.#sessions.size;
  }

  figures(): SessionFigures {
    return {
      open: this.#sessions.size,
      created: this.#created,
      restored: this.#restored,
      ended: { ...this.#ends },
    };
  }

  /** Opens a session on what `initialize` agreed on. */
  create(agreement: Negotiated, peer: Peer): StreamableSession {
    const key = randomId("");
    const token: SessionToken = { ...agreement, key, owner: peer.principal, at: Date.now() };
    this.#created++;
    this.#emit("sessionOpened", "created");
    return this.#open(this.#options.seal.signJson(PURPOSE, token), token, peer);
  }

  /**
   * The session of an id.
   *
   * @throws {ProtocolError} `session_not_found` for an id that is forged, too old, or ended;
   * `forbidden` for somebody else's
   */
  find(id: string, peer: Peer): StreamableSession {
    const known = this.#sessions.get(id);
    const token = known?.token ?? this.#read(id);
    if (Date.now() - token.at > this.#options.maxAgeMs) {
      throw notFound("it is too old (MCP_SESSION_MAX_MS)");
    }
    if (token.owner !== peer.principal) {
      throw new ProtocolError("forbidden", "This session belongs to another caller");
    }
    if (known === undefined) return this.#restore(id, token, peer);
    this.#moveToEnd(id, known);
    known.session.touch();
    return known.session;
  }

  /** Ends a session at its client's wish. */
  delete(session: StreamableSession): void {
    this.#end(session, "deleted", "disconnected");
  }

  /** Ends all, as the process does. */
  stop(): void {
    for (const { session } of [...this.#sessions.values()]) this.#end(session, "drain", "drain");
  }

  /** Where one is used again and again it is there already, and a map that is written has upkeep. */
  #moveToEnd(id: string, kept: SessionEntry): void {
    if (kept === this.#latest) return;
    this.#latest = kept;
    this.#sessions.delete(id);
    this.#sessions.set(id, kept);
  }

  /** What an id says that is not in memory. */
  #read(id: string): SessionToken {
    const token = this.#options.seal.verifyJson(PURPOSE, id) as SessionToken | undefined;
    if (token === undefined) throw notFound("it was not issued by this server, or its key changed");
    if (this.#ended.has(token.key)) throw notFound("the session has ended");
    return token;
  }

  #restore(id: string, token: SessionToken, peer: Peer): StreamableSession {
    this.#restored++;
    this.#emit("sessionOpened", "restored");
    log.info("Session restored", { client: token.clientName, protocol_version: token.version });
    return this.#open(id, token, peer);
  }

  #open(id: string, token: SessionToken, peer: Peer): StreamableSession {
    const { changes, seal, store, wheel, requestTimeoutMs, idleMs } = this.#options;
    this.#makeRoom();
    const session = new StreamableSession({
      id,
      key: token.key,
      caller: callerOf(peer),
      seal,
      store,
      wheel,
      requestTimeoutMs,
      idleMs,
      onIdle: (idle) => this.#end(idle, "idle", "completed"),
    });
    session.state.setNegotiated(token);
    this.#moveToEnd(id, { session, token });
    changes.add(session);
    return session;
  }

  /** The session unused for longest goes, one that is not busy if there is one. */
  #makeRoom(): void {
    if (this.#sessions.size < this.#options.maxSessions) return;
    const oldest =
      this.#sessions.values().take(EVICTION_LOOK).find((kept) => !kept.session.isBusy) ??
        this.#sessions.values().next().value;
    if (oldest !== undefined) this.#end(oldest.session, "evicted", "limit");
  }

  #end(session: StreamableSession, end: SessionEnd, reason: CloseReason): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#latest = undefined;
    this.#ends[end]++;
    if (end === "deleted" || end === "idle") this.#markEnded(session.key);
    this.#options.changes.remove(session);
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

/** How many of the oldest sessions are looked at for one that is not busy. */
const EVICTION_LOOK = 100;

function notFound(why: string): ProtocolError {
  return new ProtocolError(
    "session_not_found",
    `Session not found: ${why}; send initialize without Mcp-Session-Id to open a new one`,
  );
}

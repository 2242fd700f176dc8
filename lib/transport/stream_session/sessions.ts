import { ProtocolError } from "../../base/errors.ts";
import { LruMap } from "../../base/lru_map.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import { IdMap } from "../../stream/id_map.ts";
import { isPlanned } from "../../stream/planned_end.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { JsonRpcResponse } from "../../wire/json_rpc.ts";
import { formatJson } from "../../wire/sse.ts";
import { isOwner, type Owner, type RequestOrigin } from "../peer.ts";
import {
  type SessionDialect,
  type SessionParts,
  type SessionStreamDeps,
  type SessionStreamRequest,
  StreamSession,
} from "./session.ts";

/** The open streams of a dialect in which streams are sessions. */
export class StreamSessions {
  readonly streams: StreamRegistry;
  readonly #parts: SessionParts;
  readonly #sessions = new IdMap<StreamSession>();
  readonly #ended = new LruMap<string, EndedStream>(MAX_ENDED);

  constructor(deps: SessionStreamDeps, dialect: SessionDialect) {
    this.streams = deps.streams;
    const encode = (response: JsonRpcResponse) => {
      const answer = deps.answers.sendable(response);
      return formatJson(answer, dialect.responseEvent(answer));
    };
    this.#parts = { ...deps, dialect, encode, remove: (session) => this.#remove(session) };
  }

  /** Writes a response as an event; one that no JSON can hold becomes an error. */
  get encode(): (response: JsonRpcResponse) => string {
    return this.#parts.encode;
  }

  /** @throws {ProtocolError} when a limit is reached or the server drains */
  open(from: SessionStreamRequest): StreamSession {
    const session = new StreamSession(this.#parts, from);
    if (session.stream.state === "open") this.#sessions.add(session);
    return session;
  }

  /**
   * The session of an open stream; undefined for an unknown id, and for another caller's stream, so
   * that nobody can probe for ids.
   */
  find(id: string, origin: RequestOrigin): StreamSession | undefined {
    const found = this.#sessions.get(id);
    return found !== undefined && isOwner(found, origin) ? found : undefined;
  }

  /**
   * Tells a client that its stream has just ended as planned, and that it may try again. The client
   * had no time to reconnect yet, and a 404 would end its session.
   *
   * @throws {ProtocolError} `stream_ended`
   */
  refuseEnded(id: string, origin: RequestOrigin): void {
    const ended = this.#ended.get(id);
    if (ended === undefined || !isOwner(ended, origin)) return;
    if (this.#parts.wheel.now() - ended.at > LATE_MS) return;
    throw new ProtocolError(
      "stream_ended",
      `The stream of this id has ended by plan (${ended.reason}), and nothing was run; send the ` +
        "request again on the stream that is open by then",
      { headers: { "retry-after": "1" }, data: { reason: ended.reason, retry_after: 1 } },
    );
  }

  #remove({ id, principal, page, stream: { reason } }: StreamSession): void {
    this.#sessions.delete(id);
    if (reason === undefined || !isPlanned(reason)) return;
    this.#ended.set(id, { principal, page, reason, at: this.#parts.wheel.now() });
  }
}

/** A stream that the server has ended by plan. */
interface EndedStream extends Owner {
  readonly reason: CloseReason;
  /** On the wheel's clock (ms). */
  readonly at: number;
}

/** For how long a client may still be on its way to a stream that has ended (ms). */
const LATE_MS = 60_000;
/** How many such streams are remembered. */
const MAX_ENDED = 10_000;

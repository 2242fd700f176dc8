import type { EndedByPlan, Forwarded, Reception } from "../../fleet/forwarding.ts";
import { ProtocolError } from "../../base/errors.ts";
import { LruMap } from "../../base/lru_map.ts";
import { isRepeatable, unknownOutcome } from "../../mcp/unknown_outcome.ts";
import { IdMap } from "../../base/slot_list.ts";
import { isPlanned, type PlannedReason } from "../../stream/planned_end.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import { isRequest, type JsonRpcResponse } from "../../wire/json_rpc.ts";
import { formatJson } from "../../wire/sse.ts";
import { isOwner, type Owner, type Sender } from "../peer.ts";
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
    deps.fleet?.forwarding.serve(this.#place, (forwarded) => this.#receive(forwarded));
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
  find(id: string, origin: Sender): StreamSession | undefined {
    const found = this.#sessions.get(id);
    return found !== undefined && isOwner(found, origin) ? found : undefined;
  }

  /**
   * Takes a message for an open stream, or closes the stream, wherever it is.
   *
   * @param message undefined for a stream that is to be closed
   * @param notFound makes the error for an unknown id
   * @returns settles once the instance that has the stream has taken the message; undefined where this one has
   * @throws {ProtocolError} `stream_ended`, what `notFound` makes, or an error that says that the
   *   outcome is unknown
   */
  deliver(forwarded: Forwarded, notFound: () => ProtocolError): Promise<void> | undefined {
    const received = this.#receive(forwarded);
    if (received === "taken") return undefined;
    if (received !== "unknown") throw this.#refusal(received, forwarded);
    const brought = this.#parts.fleet?.forwarding.bring(this.#place, forwarded);
    if (brought === undefined) throw notFound();
    return brought.then((reception) => {
      if (reception === "unknown") throw notFound();
      if (reception !== "taken") throw this.#refusal(reception, forwarded);
    });
  }

  #refusal(reception: "outcome_unknown" | EndedByPlan, { message }: Forwarded): ProtocolError {
    if (reception !== "outcome_unknown") return streamEnded(reception.ended);
    const { catalog } = this.#parts.server.context;
    return unknownOutcome(
      "internal_error",
      "The server that this message belongs to has not answered",
      message === undefined || !isRequest(message) || isRepeatable(message, catalog),
    );
  }

  /** The streams of this dialect at this endpoint, at whichever instance. */
  get #place(): string {
    return `${this.#parts.dialect.name} ${this.#parts.path}`;
  }

  #receive(forwarded: Forwarded): Reception {
    const { id, client, message } = forwarded;
    const sender = senderOf(forwarded);
    const session = this.find(id, sender);
    if (session === undefined) {
      const ended = this.#endedOf(id, sender);
      return ended === undefined ? "unknown" : { ended: ended.reason };
    }
    if (message === undefined) session.stream.close("disconnected");
    else session.take(message, client);
    return "taken";
  }

  /**
   * Tells a client that its stream has just ended as planned, and that it may try again. The client
   * had no time to reconnect yet, and a 404 would end its session.
   *
   * @throws {ProtocolError} `stream_ended`
   */
  refuseEnded(id: string, sender: Sender): void {
    const ended = this.#endedOf(id, sender);
    if (ended !== undefined) throw streamEnded(ended.reason);
  }

  #endedOf(id: string, sender: Sender): EndedStream | undefined {
    const ended = this.#ended.get(id);
    if (ended === undefined || !isOwner(ended, sender)) return undefined;
    return this.#parts.wheel.now() - ended.at > LATE_MS ? undefined : ended;
  }

  #remove({ id, principal, page, stream: { reason } }: StreamSession): void {
    this.#sessions.delete(id);
    if (reason === undefined || !isPlanned(reason)) return;
    this.#ended.set(id, { principal, page, reason, at: this.#parts.wheel.now() });
  }
}

/** A stream that the server has ended by plan. */
interface EndedStream extends Owner {
  readonly reason: PlannedReason;
  /** On the wheel's clock (ms). */
  readonly at: number;
}

/** For how long a client may still be on its way to a stream that has ended (ms). */
const LATE_MS = 60_000;
/** How many such streams are remembered. */
const MAX_ENDED = 10_000;

function senderOf({ client: { identity }, page }: Forwarded): Sender {
  return { identity, page };
}

function streamEnded(reason: PlannedReason): ProtocolError {
  return new ProtocolError(
    "stream_ended",
    `The stream of this id has ended by plan (${reason}), and nothing was run; send the ` +
      "request again on the stream that is open by then",
    { headers: { "retry-after": "1" }, data: { reason, retry_after: 1 } },
  );
}

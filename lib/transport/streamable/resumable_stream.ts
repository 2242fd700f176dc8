/**
 * A stream of a 2025-era session as the client knows it: numbered events, of which an HTTP
 * response carries a stretch. When a response is lost the stream goes on, and the next response
 * carries on where the client says it stopped (2025-11-25, basic/transports, Resumability).
 *
 * @module
 */
import type { Signer } from "../../base/signer.ts";
import type { ClientPings } from "../../mcp/session/client_pings.ts";
import type { EventStore } from "../../store/event_store.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { PongState } from "../../stream/heartbeat.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  toJson,
} from "../../wire/json_rpc.ts";
import { encodeEvent, encodeJsonEvent, encodeRetry } from "../../wire/sse.ts";

const ENCODER = new TextEncoder();
/** A comment: the first byte of a stream, for clients that know no priming event. */
export const OPENING = ENCODER.encode(": open\n\n");

/** How soon a client comes back to a lost stream (ms), unless told otherwise. */
export const RETRY_MS = 1_000;
/** More than an event takes besides its data. */
const EVENT_BYTES = 320;

/** Where an event stands: which stream of its session, which number, whose answer it awaits. */
export interface EventPosition {
  readonly stream: string;
  readonly seq: number;
  /** Id of the request that the stream answers, where it is short enough to travel along. */
  readonly requestId: JsonRpcId | undefined;
}

/** Longest request id that travels in event ids, as JSON. */
const MAX_REQUEST_ID = 48;
const PLACE_REGEXP = /^([a-z0-9]+)\.(\d+)\.([A-Za-z0-9_-]*)$/;

/** The event ids of one session: nobody else's open, and an altered one does not either. */
export class EventIds {
  readonly #seal: Signer;
  readonly #purpose: string;

  constructor(seal: Signer, sessionKey: string) {
    this.#seal = seal;
    this.#purpose = `event ${sessionKey}`;
  }

  write({ stream, seq, requestId }: EventPosition): string {
    return this.#seal.sign(this.#purpose, `${stream}.${seq}.${writeRequestId(requestId)}`);
  }

  read(id: string): EventPosition | undefined {
    const match = PLACE_REGEXP.exec(this.#seal.verify(this.#purpose, id) ?? "");
    if (match === null) return undefined;
    const [, stream = "", seq = "", requestId = ""] = match;
    return { stream, seq: Number(seq), requestId: readRequestId(requestId) };
  }
}

/** Begins the names that stand for streams of which nothing is left to be said. */
const ENDED = "end";

/** A place with nothing behind it, for the id of the last event that concerns a stream. */
export function endOf({ stream }: EventPosition): EventPosition {
  return { stream: `${ENDED}${stream}`, seq: 0, requestId: undefined };
}

/** Whether a place is one of {@linkcode endOf}. */
export function isEnd({ stream }: EventPosition): boolean {
  return stream.startsWith(ENDED);
}

/** What a {@linkcode ResumableStream} is made of. */
export interface ResumableParts {
  /** Its name within the session. */
  readonly name: string;
  /** Its name in the store. */
  readonly storeKey: string;
  readonly requestId: JsonRpcId | undefined;
  readonly ids: EventIds;
  readonly store: EventStore;
  /** Whether a question to the client still awaits its answer. */
  readonly isOpen: (questionId: JsonRpcId) => boolean;
  /** Requests that its session has answered so far. */
  readonly served: () => number;
  /** The pings of its client, where it is asked on this stream. */
  readonly pings?: ClientPings;
  /** Told when a response that carried the stream has ended. */
  readonly onLost?: () => void;
}

export class ResumableStream {
  readonly name: string;
  /** Requests that this stream has yet to answer. */
  pending = 0;
  readonly #parts: ResumableParts;
  #seq = 0;
  /** Number of the last event that some response carried. */
  #carried = 0;
  #connection: EventStream | undefined;
  /** Questions to the client, with the numbers of their events. */
  #questions: { readonly seq: number; readonly question: JsonRpcRequest }[] = [];

  constructor(parts: ResumableParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** Requests that this stream has yet to answer; planned closes wait for them. */
  get unanswered(): number {
    return this.pending;
  }

  /** Requests that its session has answered so far. */
  get answeredCount(): number {
    return this.#parts.served();
  }

  /** A response that carried the stream has ended, but what runs goes on. */
  onCarrierEnded(): void {
    if (this.#connection?.state !== "open") this.#connection = undefined;
    this.#parts.onLost?.();
  }

  /** Number of the last event that some response carried. */
  get carried(): number {
    return this.#carried;
  }

  /** Whether a response carries this stream now. */
  get isAttached(): boolean {
    return this.#connection?.state === "open";
  }

  /**
   * Adds a message, and sends it if a response carries the stream. What is held back for a reader
   * that is behind becomes an event only later, so the numbers of events have no holes.
   */
  write(message: JsonRpcMessage): void {
    const text = toJson(message);
    if (this.#connection?.defer(message, text)) return;
    // Nothing may come after the answer, as it may be the end of the stream.
    if (isResponse(message)) {
      this.#connection?.outbox.flush(() => ENCODER.encode(text).length + EVENT_BYTES);
    }
    this.#append(text, "message");
    if (!isRequest(message)) return;
    this.#questions = [...this.#openQuestions(), { seq: this.#seq, question: message }];
  }

  /** Adds and sends a message that the carrier has deferred. */
  sendDeferred(text: string): void {
    this.#append(text, "message");
  }

  endProgress(token: string | number): void {
    this.#connection?.outbox.endProgress(token);
  }

  /** Asks again what a client that knows the events up to number `seq` has not been asked. */
  askAgain(seq: number): void {
    const open = this.#openQuestions();
    this.#questions = open.filter((asked) => asked.seq <= seq);
    for (const { question } of open.filter((asked) => asked.seq > seq)) this.write(question);
  }

  /** Adds an event without data, from whose id the client can resume (2025-11-25). */
  prime(retryMs: number): void {
    this.#append("", undefined, retryMs);
  }

  /** Has a response carry the stream from its next event on; another one loses it. */
  attach(connection: EventStream): void {
    const older = this.#connection;
    this.#connection = connection;
    if (older !== connection) older?.close("superseded");
    this.#carried = this.#seq;
    this.#parts.pings?.restart();
  }

  /** A ping is of use only now, so it gets no id and is not kept. */
  pingClient(): PongState {
    const { pings } = this.#parts;
    if (pings === undefined) return "unknown";
    const { answer } = pings;
    this.#connection?.sendRaw(encodeJsonEvent(pings.next()));
    return answer;
  }

  /** Events after number `seq`; undefined when one of them is gone. */
  since(seq: number): readonly Uint8Array[] | undefined {
    return this.#parts.store.after(this.#parts.storeKey, seq);
  }

  /** Events that no response has carried yet. */
  undelivered(): readonly Uint8Array[] | undefined {
    return this.#carried === this.#seq ? [] : this.since(this.#carried);
  }

  /** Ends the response that carries the stream; the stream itself stays, for who comes back. */
  release(reason: "completed" | "disconnected", retryMs?: number): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (retryMs !== undefined) connection?.sendRaw(encodeRetry(retryMs));
    connection?.close(reason);
  }

  #openQuestions() {
    return this.#questions.filter(({ question }) => this.#parts.isOpen(question.id));
  }

  #append(data: string, event: string | undefined, retry?: number): void {
    const seq = ++this.#seq;
    const { name, requestId, ids, store, storeKey } = this.#parts;
    const frame = encodeEvent({
      data,
      id: ids.write({ stream: name, seq, requestId }),
      ...(event !== undefined && { event }),
      ...(retry !== undefined && { retry }),
    });
    store.append(storeKey, seq, frame);
    if (this.#connection?.sendRaw(frame)) this.#carried = seq;
  }
}

function writeRequestId(id: JsonRpcId | undefined): string {
  const text = id === undefined ? "" : JSON.stringify(id);
  if (text === "" || text.length > MAX_REQUEST_ID) return "";
  return ENCODER.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

function readRequestId(text: string): JsonRpcId | undefined {
  if (text === "") return undefined;
  return JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" })),
  );
}

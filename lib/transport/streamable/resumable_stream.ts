/**
 * A stream of a 2025-era session as its client sees it: numbered events, carried by one HTTP
 * response after another. When a response is lost, the stream continues, and the next response
 * begins where the client stopped reading (2025-11-25, basic/transports, Resumability).
 *
 * @module
 */
import type { Settings } from "../../base/settings.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import type { ClientPings } from "../../mcp/session/client_pings.ts";
import type { StreamWriter } from "../../fleet/stream_writer.ts";
import type { EventStore, Frames } from "../../store/event_store.ts";
import type { EventParts, Missed, OnReplayed } from "./stream_events.ts";
import type { EventIds } from "./event_ids.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { PongState } from "../../stream/heartbeat.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
  toJson,
} from "../../wire/json_rpc.ts";
import type { Answers } from "../answers.ts";
import { formatEvent, formatJson, retryField } from "../../wire/sse.ts";

const ENCODER = new TextEncoder();
/** How soon a client comes back to a stream that it lost (ms), by default. */
export const RETRY_MS = 1_000;
/** A comment: the first bytes of a response, for clients that know no priming event. */
export const OPENING = ": open\n\n";
/**
 * The first bytes of a response to GET. After a planned end its client came back at once; from now on
 * it waits again when it loses the stream.
 */
export const GET_OPENING = `: open\nretry: ${RETRY_MS}\n\n`;

/** The bytes of a stream in the store; no more wait while earlier events are read from it. */
export type ResumableSettings = Pick<Settings, "MCP_REPLAY_BYTES">;

/** Parts of a {@linkcode ResumableStream}. */
export interface ResumableParts {
  /** Its name within the session. */
  readonly name: string;
  /** Its name in the store. */
  readonly storeKey: string;
  readonly requestId: JsonRpcId | undefined;
  readonly ids: EventIds;
  readonly store: EventStore;
  readonly settings: ResumableSettings;
  /** Appends to the store that instances share, where there is one. */
  readonly writer?: StreamWriter | undefined;
  /** Whether a question to the client still awaits its answer. */
  readonly isOpen: (questionId: JsonRpcId) => boolean;
  /** Requests that its session has answered so far. */
  readonly answered: () => number;
  /** The pings of its client, where it is asked on this stream. */
  readonly pings?: ClientPings;
  /** Told when a response that carried the stream has ended. */
  readonly onLost?: () => void;
}

/** New events, which wait while earlier ones are read from the store. */
interface Backfill {
  readonly waiting: { readonly seq: number; readonly frame: Uint8Array }[];
  bytes: number;
  /** The stream has said all meanwhile: its response ends once it is up to date. */
  isComplete: boolean;
}

/** A stream with stored events, so that a client can resume it. */
export class ResumableStream {
  readonly name: string;
  readonly #parts: ResumableParts;
  #unanswered = 0;
  #seq = 0;
  /** Number of the last event that may be sent, because it is stored as far as it must be. */
  #releasedSeq = 0;
  /** Events from before the first response, where a writer keeps them later than that. */
  #early: Uint8Array[] | undefined;
  /** Number of the last event that some response carried. */
  #deliveredSeq = 0;
  #sseStream: EventStream | undefined;
  #backfill: Backfill | undefined;
  /** Questions to the client, with the numbers of their events. */
  #questions: { readonly seq: number; readonly question: JsonRpcRequest }[] = [];

  constructor(parts: ResumableParts) {
    this.name = parts.name;
    this.#parts = parts;
    if (parts.writer !== undefined && parts.pings === undefined) this.#early = [];
  }

  /** Number of the last event that some response carried. */
  get deliveredSeq(): number {
    return this.#deliveredSeq;
  }

  /** Number of the last event that may have been sent. */
  get releasedSeq(): number {
    return this.#releasedSeq;
  }

  /** Requests that this stream has yet to answer; planned closes wait for them. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Requests that its session has answered so far. */
  get answeredCount(): number {
    return this.#parts.answered();
  }

  /** Called when a response that carried the stream has ended; the stream's calls continue. */
  onCarrierEnded(): void {
    if (this.#sseStream?.state !== "open") this.#sseStream = this.#backfill = undefined;
    this.#parts.onLost?.();
  }

  /** Whether a response carries this stream now. */
  get isAttached(): boolean {
    return this.#sseStream?.state === "open";
  }

  /**
   * Adds a message, and sends it if a response carries the stream. A message that is deferred for a
   * slow reader gets its number when it is sent, so the numbers have no holes.
   *
   * @param isLast whether nothing comes after it
   */
  write(message: JsonRpcMessage, isLast: boolean = false): void {
    const text = toJson(message);
    if (this.#sseStream?.defer(message, text)) return;
    // The answer may end the stream, so deferred messages are sent before it.
    if (isResponse(message)) this.#sseStream?.flushBefore(text);
    this.#append(text, { event: "message", isLast });
    if (!isRequest(message)) return;
    this.#questions = [...this.#openQuestions(), { seq: this.#seq, question: message }];
  }

  /**
   * Writes the responses to requests, each as soon as it is ready.
   *
   * @param onDone called once, when all have been written
   */
  answer(
    responses: readonly MaybePromise<JsonRpcResponse | undefined>[],
    answers: Answers,
    onDone: () => void,
  ): void {
    this.#unanswered += responses.length;
    for (const response of responses) {
      void Promise.resolve(response).then((settled) => {
        const { writer } = this.#parts;
        const isLast = this.#unanswered === 1;
        if (settled !== undefined) this.write(answers.sendable(settled), isLast);
        else if (isLast) writer?.end(++this.#seq);
        if (--this.#unanswered > 0) return;
        if (writer === undefined) onDone();
        else void writer.whenDelivered().then(onDone);
      });
    }
  }

  /** Adds and sends a message that the carrier has deferred. */
  sendDeferred(text: string): void {
    this.#append(text, { event: "message" });
  }

  /** Another instance carries the stream from now on. */
  supersede(): void {
    const sseStream = this.#sseStream;
    this.#sseStream = this.#backfill = undefined;
    sseStream?.close("superseded");
  }

  endProgress(token: string | number): void {
    this.#sseStream?.endProgress(token);
  }

  /** Sends again the requests that a client with the events up to number `seq` has not received. */
  resendRequests(seq: number): void {
    const open = this.#openQuestions();
    this.#questions = open.filter((asked) => asked.seq <= seq);
    for (const { question } of open.filter((asked) => asked.seq > seq)) this.write(question);
  }

  /** Adds an event without data; the client can resume from its id (2025-11-25). */
  prime(retryMs: number): void {
    this.#append("", { retry: retryMs });
  }

  /**
   * Makes a response carry the stream, in place of any other. The client first gets the events that
   * it has missed, then new ones. New events wait while the store reads.
   */
  attach(sseStream: EventStream, { since, frames }: Missed, onReplayed: OnReplayed): void {
    if (!isPromise(frames)) {
      sseStream.replay(frames ?? []);
      this.#carryOn(sseStream, undefined);
      this.#deliveredSeq = this.#releasedSeq;
      return onReplayed(frames);
    }
    const backfill: Backfill = { waiting: [], bytes: 0, isComplete: false };
    this.#carryOn(sseStream, backfill);
    const finish = (settled: Frames | undefined): void => {
      if (this.#backfill !== backfill) return;
      this.#backfill = undefined;
      const last = settled === undefined ? since : since + settled.length;
      const news = backfill.waiting.filter(({ seq }) => seq > last).map(({ frame }) => frame);
      sseStream.replay([...settled ?? [], ...news]);
      this.#deliveredSeq = this.#releasedSeq;
      onReplayed(settled);
      if (backfill.isComplete) this.release("completed");
    };
    frames.then(finish, () => finish(undefined));
  }

  #carryOn(sseStream: EventStream, backfill: Backfill | undefined): void {
    const older = this.#sseStream;
    this.#sseStream = sseStream;
    this.#backfill = backfill;
    if (older !== sseStream) older?.close("superseded");
    this.#parts.pings?.restart();
  }

  /** A ping is useful only now, so it gets no id and is not kept. */
  pingClient(): PongState {
    const { pings } = this.#parts;
    if (pings === undefined) return "unknown";
    const { answer } = pings;
    this.#sseStream?.sendRaw(formatJson(pings.next()));
    return answer;
  }

  /** Events that no response has carried yet. */
  undelivered(): Missed {
    const since = this.#deliveredSeq;
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined) return { since, frames: early };
    const { store, storeKey } = this.#parts;
    return { since, frames: since === this.#releasedSeq ? [] : store.after(storeKey, since) };
  }

  /** Ends the response that carries the stream; the stream itself can still be resumed. */
  release(reason: "completed" | "disconnected", retryMs?: number): void {
    if (reason === "completed" && this.#backfill !== undefined) {
      this.#backfill.isComplete = true;
      return;
    }
    const sseStream = this.#sseStream;
    this.#sseStream = undefined;
    this.#backfill = undefined;
    if (retryMs !== undefined) sseStream?.sendRaw(retryField(retryMs));
    sseStream?.close(reason);
  }

  #openQuestions() {
    return this.#questions.filter(({ question }) => this.#parts.isOpen(question.id));
  }

  #append(data: string, { event, retry, isLast = false }: EventParts): void {
    const seq = ++this.#seq;
    const { name, requestId, ids, store, storeKey, writer } = this.#parts;
    const frame = ENCODER.encode(formatEvent({
      data,
      id: ids.write({ stream: name, seq, requestId }),
      ...(event !== undefined && { event }),
      ...(retry !== undefined && { retry }),
    }));
    if (writer === undefined) {
      void store.append(storeKey, seq, frame);
      return this.#release(seq, frame);
    }
    const entry = { frame, isEnd: isLast };
    const release = () => this.#release(seq, frame);
    if (event === undefined) writer.appendLater(seq, entry, release);
    else writer.append(seq, entry, release);
  }

  #release(seq: number, frame: Uint8Array): void {
    this.#releasedSeq = seq;
    if (this.#early !== undefined) return void this.#early.push(frame);
    if (this.#backfill !== undefined) this.#wait(this.#backfill, seq, frame);
    else if (this.#sseStream?.sendRaw(frame)) this.#deliveredSeq = seq;
  }

  /** A store that takes too long must not make the stream's queue grow without limit. */
  #wait(backfill: Backfill, seq: number, frame: Uint8Array): void {
    backfill.waiting.push({ seq, frame });
    backfill.bytes += frame.byteLength;
    if (backfill.bytes > this.#parts.settings.MCP_REPLAY_BYTES) this.#sseStream?.close("limit");
  }
}

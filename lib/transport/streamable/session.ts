/**
 * One session of the 2025 revisions: the result of its negotiation, its streams, and its running
 * requests.
 *
 * @module
 */
import { ALL_SCOPES } from "../../auth/scopes.ts";
import { CallAborted } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import { TimerEntry } from "../../base/timer_wheel.ts";
import type { ChangeListener } from "../../mcp/changes/change_bus.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import type { UriSet } from "../../registry/uri_set.ts";
import type { Visibility } from "../../registry/visibility.ts";
import type { Carrying } from "../../fleet/carrying.ts";
import type { StreamWriter } from "../../fleet/stream_writer.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import type { JsonRpcId, JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import { jsonEvent, primingEvent } from "../../wire/sse.ts";
import { EventIds, finalPosition } from "./event_ids.ts";
import { SharedState } from "./shared_state.ts";
import { isStandalone, responseName, standaloneName } from "./stream_names.ts";
import { ResumableStream, RETRY_MS } from "./resumable_stream.ts";
import type { SessionParts } from "./session_parts.ts";

/** The first revision with priming events, and with clients that resume streams. */
const PRIMING_SINCE = "2025-11-25";
const ENCODER = new TextEncoder();

/** One session of the 2025 revisions. */
export class StreamableSession extends TimerEntry implements ChangeListener {
  readonly id: string;
  readonly key: string;
  readonly state: ClientState;
  readonly eventIds: EventIds;
  /** The stream for messages that answer no request. */
  readonly standalone: ResumableStream;
  /** The state that instances share; undefined if there is only one instance. */
  readonly shared: SharedState | undefined;
  /** Whether it has ended, or left memory. */
  isOver = false;
  readonly #openedAt: number;
  readonly #parts: SessionParts<StreamableSession>;
  /**
   * Ends the names of all its streams. A restored session counts its streams from 1 again, and an
   * event id of an earlier stream must not match a later one.
   */
  readonly #incarnation: string;
  /** Streams with requests still to be answered, by name. */
  readonly #streams = new Map<string, ResumableStream>();
  #streamCount = 0;
  /** Time of its last request, or of the end of its last call or stream (monotonic ms). */
  #usedAt: number;
  #hasListened = false;
  /** Which instance carries the session's own stream, where there are several. */
  readonly #carrying: Carrying | undefined;
  #requestCount = 0;

  constructor(parts: SessionParts<StreamableSession>) {
    super();
    this.id = parts.id;
    this.key = parts.key;
    this.#parts = parts;
    const { fleet } = parts;
    // The name of the instance comes last, so that another one knows where an event came from.
    this.#carrying = fleet?.carryingOf(parts.key);
    this.#incarnation = randomId("x").slice(0, 9) + (fleet === undefined ? "" : `i${fleet.me}`);
    this.state = parts.state;
    // The newest request may have come to another instance, with other scopes.
    if (fleet !== undefined) this.state.listScopes = ALL_SCOPES;
    this.eventIds = new EventIds(parts.signer, parts.key);
    this.shared = fleet && new SharedState({
      key: parts.key,
      state: parts.state,
      records: fleet.sessions,
      setCarrier: (instance) => this.setCarrier(instance),
    });
    this.standalone = this.#createStream(standaloneName(this.#incarnation), []);
    this.state.sendNotification = (message) => {
      if (this.#hasListened) this.sendChange(message);
      else if (this.#carrying?.isElsewhere) this.sendAside(message);
    };
    this.state.isListening = () =>
      this.standalone.isAttached || this.#carrying?.isElsewhere === true;
    this.#openedAt = this.#usedAt = parts.wheel.now();
    parts.wheel.schedule(this, parts.settings.MCP_SESSION_IDLE_MS);
  }

  /** Time in this process's memory, in ms. */
  get ageMs(): number {
    return this.#parts.wheel.now() - this.#openedAt;
  }

  /** Whether it may not be dropped now: a stream is open or a request runs. */
  get isBusy(): boolean {
    return this.standalone.isAttached || this.state.inFlight.size > 0;
  }

  /** Whether the client knows priming events, and comes back to a stream that the server releases. */
  get supportsPriming(): boolean {
    return this.state.version >= PRIMING_SINCE;
  }

  /** A request has come, from a caller with such scopes. */
  noteRequest(scopes: readonly string[] | undefined): void {
    this.touch();
    if (this.#parts.fleet === undefined) this.state.listScopes = scopes;
  }

  /** It is in use now: its idle time begins anew. */
  touch(): void {
    this.#usedAt = this.#parts.wheel.now();
  }

  /** Counts requests that came. */
  countRequests(count: number): void {
    this.#requestCount += count;
  }

  /**
   * A stream to answer requests on.
   *
   * @param requestIds ids of the requests
   * @param isRepeatable whether running the request twice does no harm
   */
  openStream(requestIds: readonly JsonRpcId[], isRepeatable: boolean): ResumableStream {
    const stream = this.#createStream(this.#nextName(isRepeatable), requestIds);
    this.#streams.set(stream.name, stream);
    return stream;
  }

  /**
   * A complete stream of a revision with priming events. It contains only the answer to a request,
   * which can be replayed to a client that read only the priming event.
   *
   * @param answer its JSON text
   * @param isRepeatable whether running the request twice does no harm
   */
  wholeStream(answer: string, requestId: JsonRpcId, isRepeatable: boolean): string {
    const stream = this.#nextName(isRepeatable);
    const position = { stream, seq: 1, requestId };
    const last = jsonEvent(answer, "message", this.eventIds.write(finalPosition(position)));
    const frame = ENCODER.encode(last);
    const writer = this.#openWriter(stream);
    if (writer === undefined) void this.#parts.store.append(this.storeKey(stream), 2, frame);
    else this.#parts.fleet?.writers.appendSoon(writer, 2, { frame, isEnd: true });
    return primingEvent(this.eventIds.write(position), RETRY_MS) + last;
  }

  /**
   * The open stream with that name. For a GET stream of an earlier incarnation it is the stream
   * that replaces it.
   */
  stream(name: string): ResumableStream | undefined {
    return isStandalone(name) ? this.standalone : this.#streams.get(name);
  }

  /** All its requests are answered; the events stay in the store for a while. */
  endStream(stream: ResumableStream): void {
    this.touch();
    this.#streams.delete(stream.name);
    stream.release("completed");
  }

  /** Name in the store of a stream of this session. */
  storeKey(name: string): string {
    return `${this.key}/${name}`;
  }

  /** The client listens: from now on changes are sent, or kept for when it comes back. */
  listen(): void {
    this.#hasListened = true;
  }

  wantsChange(change: CatalogChange): boolean {
    return this.#hasListened && this.state.wantsChange(change);
  }

  get subscribed(): UriSet | undefined {
    return this.state.subscribed;
  }

  get visibility(): Visibility | undefined {
    return this.state.visibility;
  }

  get granted(): readonly string[] | undefined {
    return this.state.granted;
  }

  get listScopes(): readonly string[] | undefined {
    return this.state.listScopes;
  }

  sendChange(message: JsonRpcNotification): void {
    this.standalone.write(message);
  }

  /**
   * Sends a message that belongs to no response stream: on the session's own one, whichever instance
   * carries it.
   */
  sendAside(message: JsonRpcNotification | JsonRpcRequest): void {
    if (!this.#carrying?.sendElsewhere(message)) this.standalone.write(message);
  }

  /** Another instance, or this one, carries the session's own stream from now on. */
  setCarrier(instance: string): void {
    const isHere = instance === this.#parts.fleet?.me;
    this.#hasListened = isHere;
    if (!isHere) this.standalone.supersede();
    const held = this.#carrying?.setCarrier(instance) ?? [];
    for (const message of held) this.sendAside(message);
  }

  /** Ends all that belongs to the session. */
  end(reason: CloseReason): void {
    this.isOver = true;
    this.#parts.wheel.cancel(this);
    this.state.inFlight.abortAll(() => new CallAborted(reason, `Session ended: ${reason}`));
    this.standalone.release("disconnected");
    // Another instance may take the session up, and its client resume the stream there.
    if (this.#parts.fleet === undefined || reason === "disconnected") {
      void this.#parts.store.forget(this.storeKey(this.standalone.name));
    }
    for (const stream of this.#streams.values()) {
      stream.release("disconnected");
      this.#parts.fleet?.writers.busy(this.storeKey(stream.name))?.stop();
      void this.#parts.store.forget(this.storeKey(stream.name));
    }
    this.#streams.clear();
    this.state.end();
  }

  /** Called by the timer wheel. */
  onDue(now: number): void {
    if (this.isBusy) this.touch();
    const left = this.#usedAt + this.#parts.settings.MCP_SESSION_IDLE_MS - now;
    if (left > 0) this.#parts.wheel.schedule(this, left);
    else this.#parts.onIdle(this);
  }

  #nextName(isRepeatable: boolean): string {
    return responseName(++this.#streamCount, this.#incarnation, isRepeatable);
  }

  #openWriter(name: string, requestIds: readonly JsonRpcId[] = []): StreamWriter | undefined {
    const { fleet, settings } = this.#parts;
    return fleet?.writers.open(
      this.storeKey(name),
      settings.MCP_REPLAY_BYTES,
      () => this.#fence(name, requestIds),
    );
  }

  /** This instance was taken for dead: the client was told that the call is lost. */
  #fence(name: string, requestIds: readonly JsonRpcId[]): void {
    this.#streams.get(name)?.supersede();
    this.#streams.delete(name);
    const reason = "Another instance took this one for dead and ended the call";
    for (const id of requestIds) {
      this.state.inFlight.cancel(id, new CallAborted("superseded", reason));
    }
  }

  #createStream(name: string, requestIds: readonly JsonRpcId[]): ResumableStream {
    const { store, settings } = this.#parts;
    const writer = this.#openWriter(name, requestIds);
    return new ResumableStream({
      name,
      writer,
      storeKey: this.storeKey(name),
      requestId: requestIds.length === 1 ? requestIds[0] : undefined,
      ids: this.eventIds,
      store,
      settings,
      isOpen: (questionId) => this.state.clientRequests.awaits(questionId),
      answered: () => this.#requestCount,
      // The other streams carry answers only.
      ...(isStandalone(name) && {
        pings: this.state.pings,
        onLost: () => this.touch(),
      }),
    });
  }
}

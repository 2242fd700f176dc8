/**
 * A client that loses its connections and takes the stream up again, as 2025-11-25 lays down.
 *
 * @module
 */
import { createParser } from "../deps/eventsource_parser.ts";
import { toolCall } from "./messages.ts";
import type { TestSession } from "./session.ts";

/** Opens a stream: the first time without an id, then from an event on. */
export type OpenStream = (lastEventId: string | undefined) => Promise<Response>;

/** One stream, carried by one response after another. */
export class ResumingClient {
  /** All messages so far, over all responses. */
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly messages: any[] = [];
  /** Ids of all events so far, those without data included. */
  readonly eventIds: string[] = [];
  lastEventId: string | undefined;
  readonly #open: OpenStream;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #parser = this.#createParser();
  /** Responses that were given up without a word, which the server finds out about later. */
  readonly #abandoned: ReadableStreamDefaultReader<Uint8Array>[] = [];
  #decoder = new TextDecoder();

  constructor(open: OpenStream) {
    this.#open = open;
  }

  /** A client that calls the tool of a `Puppet` in a session; the call is named `a`. */
  static ofCall(session: TestSession): ResumingClient {
    return new ResumingClient((lastEventId) =>
      lastEventId === undefined
        ? session.post(toolCall("puppet", { call: "a" }, "call"))
        : session.listen(lastEventId)
    );
  }

  get isConnected(): boolean {
    return this.#reader !== undefined;
  }

  /** Opens the stream, or resumes it. */
  async connect(): Promise<Response> {
    const response = await this.#open(this.lastEventId);
    this.#reader = response.body?.getReader();
    this.#parser = this.#createParser();
    this.#decoder = new TextDecoder();
    return response;
  }

  /** Reads on until `isEnough`, or the response ends: then false. */
  async readUntil(isEnough: () => boolean): Promise<boolean> {
    while (!isEnough()) {
      const chunk = await this.#reader?.read();
      if (chunk === undefined || chunk.done) {
        this.#reader = undefined;
        return false;
      }
      this.#feed(chunk.value);
    }
    return true;
  }

  /** Reads one piece; false at the end of the response. */
  async readPiece(): Promise<boolean> {
    let looks = 0;
    return await this.readUntil(() => looks++ > 0);
  }

  /** Reads whole events up to a number of messages, over all responses. */
  readMessages(count: number): Promise<boolean> {
    return this.readUntil(() => this.messages.length >= count);
  }

  /** Reads a part of the next bytes; the rest is lost with the connection. */
  async readTorn(bytes: number): Promise<void> {
    const chunk = await this.#reader?.read();
    if (chunk?.value === undefined) return;
    this.#feed(chunk.value.subarray(0, Math.min(bytes, chunk.value.length - 1)));
  }

  /** Loses the connection; the server learns of it at once. */
  async cut(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel();
  }

  /** Loses the connection in a way that the server does not see. */
  abandon(): void {
    if (this.#reader !== undefined) this.#abandoned.push(this.#reader);
    this.#reader = undefined;
  }

  /** The server learns of connections that were abandoned. */
  async dropAbandoned(): Promise<void> {
    for (const reader of this.#abandoned.splice(0)) await reader.cancel();
  }

  #feed(bytes: Uint8Array): void {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
  }

  #createParser() {
    return createParser({
      onEvent: ({ id, data }) => {
        if (id !== undefined) {
          this.lastEventId = id;
          this.eventIds.push(id);
        }
        if (data !== "") this.messages.push(JSON.parse(data));
      },
    });
  }
}

/**
 * The parts that attacks share: their description, and their clients.
 *
 * @module
 */
import { RawSocket } from "../faults/socket.ts";
import { encodeRequest, type RawRequest } from "../faults/http.ts";
import { type ResponseHead, ResponseParser } from "../faults/http_response.ts";

/** One way to harm a server. */
export interface Attack {
  /** The kind of the attack and its requests, as one line. */
  readonly name: string;
  /** Settings of the server that is attacked, beside the defaults. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** How many clients attack at once. */
  readonly lanes: number;
  /** Sends once; repeated in every lane until the time is over. */
  readonly strike: (force: Force) => Promise<void>;
  /** Names an answer that the server must not give; undefined if all answers are right. */
  readonly breach?: (answers: Answers) => string | undefined;
}

/** How often each status was answered. */
export type Answers = ReadonlyMap<string, number>;

/** How long a client waits for an answer (ms). */
const PATIENCE_MS = 5_000;
/** Time to wait for an answer before the attack goes on (ms). */
const SILENCE_MS = 1_000;

/** Most sockets that an attack holds open at a time. */
const MAX_HELD = 400;

/** The attacking side. */
export class Force implements Disposable {
  readonly port: number;
  /** When attacking ends, in ms of `performance.now()`. */
  readonly until: number;
  readonly answers = new Map<string, number>();
  /** Texts that strikes of one attack keep between them, such as session ids. */
  readonly notes: string[] = [];
  sent = 0;
  #hasEnded = false;
  /** Sockets that stay open; the eldest makes room. */
  readonly #held: RawSocket[] = [];

  constructor(port: number, until: number) {
    this.port = port;
    this.until = until;
  }

  /** Whether strikes must stop. */
  get isOver(): boolean {
    return this.#hasEnded || performance.now() >= this.until;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  /** Keeps a socket open to the end, unless there are too many. */
  hold(socket: RawSocket): void {
    this.#held.push(socket);
    if (this.#held.length > MAX_HELD) this.#held.shift()?.close();
  }

  /** Counts an answer by its status. */
  count(status: number | string): void {
    if (this.#hasEnded) return;
    this.answers.set(String(status), (this.answers.get(String(status)) ?? 0) + 1);
  }

  /** Sends one request on its own socket, reads the answer and closes the socket. */
  async send(request: Sent): Promise<Answer> {
    const socket = await this.connect(request.from);
    if (socket === undefined) return NO_ANSWER;
    this.sent++;
    let answer: Answer;
    try {
      answer = await read(socket, request);
    } finally {
      socket.close();
    }
    this.count(answer.head?.status ?? "none");
    return answer;
  }

  /** Sends one request and reads nothing of the answer; the socket stays open. */
  async sendUnread(request: Sent): Promise<void> {
    const socket = await this.connect(request.from);
    if (socket === undefined) return;
    socket.stall();
    this.sent++;
    socket.write(bytesOf(request));
    this.hold(socket);
  }

  /** Sends bytes, counts the first status that comes back, and keeps the socket whatever it is. */
  async sendRaw(bytes: Uint8Array | string, from = ATTACKER): Promise<RawSocket | undefined> {
    const socket = await this.connect(from);
    if (socket === undefined) return undefined;
    this.sent++;
    const parser = new ResponseParser({ onHead: ({ status }) => this.count(status) });
    socket.onBytes = (received) => {
      if (parser.head === undefined) parser.push(received);
    };
    socket.write(bytes);
    this.hold(socket);
    return socket;
  }

  /** Does the same, and waits for that status, or until the server has been silent for a second. */
  async sendRawInTurn(bytes: Uint8Array | string): Promise<void> {
    const socket = await this.sendRaw(bytes);
    if (socket === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const { onBytes } = socket;
    socket.onBytes = (received) => {
      onBytes(received);
      resolve();
    };
    const timer = setTimeout(resolve, SILENCE_MS);
    await promise;
    clearTimeout(timer);
  }

  async connect(from = ATTACKER): Promise<RawSocket | undefined> {
    if (this.isOver) return undefined;
    try {
      const socket = await RawSocket.connect({ port: this.port, from });
      if (!this.isOver) return socket;
      socket.close();
    } catch {
      this.count("no connection");
    }
    return undefined;
  }

  /** Counts nothing that comes later. */
  end(): void {
    this.#hasEnded = true;
  }

  [Symbol.dispose](): void {
    this.end();
    for (const socket of this.#held) socket.close();
  }
}

/** A request, with a body that may have been encoded once for all. */
export interface Sent extends Omit<RawRequest, "body"> {
  readonly body?: string | Uint8Array;
  /** The client's address. */
  readonly from?: string;
}

/** The answer; the head is missing if nothing came back. */
export interface Answer {
  readonly head: ResponseHead | undefined;
  readonly bytes: number;
  readonly text: string;
}

const NO_ANSWER: Answer = { head: undefined, bytes: 0, text: "" };

/**
 * The attacker's address; it differs from the honest client's, so that limits can tell them apart.
 */
export const ATTACKER = "127.0.0.66";

/** A different address for each number, for a crowd of attackers. */
export function crowdAddress(n: number): string {
  return `127.0.${1 + (n >> 7) % 250}.${1 + n % 128}`;
}

const ENCODER = new TextEncoder();
/** Characters kept of an answer: enough to find a session id or an error in it. */
const MAX_TEXT = 4_096;

/** The bytes of a request on the wire. */
export function bytesOf({ body, ...request }: Sent): Uint8Array {
  if (typeof body === "string" || body === undefined) {
    return encodeRequest(body === undefined ? request : { ...request, body });
  }
  const headers = { ...request.headers, "Content-Length": String(body.length) };
  const head = encodeRequest({ ...request, headers });
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** A JSON text as bytes, made once. */
export function json(value: unknown): Uint8Array {
  return ENCODER.encode(JSON.stringify(value));
}

async function read(socket: RawSocket, request: Sent): Promise<Answer> {
  const done = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  const isLong = (head: ResponseHead) =>
    head.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const parser = new ResponseParser({
    // A stream is open once its head is here; the attack goes on.
    onHead: (head) => isLong(head) && done.resolve(),
    onBody: (part) => {
      bytes += part.length;
      if (text.length < MAX_TEXT) text += decoder.decode(part.subarray(0, MAX_TEXT));
    },
    onComplete: done.resolve,
  });
  socket.onBytes = (received) => parser.push(received);
  socket.write(bytesOf(request));
  const patience = setTimeout(done.resolve, PATIENCE_MS);
  await Promise.race([done.promise, socket.ended]);
  clearTimeout(patience);
  return { head: parser.head, bytes, text };
}

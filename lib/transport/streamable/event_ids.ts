import type { Signer } from "../../base/signer.ts";
import type { JsonRpcId } from "../../wire/json_rpc.ts";

/** The position of an event in its session. */
export interface EventPosition {
  /** Name of its stream. */
  readonly stream: string;
  /** Its number in that stream, from 1. */
  readonly seq: number;
  /** Id of the request that the stream answers, where it is short enough to travel along. */
  readonly requestId: JsonRpcId | undefined;
}

/** Longest request id that travels in event ids, in characters of JSON. */
const MAX_REQUEST_ID = 48;
const POSITION_REGEXP = /^([a-z0-9]+)\.(\d+)\.([A-Za-z0-9_-]*)$/;
/** Begins the names that stand for streams with nothing left to send. */
const FINAL = "end";

/**
 * The event ids of one session. They are signed, so an id that the server did not write for this
 * session is refused.
 */
export class EventIds {
  readonly #signer: Signer;
  readonly #purpose: string;

  /** @param sessionKey the key under which the server knows the session */
  constructor(signer: Signer, sessionKey: string) {
    this.#signer = signer;
    this.#purpose = `event ${sessionKey}`;
  }

  write({ stream, seq, requestId }: EventPosition): string {
    return this.#signer.sign(this.#purpose, `${stream}.${seq}.${writeRequestId(requestId)}`);
  }

  /** @returns undefined for an id of another session, and for one that was altered */
  read(id: string): EventPosition | undefined {
    const match = POSITION_REGEXP.exec(this.#signer.verify(this.#purpose, id) ?? "");
    if (match === null) return undefined;
    const [, stream = "", seq = "", requestId = ""] = match;
    return { stream, seq: Number(seq), requestId: readRequestId(requestId) };
  }
}

/** A position after which nothing comes, for the id of the last event that concerns a stream. */
export function finalPosition({ stream }: EventPosition): EventPosition {
  return { stream: `${FINAL}${stream}`, seq: 0, requestId: undefined };
}

/** Whether a position is one of {@linkcode finalPosition}. */
export function isFinal({ stream }: EventPosition): boolean {
  return stream.startsWith(FINAL);
}

const ENCODER = new TextEncoder();
const BASE64_URL = { alphabet: "base64url", omitPadding: true } as const;

function writeRequestId(id: JsonRpcId | undefined): string {
  const text = id === undefined ? "" : JSON.stringify(id);
  if (text === "" || text.length > MAX_REQUEST_ID) return "";
  return ENCODER.encode(text).toBase64(BASE64_URL);
}

function readRequestId(text: string): JsonRpcId | undefined {
  if (text === "") return undefined;
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(text, BASE64_URL)));
}

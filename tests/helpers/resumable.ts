/**
 * Numbered streams of a session without HTTP, and the responses that carry them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Signer } from "../../lib/base/signer.ts";
import type { EventStore, Frames } from "../../lib/store/event_store.ts";
import type { EventStream } from "../../lib/stream/event_stream.ts";
import type { Answers } from "../../lib/transport/answers.ts";
import { EventIds } from "../../lib/transport/streamable/event_ids.ts";
import {
  type ResumableParts,
  ResumableStream,
} from "../../lib/transport/streamable/resumable_stream.ts";
import type { JsonRpcResponse } from "../../lib/wire/json_rpc.ts";

const TEXT = new TextDecoder();
/** The ids of its events. */
export const IDS = new EventIds(new Signer("key"), "session");
/** A message with a text. */
export const NOTE = (data: string) =>
  ({ jsonrpc: "2.0", method: "notifications/message", params: { data } }) as const;
/** A question to the client. */
export const ask = (id: number) => ({ jsonrpc: "2.0", id, method: "roots/list" }) as const;
/** The answer to a request. */
export const answer = (id: number): JsonRpcResponse => ({ jsonrpc: "2.0", id, result: {} });
/** Lets every answer pass. */
export const ANSWERS = { sendable: (response: JsonRpcResponse) => response } as unknown as Answers;

/** The number and the contents of an event: the data of a note, the id of another message. */
function read(frame: Uint8Array | string): string {
  const text = typeof frame === "string" ? frame : TEXT.decode(frame);
  const id = /^id: (.*)$/m.exec(text)?.[1];
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? "";
  const retry = /^retry: (.*)$/m.exec(text)?.[1];
  const number = id === undefined ? "-" : IDS.read(id)?.seq;
  if (data === "") return `${number} retry ${retry}`;
  const message = JSON.parse(data);
  return `${number} ${message.params?.data ?? message.id}`;
}

/** A response that carries a stream. */
export class Carried {
  state = "open";
  readonly sent: string[] = [];
  defers = false;
  refuses = false;

  defer(): boolean {
    return this.defers;
  }

  flushBefore(): void {
    this.sent.push("flush");
  }

  sendRaw(frame: Uint8Array | string): boolean {
    if (this.refuses) return false;
    this.sent.push(read(frame));
    return true;
  }

  replay(frames: readonly Uint8Array[]): void {
    this.sent.push(`replay [${frames.map(read).join(", ")}]`);
  }

  endProgress(token: string | number): void {
    this.sent.push(`end of ${token}`);
  }

  close(reason: string): void {
    this.state = "closed";
    this.sent.push(`close ${reason}`);
  }

  get asStream(): EventStream {
    return this as unknown as EventStream;
  }

  /** What was sent since this was last asked. */
  get news(): string[] {
    return this.sent.splice(0);
  }
}

/** Makes a stream, and tells what it has stored. */
export function makeStream(parts: Partial<ResumableParts> = {}) {
  const stored: string[] = [];
  const open = new Set<unknown>();
  const store = {
    append: (key: string, seq: number, frame: Uint8Array) => {
      assertEquals(key, "session/p1");
      stored.push(read(frame));
      assertEquals(seq, stored.length);
    },
    after: (_key: string, seq: number) => [new TextEncoder().encode(`after ${seq}`)],
  } as unknown as EventStore;
  const stream = new ResumableStream({
    name: "p1",
    storeKey: "session/p1",
    requestId: 7,
    ids: IDS,
    store,
    settings: { MCP_REPLAY_BYTES: 1_000 },
    isOpen: (id) => open.has(id),
    answered: () => 5,
    ...parts,
  });
  const carry = (frames: Frames = []) => {
    const carried = new Carried();
    stream.attach(carried.asStream, { since: 0, frames }, () => {});
    carried.sent.length = 0;
    return carried;
  };
  return { stream, stored, open, carry };
}

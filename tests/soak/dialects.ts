/**
 * A long-lived stream in every dialect that has one, on a raw socket.
 *
 * @module
 */
import type { EventSourceMessage } from "../deps/eventsource_parser.ts";
import { exchange } from "../faults/http.ts";
import type { Target } from "../faults/socket.ts";
import { SseStream } from "../faults/sse_stream.ts";
import { BOTH } from "../helpers/session.ts";
import { mirrorHeaders, modernBody } from "../spec/support/modern.ts";
import { type SessionTarget, SoakSession } from "./session.ts";

export type Message = Record<string, unknown>;

/** An open stream and the way to say something on it. */
export interface LiveStream {
  readonly stream: SseStream;
  /** Sends a message whose answer comes on the stream, if the dialect has that. */
  readonly say?: (message: Message) => Promise<number>;
  /** Ends the session or connection of the stream by a request, if the dialect has that. */
  readonly end?: () => Promise<number>;
}

/** Told of each event; those of a goodbye may be only a `retry:`. */
export type OnEvent = (event: EventSourceMessage) => void;
export type OnRetry = (ms: number) => void;

const JSON_TYPE = { "content-type": "application/json" };

/** POSTs a message; resolves with the status. */
export async function post(
  target: Target,
  message: Message,
  headers: Record<string, string> = {},
  path = "/mcp",
): Promise<number> {
  const body = JSON.stringify(message);
  const all = { ...JSON_TYPE, accept: BOTH, ...headers };
  return (await exchange(target, { method: "POST", path, headers: all, body })).status;
}

async function openPlain(target: Target, onEvent: OnEvent): Promise<LiveStream> {
  const stream = await opened(target, { onEvent });
  const id = { "mcp-connection-id": (await stream.head).headers.get("mcp-connection-id") ?? "" };
  return {
    stream,
    say: (message) => post(target, message, id, "/mcp/sse"),
    end: async () =>
      (await exchange(target, { method: "DELETE", path: "/mcp/sse", headers: id })).status,
  };
}

async function openHttpSse(target: Target, onEvent: OnEvent): Promise<LiveStream> {
  const endpoint = Promise.withResolvers<string>();
  const stream = await opened(target, {
    method: "GET",
    path: "/mcp",
    onEvent: (event) => {
      if (event.event === "endpoint") endpoint.resolve(`/mcp${event.data}`);
      onEvent(event);
    },
  });
  void stream.ended.then(() => endpoint.reject(new Error("No endpoint")));
  const path = await endpoint.promise;
  return { stream, say: (message) => post(target, message, {}, path) };
}

async function openStreamable(
  target: SessionTarget,
  onEvent: OnEvent,
  onRetry: OnRetry = () => {},
): Promise<LiveStream> {
  const session = await SoakSession.open(target);
  const stream = await eventStream(session.stream({ method: "GET", onEvent, onRetry }));
  return { stream, say: (message) => session.post(message), end: () => session.end() };
}

async function openListen(target: Target, onEvent: OnEvent): Promise<LiveStream> {
  const message = modernBody("subscriptions/listen", { notifications: { toolsListChanged: true } });
  const headers = mirrorHeaders(message);
  return { stream: await opened(target, { path: "/mcp", headers, message, onEvent }) };
}

type OpenRequest = Parameters<typeof SseStream.open>[1];

/** @throws {Error} when it gets no stream */
export function opened(target: Target, request: OpenRequest): Promise<SseStream> {
  return eventStream(SseStream.open(target, request));
}

/** @throws {Error} if the response is not an event stream */
export async function eventStream(opening: Promise<SseStream>): Promise<SseStream> {
  const stream = await opening;
  const { status, headers } = await stream.head;
  if (status === 200 && headers.get("content-type") === "text/event-stream") return stream;
  stream.socket.close();
  throw new Error(`Got ${status} and no stream`);
}

export const DIALECTS = {
  plain: openPlain,
  http_sse: openHttpSse,
  streamable: openStreamable,
  listen: openListen,
} as const satisfies Record<
  string,
  (target: SessionTarget, onEvent: OnEvent, onRetry: OnRetry) => Promise<LiveStream>
>;

export type DialectName = keyof typeof DIALECTS;

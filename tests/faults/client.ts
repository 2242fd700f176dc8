/**
 * Streams in their own process, so that a test can kill them.
 *
 * deno run --allow-net tests/faults/client.ts '{"port":8000,"count":3}'
 *
 * Writes the events of each stream as JSON lines to stdout, and reads the names of stream faults as
 * lines from stdin; each fault applies to all streams.
 *
 * @module
 */
import { readLines } from "../helpers/lines.ts";
import { tellEvent } from "./client_events.ts";
import { SseStream } from "./sse_stream.ts";
import { isStreamFault, STREAM_FAULTS } from "./stream_faults.ts";

/** Options of the process, as JSON in its first argument. */
export interface ClientOptions {
  readonly port: number;
  /** How many streams (1). */
  readonly count?: number;
  /** The first message of each stream. */
  readonly message?: unknown;
}

async function main({ port, count = 1, message }: ClientOptions): Promise<void> {
  const streams = await Promise.all(
    Array.from({ length: count }, () => openStream(port, message)),
  );
  const obeying = obey(streams);
  await Promise.all(streams.map(({ ended }) => ended));
  await obeying;
}

async function openStream(port: number, message: unknown): Promise<SseStream> {
  let id: string | null = null;
  const stream = await SseStream.open({ port }, {
    message,
    onEvent: ({ event, data }) => {
      if (event === "close") tellEvent({ event, id, reason: JSON.parse(data).data.reason });
      if (event === "response") tellEvent({ event, id });
    },
  });
  const { status, headers } = await stream.head;
  id = headers.get("mcp-connection-id");
  tellEvent({ event: "open", id, status });
  void stream.ended.then((how) => tellEvent({ event: "ended", id, how }));
  return stream;
}

async function obey(streams: readonly SseStream[]): Promise<void> {
  for await (const name of readLines(Deno.stdin.readable)) {
    if (!isStreamFault(name)) throw new Error(`Not a stream fault: ${name}`);
    for (const stream of streams) STREAM_FAULTS[name](stream);
  }
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));

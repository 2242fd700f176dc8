import { SseStream } from "../faults/sse_stream.ts";

/** How many open at a time: more would wait for each other in the server's backlog. */
const AT_ONCE = 50;

/** Clients of a server, in great numbers: `using crowd = await Crowd.open(port, 2_000)`. */
export class Crowd implements Disposable {
  readonly #streams: readonly SseStream[];

  private constructor(streams: readonly SseStream[]) {
    this.#streams = streams;
  }

  /** Opens this many streams, with the user agents `crowd/1`, `crowd/2` … */
  static async open(port: number, count: number): Promise<Crowd> {
    const streams: SseStream[] = [];
    while (streams.length < count) {
      const first = streams.length + 1;
      const batch = Array.from({ length: Math.min(AT_ONCE, count - streams.length) }, (_, i) => {
        const headers = { "User-Agent": `crowd/${first + i}` };
        return SseStream.open({ port }, { headers });
      });
      streams.push(...await Promise.all(batch));
    }
    return new Crowd(streams);
  }

  /** All that are still there leave without a word. */
  [Symbol.dispose](): void {
    for (const stream of this.#streams) stream[Symbol.dispose]();
  }
}

/** Where the reading of a server's list ends, and the reason that is told. */
import { assertEquals } from "@std/assert";
import { readList } from "../../lib/gateway/list_pages.ts";
import type { ServerRequests } from "../../lib/gateway/upstream.ts";

const LONG = "it is longer than 10000";
const PAGES = "it has more than 1000 pages";
const REPEATS = "it repeats a cursor";

interface Case {
  /** Entries of each page. */
  readonly page: number;
  /** The cursor after the page of a number, which counts from 1. */
  readonly next: (page: number) => unknown;
  /** Pages that are read, entries that are kept, and the cut. */
  readonly read: readonly [number, number, { reason: string; sent: number } | undefined];
}

const upTo = (last: number) => (page: number) => page < last ? `p${page}` : undefined;
const forever = upTo(Infinity);

const CASES: Readonly<Record<string, Case>> = {
  "one page": { page: 3, next: upTo(1), read: [1, 3, undefined] },
  "the most entries": { page: 5_000, next: upTo(2), read: [2, 10_000, undefined] },
  "the most entries, and a further page": {
    ...{ page: 5_000, next: forever },
    read: [2, 10_000, { reason: LONG, sent: 10_000 }],
  },
  "the most entries, and a cursor that came before": {
    ...{ page: 5_000, next: () => "p" },
    read: [2, 10_000, { reason: REPEATS, sent: 10_000 }],
  },
  "more entries than that on the last page": {
    ...{ page: 10_001, next: upTo(1) },
    read: [1, 10_000, { reason: LONG, sent: 10_001 }],
  },
  "the most pages": { page: 1, next: upTo(1_000), read: [1_000, 1_000, undefined] },
  "more pages than that": {
    ...{ page: 0, next: forever },
    read: [1_000, 0, { reason: PAGES, sent: 0 }],
  },
  "a cursor that came before": {
    ...{ page: 1, next: (page) => "ba"[page % 2] },
    read: [3, 3, { reason: REPEATS, sent: 3 }],
  },
  "a cursor that is no text": { page: 1, next: () => 7, read: [1, 1, undefined] },
};

for (const [name, { page, next, read }] of Object.entries(CASES)) {
  Deno.test(`a list of a server is read to its end, or to a limit: ${name}`, async () => {
    const asked: unknown[] = [];
    const upstream = {
      request: (_method: string, { cursor }: { cursor?: unknown }) => {
        asked.push(cursor);
        const tools = Array.from({ length: page }, () => ({}));
        return Promise.resolve({ tools, nextCursor: next(asked.length) });
      },
    } as Partial<ServerRequests> as ServerRequests;
    const { entries, cut } = await readList(upstream, { method: "tools/list", key: "tools" });
    assertEquals([asked.length, entries.length, cut], [...read]);
    assertEquals(asked.slice(0, 3), [undefined, next(1), next(2)].slice(0, asked.length));
  });
}

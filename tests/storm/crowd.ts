/**
 * A crowd of clients of all dialects in one process, so that a test can kill all of them at once.
 *
 * deno run --allow-net tests/storm/crowd.ts '{"port":8000,"count":1000}'
 * {"event":"open","opened":1000,"failed":0} {"event":"ended","complete":1000,"goodbyes":1000}
 *
 * @module
 */
import { type DialectName, DIALECTS } from "../soak/dialects.ts";

export interface CrowdOptions {
  readonly port: number;
  readonly count: number;
}

/** How many connect at a time. */
const AT_ONCE = 50;
const NAMES = Object.keys(DIALECTS) as DialectName[];

/** Whether an event is the goodbye of its dialect; 2024-11-05 has only the end itself. */
const IS_GOODBYE: Readonly<
  Record<DialectName, (event: string | undefined, data: string) => boolean>
> = {
  plain: (event) => event === "close",
  http_sse: () => false,
  streamable: () => false,
  listen: (_event, data) => data.includes('"result"'),
};

async function main({ port, count }: CrowdOptions): Promise<void> {
  const ends: Promise<End>[] = [];
  let next = 0;
  let failed = 0;
  const openOn = async () => {
    while (next < count) {
      const name = NAMES[next++ % NAMES.length]!;
      try {
        const { end } = await follow(port, name);
        ends.push(end);
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, openOn));
  tell({ event: "open", opened: ends.length, failed });
  const ended = await Promise.all(ends);
  tell({
    event: "ended",
    complete: ended.filter(({ how }) => how === "complete").length,
    goodbyes: ended.filter(({ hasGoodbye }) => hasGoodbye).length,
  });
}

interface End {
  readonly how: string;
  readonly hasGoodbye: boolean;
}

/** Opens a stream. */
async function follow(port: number, name: DialectName): Promise<{ readonly end: Promise<End> }> {
  let hasGoodbye = name === "http_sse";
  // A session's stream begins with a retry; the goodbye is another one.
  let retries = 0;
  const { stream } = await DIALECTS[name](
    { port },
    ({ event, data }) => void (hasGoodbye ||= IS_GOODBYE[name](event, data)),
    () => void (hasGoodbye ||= ++retries > 1 && name === "streamable"),
  );
  return { end: stream.ended.then((how) => ({ how, hasGoodbye })) };
}

function tell(event: Record<string, unknown>): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));

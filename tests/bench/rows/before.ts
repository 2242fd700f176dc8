/**
 * Lifeline without a store against an earlier commit: `--before=COMMIT`, for example the one before
 * instances could share a store.
 *
 * @module
 */
import { inTurn } from "../load.ts";
import type { RowGroup } from "../report.ts";
import { ECHO_CALL } from "../requests.ts";
import { type Launch, lifeline, ServerProcess } from "../server_process.ts";
import { compared } from "./compared.ts";
import { comparedStreams } from "./plain.ts";
import { roomyLifeline } from "./stream_servers.ts";

const AT_LEAST = 0.99;
const STREAMS = 1_000;

/** Puts the files of a commit into a folder. */
async function checkOut(commit: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'git archive "$1" | tar -x -C "$2"', "sh", commit, folder],
    cwd: new URL("../../../", import.meta.url).pathname,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

export const withoutStore: RowGroup = {
  name: "without a store",
  run: async (effort) => {
    const { before } = effort;
    if (before === undefined) return {};
    const folder = await Deno.makeTempDir();
    try {
      await checkOut(before, folder);
      const earlier = (launch: Launch): Launch => ({ ...launch, cwd: folder });
      const of = `Lifeline at ${before}`;
      const calls = await (async () => {
        await using own = await ServerProcess.start(lifeline());
        await using old = await ServerProcess.start(earlier(lifeline()));
        return await inTurn({
          own: { server: own, ...ECHO_CALL },
          old: { server: old, ...ECHO_CALL },
        }, effort);
      })();
      const what = "`tools/call` of `echo` without a store";
      const { rows = [] } = await comparedStreams({
        what: "plain dialect without a store",
        atLeast: AT_LEAST,
        own: roomyLifeline(STREAMS),
        bare: earlier(roomyLifeline(STREAMS)),
        of,
      }, effort);
      return { rows: [compared(calls.own, calls.old, { what, atLeast: AT_LEAST, of }), ...rows] };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

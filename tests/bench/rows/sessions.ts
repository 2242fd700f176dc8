/**
 * Calls in a 2025 session, answered on event streams.
 *
 * @module
 */
import { inTurn } from "../load.ts";
import type { RowGroup } from "../report.ts";
import { inSession } from "../requests.ts";
import { type Launch, lifeline, ServerProcess } from "../server_process.ts";
import { compared, speedOf } from "./compared.ts";

const PEER = new URL("../peers/sdk1.mjs", import.meta.url);
const PACKAGES = ["@modelcontextprotocol/sdk@1.32.0", "zod@4.6.7"];

/** Installs the peer for Node in its own folder. */
async function installed(folder: string): Promise<Launch> {
  await Deno.writeTextFile(`${folder}/package.json`, "{}");
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--save-exact", ...PACKAGES],
    cwd: folder,
  }).output();
  if (!success) {
    throw new Error(
      `npm cannot install ${PACKAGES.join(" ")}: ${new TextDecoder().decode(stderr)}`,
    );
  }
  await Deno.copyFile(PEER, `${folder}/sdk1.mjs`);
  return { command: "node", args: ["sdk1.mjs"], cwd: folder };
}

export const sessionCalls: RowGroup = {
  name: "tools/call in a 2025 session",
  run: async (effort) => {
    const folder = await Deno.makeTempDir();
    try {
      await using sdk = await ServerProcess.start(await installed(folder));
      await using own = await ServerProcess.start(lifeline());
      const calls = await inSession(`${own.url}/mcp`);
      const found = await inTurn({
        sdk: { server: sdk, ...(await inSession(`${sdk.url}/mcp`)).both },
        own: { server: own, ...calls.onStream },
        asJson: { server: own, ...calls.asJson },
      }, effort);
      const of = "the official SDK 1.32.0 on Node";
      const row = compared(found.own, found.sdk, {
        what: "`tools/call` answered on an event stream (2025 session)",
        atLeast: 10,
        of,
      });
      const asJson = "Lifeline, to a client that takes JSON too (answered as JSON)";
      return { rows: [{ ...row, figures: { ...row.figures, [asJson]: speedOf(found.asJson) } }] };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

/**
 * The official clients see through the gateway what they see of the same servers when they start
 * them themselves.
 */
import { assertEquals } from "@std/assert";
import { messageOf } from "../../../lib/base/errors.ts";
import { ClientTimers } from "../client_timers.ts";
import type { OfficialClient, Target } from "../official_client.ts";
import { connectV1 } from "../sdk_v1.ts";
import { connectV2 } from "../sdk_v2.ts";
import { GatewayProcess } from "./gateway_process.ts";
import { OBSERVATIONS } from "./observations.ts";
import { serversIn } from "./servers.ts";

/** How long an observation may take on a busy machine (ms). */
const PATIENCE_MS = 30_000;

type Connect = (target: Target) => Promise<OfficialClient>;

interface Row {
  readonly client: string;
  readonly isModern: boolean;
  readonly through: Connect;
  /** The same library, which starts the server itself. */
  readonly direct: Connect;
}

const directV1: Connect = (target) => connectV1("stdio", target);
const directV2: Connect = (target) => connectV2({ mode: "legacy", transport: "stdio" }, target);
const ROWS: readonly Row[] = [
  {
    client: "SDK 1.x, Streamable HTTP",
    isModern: false,
    through: (target) => connectV1("http", target),
    direct: directV1,
  },
  {
    client: "SDK 1.x, SSE",
    isModern: false,
    through: (target) => connectV1("sse", target),
    direct: directV1,
  },
  {
    client: "client 2.x, automatic negotiation",
    isModern: true,
    through: (target) => connectV2({ mode: "auto", transport: "http" }, target),
    direct: directV2,
  },
  {
    client: "client 2.x, pinned to 2026-07-28",
    isModern: true,
    through: (target) => connectV2({ mode: "pinned", transport: "http" }, target),
    direct: directV2,
  },
];

for (const row of ROWS) {
  Deno.test(`${row.client} sees through the gateway what it sees directly`, async (t) => {
    using _timers = new ClientTimers();
    const folder = await Deno.makeTempDir();
    try {
      const servers = serversIn(folder);
      const path = `${folder}/mcp.json`;
      await Deno.writeTextFile(path, JSON.stringify({ mcpServers: entriesOf(servers, folder) }));
      await using gateway = await GatewayProcess.start(path);
      for (const [name, args] of Object.entries(servers)) {
        await compare(t, row, gateway, {
          name,
          direct: { command: Deno.execPath(), args: [...args], cwd: folder },
          through: { url: new URL(`/mcp/${name}`, gateway.origin) },
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Fails where something that must come does not. */
async function inTime<T>(seen: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Nothing came of ${what}`)), PATIENCE_MS);
  try {
    return await Promise.race([seen, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function entriesOf(servers: Readonly<Record<string, readonly string[]>>, folder: string) {
  const env = { DENO_DIR: "${DENO_DIR:-}", MEMORY_FILE_PATH: `${folder}/memory.json` };
  return Object.fromEntries(
    Object.entries(servers).map(([name, args]) => [name, { command: Deno.execPath(), args, env }]),
  );
}

async function compare(
  t: Deno.TestContext,
  row: Row,
  gateway: GatewayProcess,
  { name, direct, through }: {
    readonly name: string;
    readonly direct: Target;
    readonly through: Target;
  },
): Promise<void> {
  await using near = await row.direct(direct);
  await using far = await row.through(through);
  for (const { kind, observe, isLegacyOnly = false } of OBSERVATIONS[name]!) {
    if (isLegacyOnly && row.isModern) continue;
    const isSame = await t.step(`${name}: ${kind}`, async () => {
      const expected = await inTime(observe(near), `${kind}, directly`);
      try {
        assertEquals(await inTime(observe(far), `${kind}, through the gateway`), expected);
      } catch (error) {
        const errors = far.errors.map(messageOf).join("; ") || "none";
        const seen =
          `Errors of the client: ${errors}\nThe gateway's log ends with:\n${gateway.lastLines}`;
        throw new Error(`${messageOf(error)}\n${seen}`, { cause: error });
      }
    });
    // What came too late may still run, and would disturb the next observation.
    if (!isSame) break;
  }
}

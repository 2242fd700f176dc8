/** Each limit of the events kept for replay, and how it is reached. */
import type { SettingName } from "../../../lib/base/settings.ts";
import { toolCall } from "../../helpers/app.ts";
import { BOTH, TestSession } from "../../helpers/session.ts";
import { EventReader } from "../../helpers/sse.ts";
import { HeldTool } from "../../helpers/tools.ts";
import { closed, type Reached, type Scene } from "./reached.ts";

const HELD = new HeldTool();
/** Set by an approach for going beyond its limit. */
let session: TestSession;

/** Has a call say five things of so many characters, and be done. */
async function speak(scene: Scene, length: number): Promise<void> {
  session = await TestSession.open(scene.app);
  const answering = session.post(toolCall("held"), { accept: BOTH });
  const call = await HELD.next();
  // A call that takes its time turns into a stream.
  await scene.time.advance(1_100);
  for (let line = 1; line <= 5; line++) call.ctx.log.info(`${line}`.padEnd(length, "."));
  call.finish("done");
  const [first] = await new EventReader(await answering).rest();
  scene.id = first?.id ?? "";
}

interface ReplayLimit {
  readonly name: SettingName;
  readonly limit: number;
  /** Characters of each thing that is said. */
  readonly length: number;
  /** Time that passes until the client comes back (ms). */
  readonly awayMs: number;
  /** Events that are dropped only when the client comes back. */
  readonly dropped?: number;
}

const LIMITS: readonly ReplayLimit[] = [
  { name: "MCP_REPLAY_EVENTS", limit: 3, length: 1, awayMs: 0 },
  { name: "MCP_REPLAY_BYTES", limit: 2_048, length: 1_000, awayMs: 0 },
  { name: "MCP_REPLAY_TOTAL_BYTES", limit: 2_048, length: 1_000, awayMs: 0 },
  { name: "MCP_REPLAY_MS", limit: 1_000, length: 1, awayMs: 2_000, dropped: 6 },
];

function reach({ name, limit, length, awayMs, dropped }: ReplayLimit): Reached {
  return {
    name,
    options: { tools: [HELD.tool], settings: { [name]: limit } },
    approach: async (scene) => {
      await speak(scene, length);
      await scene.time.advance(awayMs);
    },
    exceed: (scene) => session.listen(scene.id),
    status: 200,
    says: /gone and cannot be replayed\. Its outcome is unknown/,
    logs: ["INFO Events gone 2025-11-25", "INFO Connection forcefully closed completed"],
    moves: {
      "lifeline_replay_gaps_total": 1,
      'lifeline_connections_opened_total{dialect="streamable"}': 1,
      ...closed("completed", "streamable"),
      ...(dropped !== undefined && { "lifeline_replay_dropped_events_total": dropped }),
    },
  };
}

/** A client that asks for dropped events is told so; they are never left out silently. */
export const REPLAY_LIMITS: readonly Reached[] = LIMITS.map(reach);

import { add } from "./add.ts";
import { countdown } from "./countdown.ts";
import { echo } from "./echo.ts";
import { now } from "./now.ts";
import type { Tool } from "../registry/tool.ts";

/** The tools every Lifeline serves. */
export const BUILT_IN_TOOLS: readonly Tool[] = [echo, add, now, countdown];

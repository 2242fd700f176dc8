import type { Settings } from "../../base/settings.ts";
import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";

/** Memory of one kind, in bytes. */
export interface MemoryFigures {
  readonly used: number;
  /** Infinity if it is unknown. */
  readonly limit: number;
  /** Memory that never counts as full; default: 0. The limit is read only above it. */
  readonly floor?: number;
}

/** The JavaScript heap, or the resident memory of the process. */
export type MemoryKind = "heap" | "resident";

/** Functions that measure memory, as far as the runtime can. */
export type MemorySources = Readonly<
  Partial<Record<MemoryKind, (() => MemoryFigures) | undefined>>
>;

/** See the settings: shares of the limits that may be in use, in percent. */
export type MemoryLimits = Pick<Settings, "MCP_MAX_HEAP_PERCENT" | "MCP_MAX_RESIDENT_PERCENT">;

/** Time between two measurements while requests come (ms). */
const MEASURE_MS = 250;

/**
 * Finds memory that is above its limit. Every request asks, so the answer is the last measurement.
 * The timer measures again only while requests come.
 */
export class MemoryGauge extends TimerEntry {
  readonly #sources: MemorySources;
  readonly #limits: MemoryLimits;
  readonly #wheel: TimerWheel;
  #full: MemoryKind | undefined;
  #isAsked = false;

  /** @param sources memory without a source never counts as full */
  constructor(sources: MemorySources, limits: MemoryLimits, wheel: TimerWheel) {
    super();
    this.#sources = sources;
    this.#limits = limits;
    this.#wheel = wheel;
  }

  /** The result of the last measurement, at most a quarter of a second old. */
  get full(): MemoryKind | undefined {
    this.#isAsked = true;
    if (!this.isScheduled) this.#measure();
    return this.#full;
  }

  /** Called by the timer wheel. */
  onDue(): void {
    if (this.#isAsked) this.#measure();
  }

  #measure(): void {
    this.#isAsked = false;
    const { heap, resident } = this.#sources;
    if (heap === undefined && resident === undefined) return;
    const { MCP_MAX_HEAP_PERCENT, MCP_MAX_RESIDENT_PERCENT } = this.#limits;
    this.#full = isFull(heap, MCP_MAX_HEAP_PERCENT)
      ? "heap"
      : isFull(resident, MCP_MAX_RESIDENT_PERCENT)
      ? "resident"
      : undefined;
    this.#wheel.schedule(this, MEASURE_MS);
  }
}

function isFull(measure: (() => MemoryFigures) | undefined, maxPercent: number): boolean {
  if (measure === undefined) return false;
  const memory = measure();
  return memory.used > (memory.floor ?? 0) && memory.used > memory.limit * maxPercent / 100;
}

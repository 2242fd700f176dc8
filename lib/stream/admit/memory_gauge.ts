import type { Settings } from "../../base/settings.ts";
import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";

/** Memory of one kind, in bytes. */
export interface MemoryFigures {
  readonly used: number;
  /** Infinity where it is not known. */
  readonly limit: number;
}

/** The JavaScript heap, or all memory of the process that is in use. */
export type MemoryKind = "heap" | "resident";

/** Measure memory, where the runtime can. */
export type MemorySources = Readonly<
  Partial<Record<MemoryKind, (() => MemoryFigures) | undefined>>
>;

/** See the settings: shares of the limits that may be in use, in percent. */
export type MemoryLimits = Pick<Settings, "MCP_MAX_HEAP_PERCENT" | "MCP_MAX_RESIDENT_PERCENT">;

/** Time between two measurements while somebody asks (ms). */
const MEASURE_MS = 250;

/**
 * Which memory is fuller than it may be. Every request asks, so an answer is a look at what was
 * measured last; the timer measures, and rests while nobody asks.
 */
export class MemoryGauge extends TimerEntry {
  readonly #sources: MemorySources;
  readonly #limits: MemoryLimits;
  readonly #wheel: TimerWheel;
  #full: MemoryKind | undefined;
  #isAsked = false;

  /** @param sources what none of them measures is never full */
  constructor(sources: MemorySources, limits: MemoryLimits, wheel: TimerWheel) {
    super();
    this.#sources = sources;
    this.#limits = limits;
    this.#wheel = wheel;
  }

  /** As measured last, a quarter of a second ago at most. */
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
  const { used, limit } = measure();
  return used > limit * maxPercent / 100;
}

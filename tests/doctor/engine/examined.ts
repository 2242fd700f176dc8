/**
 * The doctor examines an app through misbehaving paths, in fake time: minutes pass in milliseconds,
 * and a busy machine changes nothing.
 *
 * @module
 */
import { mock } from "node:test";
import { examine, type Options, type Report } from "../../../doctor/engine/examine.js";
import { rowsOf } from "../../../doctor/engine/table.js";
import type { AppOptions } from "../../../lib/http/app.ts";
import { testApp } from "../../helpers/app.ts";
import { fetchThrough, type Hop } from "../../helpers/hops.ts";
import { FakeTime, settled } from "../../helpers/time.ts";
// An app loads these at their first use. That takes real time, in which much of the fake time passes.
import "../../../lib/auth/jwt.ts";
import "../../../lib/http/routes/connections.ts";
import "../../../lib/http/routes/pages.ts";

const PING_MS = 500;
const STEP_MS = 5;
/** No examination takes longer (ms of fake time). */
const LIMIT_MS = 1_200_000;

/** What to examine, and how. */
export interface Case {
  readonly options?: Options;
  readonly app?: AppOptions;
  /** Of the app's keepalives. */
  readonly pingMs?: number;
  readonly address?: string;
}

/** What an examination found. */
export interface Examined {
  readonly report: Report;
  /** Of the findings. */
  readonly ids: readonly string[];
  /** Of the rows, by their names. */
  readonly tones: Readonly<Record<string, string>>;
  /** Streams that are still open. */
  readonly open: number;
}

/** Examines an app through hops. */
export async function examined(
  hops: readonly Hop[],
  { options = {}, app: appOptions = {}, pingMs = PING_MS, address = "http://localhost/" }: Case =
    {},
): Promise<Examined> {
  using time = new ExaminationTime();
  using app = testApp({
    ...appOptions,
    wheel: { clock: time.clock },
    settings: { MCP_PING_INTERVAL_MS: pingMs, ...appOptions.settings },
  });
  const report = await time.until(
    examine(address, { fetch: fetchThrough(app, ...hops), ...options }),
  );
  const ids = report.findings.map(({ id }) => id);
  const tones = Object.fromEntries(rowsOf(report).map(({ name, tone }) => [name, tone]));
  return { report, ids, tones, open: app.connections.size };
}

/** Fake time that goes on until something is done. */
export class ExaminationTime extends FakeTime {
  readonly #performance = mock.method(performance, "now", () => this.now);

  /** Moves on until a promise is settled, and gives its value. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = promise.finally(() => isDone = true);
    done.catch(() => {});
    for (let ms = 0; !isDone && ms < LIMIT_MS; ms += STEP_MS) {
      await this.advance(STEP_MS, STEP_MS);
      await settled();
    }
    if (!isDone) throw new Error(`The examination did not end within ${LIMIT_MS} ms`);
    return await done;
  }

  override [Symbol.dispose](): void {
    this.#performance.mock.restore();
    super[Symbol.dispose]();
  }
}

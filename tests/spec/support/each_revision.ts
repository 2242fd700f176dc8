import { type SpecApp, specApp } from "./fixtures.ts";
import {
  connect,
  connectStreamable,
  LEGACY,
  type LegacyClient,
  type LegacyClientOptions,
  type LegacyVersion,
  STREAMABLE,
  type StreamableClient,
} from "./legacy_client.ts";

/** Options of all steps of {@linkcode eachRevision}. */
export interface EachOptions extends LegacyClientOptions {
  readonly versions?: readonly LegacyVersion[];
}

/** Runs a step for each legacy revision, with a fresh app and a client of that revision. */
export async function eachRevision(
  t: Deno.TestContext,
  options: EachOptions,
  run: (app: SpecApp, client: LegacyClient) => Promise<void>,
): Promise<void> {
  for (const version of options.versions ?? LEGACY) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connect(app, { ...options, version });
      await run(app, client);
    });
  }
}

/** The same for the revisions that use Streamable HTTP. */
export async function eachStreamable(
  t: Deno.TestContext,
  options: EachOptions,
  run: (app: SpecApp, client: StreamableClient) => Promise<void>,
): Promise<void> {
  for (const version of options.versions ?? STREAMABLE) {
    await t.step(`${version} on ${options.path ?? "/mcp"}`, async () => {
      using app = specApp();
      await using client = await connectStreamable(app, { ...options, version });
      await run(app, client);
    });
  }
}

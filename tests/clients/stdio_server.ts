/**
 * The fixture over stdio, as `main.ts --stdio` serves its own.
 *
 * @module
 */
import { prepareStdio } from "../../lib/runtime/stdio.ts";
import { StopSignals } from "../../lib/runtime/stop_signals.ts";
import { createFixture } from "./fixture.ts";

if (import.meta.main) Deno.exit(await prepareStdio()(createFixture(), new StopSignals()));

/**
 * Gives each test the deadline that `MUTATION_DEADLINE_MS` names, so that a fault that makes a test
 * wait is found soon and by its name. Loaded before the tests with `--preload`.
 *
 * @module
 */
import { boundTests } from "../helpers/deadline.ts";

boundTests(Number(Deno.env.get("MUTATION_DEADLINE_MS")));

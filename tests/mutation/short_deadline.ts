/**
 * Gives each test a shorter deadline than the suite does, so that a fault that makes a test wait is
 * found soon and by its name. Loaded before the tests with `--preload`.
 *
 * @module
 */
import { boundTests } from "../helpers/deadline.ts";

/** Longer than any test of this kind takes (ms). */
const DEADLINE_MS = 30_000;

boundTests(DEADLINE_MS);

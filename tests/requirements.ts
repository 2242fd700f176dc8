/**
 * Every MUST and MUST NOT that binds a server, in all five revisions of the protocol, and the tests
 * that show each. What binds clients only is not listed.
 *
 * @module
 */
import { AUTHORIZATION } from "./requirements/authorization.ts";
import type { Requirement } from "./requirements/requirement.ts";
import { TASKS } from "./requirements/tasks.ts";
import { V2024_11_05 } from "./requirements/v2024_11_05.ts";
import { V2025_03_26 } from "./requirements/v2025_03_26.ts";
import { V2025_06_18 } from "./requirements/v2025_06_18.ts";
import { V2025_11_25 } from "./requirements/v2025_11_25.ts";
import { V2026_07_28 } from "./requirements/v2026_07_28.ts";

export const REQUIREMENTS: readonly Requirement[] = [
  ...V2024_11_05,
  ...V2025_03_26,
  ...V2025_06_18,
  ...V2025_11_25,
  ...TASKS,
  ...V2026_07_28,
  ...AUTHORIZATION,
];

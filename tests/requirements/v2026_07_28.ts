/**
 * What 2026-07-28 demands of a server. It changed so much that nothing is shared with the earlier
 * revisions' lists.
 *
 * @module
 */
import type { Requirement } from "./requirement.ts";
import { V2026_07_28_BASIC } from "./v2026_07_28_basic.ts";
import { V2026_07_28_FEATURES } from "./v2026_07_28_features.ts";
import { V2026_07_28_MRTR } from "./v2026_07_28_mrtr.ts";
import { V2026_07_28_TRANSPORTS } from "./v2026_07_28_transports.ts";

export const V2026_07_28: readonly Requirement[] = [
  ...V2026_07_28_BASIC,
  ...V2026_07_28_TRANSPORTS,
  ...V2026_07_28_MRTR,
  ...V2026_07_28_FEATURES,
];

/**
 * The shape of an entry in the list of requirements.
 *
 * @module
 */
import type { ProtocolVersion } from "../../lib/wire/protocol_versions.ts";

/** One thing that a revision demands (MUST, MUST NOT) of a server. */
export type Requirement = RequirementBase & (Verified | OutOfScope);

interface RequirementBase {
  /** The first revision that demands it, its area, and a name. */
  readonly id: `${ProtocolVersion}/${string}/${string}`;
  /** Page and heading in that revision; later ones may have moved it. */
  readonly section: string;
  /** Every revision in which it holds; none given when that is the one in the id. */
  readonly revisions?: readonly ProtocolVersion[];
  /** What a server has to do, in a few words of our own. */
  readonly must: string;
}

interface Verified {
  /** Exact names of the tests that show it. */
  readonly verifiedBy: readonly [string, ...string[]];
  readonly outOfScope?: never;
}

interface OutOfScope {
  /** Why it does not bind this server. */
  readonly outOfScope: string;
  readonly verifiedBy?: never;
}

/** The revisions that begin with `initialize`. */
export const LEGACY: readonly ProtocolVersion[] = [
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  "2025-11-25",
];

/** Those of them that use Streamable HTTP. */
export const STREAMABLE: readonly ProtocolVersion[] = LEGACY.slice(1);

export const SINCE_2025_06_18: readonly ProtocolVersion[] = LEGACY.slice(2);

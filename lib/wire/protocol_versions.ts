import { memoize } from "../base/memoize.ts";

/** The protocol's revisions, newest first. */
export const PROTOCOL_VERSIONS = [
  "2026-07-28",
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
] as const;

/** A revision of MCP that the server speaks. */
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/**
 * The two eras (2026-07-28, basic/versioning, Terminology): `modern` revisions carry version and
 * capabilities in every request, `legacy` ones agree on them once in `initialize`.
 */
export type Era = "modern" | "legacy";

/** Revisions that begin with `initialize`, newest first. */
export const LEGACY_VERSIONS = PROTOCOL_VERSIONS.filter((version) => eraOf(version) === "legacy");

/** Revisions that need no `initialize`, newest first. */
export const MODERN_VERSIONS = PROTOCOL_VERSIONS.filter((version) => eraOf(version) === "modern");

/** Assumed revision of a legacy client that names none (2025-06-18, basic/transports). */
export const DEFAULT_VERSION: ProtocolVersion = "2025-03-26";

/** The era of any revision, known or not: revisions are dates and compare as text. */
export function eraOf(version: string): Era {
  return version >= "2026-07-28" ? "modern" : "legacy";
}

/** Whether the server speaks a revision. */
export function isSupported(version: unknown): version is ProtocolVersion {
  return typeof version === "string" && isListed(version);
}

const isListed = memoize((version) => PROTOCOL_VERSIONS.includes(version as ProtocolVersion));

/**
 * The revision an `initialize` is answered with: the client's own where it is known, else the
 * newest that has `initialize` (2025-11-25, basic/lifecycle, Version Negotiation).
 */
export function negotiate(requested: unknown): ProtocolVersion {
  return LEGACY_VERSIONS.find((version) => version === requested) ??
    "2025-11-25";
}

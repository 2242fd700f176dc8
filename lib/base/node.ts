/**
 * Modules of Node, loaded at their first use. Perf: each loads a large part of Node, which a start and
 * a first call do not need. They are part of the runtime, so they cannot be missing.
 *
 * @module
 */

/** Values that follow a request through its promises. */
export const nodeAsyncHooks = () => process.getBuiltinModule("node:async_hooks");
/** Hashes and signatures. */
export const nodeCrypto = () => process.getBuiltinModule("node:crypto");
/** Files, opened without waiting. */
export const nodeFs = () => process.getBuiltinModule("node:fs");
/** Addresses and lists of subnets. */
export const nodeNet = () => process.getBuiltinModule("node:net");
/** Comparison of values. */
export const nodeUtil = () => process.getBuiltinModule("node:util");
/** Figures of the heap. */
export const nodeV8 = () => process.getBuiltinModule("node:v8");
export const nodeVm = () => process.getBuiltinModule("node:vm");

/** The SHA-256 digest of a text. */
export function sha256(text: string): Uint8Array {
  return hashOf(text).digest();
}

/** The SHA-256 digest of a text, in base64url. */
export function sha256Text(text: string): string {
  return hashOf(text).digest("base64url");
}

function hashOf(text: string) {
  return nodeCrypto().createHash("sha256").update(text);
}

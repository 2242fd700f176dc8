/**
 * Modules of Node, loaded at their first use: each brings much of Node with it, together a fifth of
 * a start, and a first call needs none of them. They are part of the runtime, so that none can be
 * missing by then.
 *
 * @module
 */

export const nodeCrypto = () => process.getBuiltinModule("node:crypto");
export const nodeNet = () => process.getBuiltinModule("node:net");
export const nodeV8 = () => process.getBuiltinModule("node:v8");
export const nodeVm = () => process.getBuiltinModule("node:vm");

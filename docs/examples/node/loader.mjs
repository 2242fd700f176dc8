/**
 * Lets Node 24 import the sources of Lifeline, which are TypeScript for Deno: it resolves the names of
 * their import map, gives files imported as text, and adds three methods that Node 25 has.
 *
 * `LIFELINE` is the folder of Lifeline. The packages must be installed beside this file.
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";

/** The folder of Lifeline, as a URL. */
export const LIFELINE = pathToFileURL(`${process.env.LIFELINE ?? "../../.."}/`);
const { imports } = JSON.parse(
  readFileSync(new URL("deno.json", LIFELINE), "utf8"),
);

registerHooks({
  resolve(specifier, context, next) {
    const target = imports[specifier];
    if (target === undefined) return next(specifier, context);
    // "npm:name@1.2.3/path" is the package that is installed here.
    const name = target.slice("npm:".length).replace(/(?<=.)@[^/]+/, "");
    return next(name, { ...context, parentURL: import.meta.url });
  },
  load(url, context, next) {
    if (context.importAttributes.type !== "text") return next(url, context);
    const text = JSON.stringify(readFileSync(new URL(url), "utf8"));
    return {
      format: "module",
      shortCircuit: true,
      source: `export default ${text}`,
    };
  },
});

Uint8Array.prototype.toHex ??= function () {
  return Buffer.from(this).toString("hex");
};
Uint8Array.prototype.toBase64 ??= function ({ alphabet = "base64" } = {}) {
  // Node pads base64, and does not pad base64url.
  return Buffer.from(this).toString(alphabet);
};
Uint8Array.fromBase64 ??= (text, { alphabet = "base64" } = {}) =>
  new Uint8Array(Buffer.from(text, alphabet));

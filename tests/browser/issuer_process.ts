/**
 * A real authorization server as a child process, with its own lock file.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { Child } from "../helpers/child.ts";

/** The rights of pages at the server, and the lifetime of its access tokens. */
export interface IssuerOptions {
  readonly mayRead?: boolean;
  readonly mayRegister?: boolean;
  /** Seconds. */
  readonly ttl?: number;
}

/** Time to load its packages and to listen (ms). */
const START_MS = 60_000;

/** Starts it; `issuer` is its URL. */
export async function startIssuer(options: IssuerOptions = {}) {
  const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const child = new Child({
    args: [
      "run",
      "--frozen",
      "--no-prompt",
      `--lock=${pathOf("../clients/deno.lock")}`,
      "--allow-net=127.0.0.1",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      pathOf("../clients/authorization/serve_issuer.ts"),
      JSON.stringify(options),
    ],
    reads: "stdout",
  });
  const { text } = await child.line("issuer", ({ text }) => text.startsWith("http:"), START_MS);
  return { issuer: text, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

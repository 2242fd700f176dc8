/**
 * The messages for clients and the log about the end of a server.
 *
 * @module
 */
import { logFor } from "../base/log.ts";
import type { ChildEnd } from "../base/server_report.ts";
import { maskedText, newReference } from "../registry/masking.ts";
import type { GatewayServerOptions, RunningServer } from "./running_server.ts";

const log = logFor("gateway");

/** The reasons for running calls when a child is ended. */
const WHY_STOPPED: Readonly<Record<ChildEnd, string>> = {
  crashed: "it failed",
  unusable: "it cannot be used",
  idle: "its clients were idle",
  session_ended: "its session has ended",
  evicted: "another session needed its place",
  restarted: "the operator restarts it",
  drain: "the gateway stops",
};

/** The error of calls that run when a server is ended. */
export function wordsOfStop(server: string, reason: ChildEnd): string {
  return `The server ${server} was ended: ${WHY_STOPPED[reason]}`;
}

/** The last line of a process's stderr, as the end of a sentence. */
export function lastWords(process: RunningServer): string {
  if (process.isRemote === true) return "";
  const line = process.lastLines().at(-1) ?? "";
  return line === "" ? "" : `; its last words: ${line}`;
}

/**
 * Logs what became of a server, and gives the words for clients.
 *
 * @returns a reference to the log line where reasons are hidden
 */
export function tellOfEnd(
  { name, hidesReasons }: Pick<GatewayServerOptions, "name" | "hidesReasons">,
  event: string,
  fields: Readonly<Record<string, string>>,
  { what, why }: { readonly what: string; readonly why: string },
): string {
  if (hidesReasons !== true) {
    log.warning(event, { server: name, ...fields });
    return `The server ${name} ${what}${why}`;
  }
  const reference = newReference();
  log.warning(event, { reference, server: name, ...fields });
  return maskedText(`The server ${name} ${what}`, reference);
}

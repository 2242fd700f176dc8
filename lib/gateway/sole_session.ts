import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { LOG_SEVERITY } from "../mcp/log_levels.ts";
import type { ClientState } from "../mcp/session/client_state.ts";
import { type JsonObject, notification } from "../wire/json_rpc.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { metaMember } from "../wire/meta.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";

const log = logFor("gateway");

/**
 * Finds the one session that has used a shared process since its start. It gets the log messages
 * that belong to no call: they cannot be of another client.
 */
export class SoleSession {
  #sole: ClientState | undefined;
  #isShared = false;
  /** The session whose request is passed on now, in this turn of the event loop. */
  #current: ClientState | undefined;

  /** Passes a request of a session on. */
  use<T>(session: ClientState, work: () => T): T {
    if (this.#sole !== session) {
      if (this.#sole === undefined && !this.#isShared) this.#sole = session;
      else this.#share();
    }
    this.#current = session;
    try {
      return work();
    } finally {
      this.#current = undefined;
    }
  }

  /** A request goes to the process: of the session that uses it now, else of another client. */
  noteRequest(): void {
    if (this.#current === undefined) this.#share();
  }

  /** A session has ended; what it began at the process may go on. */
  forget(session: ClientState): void {
    if (this.#sole === session) this.#share();
  }

  /** The process has started anew. */
  restarted(): void {
    this.#isShared = false;
  }

  /** @returns whether a log message was for the session */
  takeLog(params: JsonObject): boolean {
    const session = this.#sole;
    if (session === undefined) return false;
    const severity = LOG_SEVERITY[params.level as LoggingLevel] ?? 0;
    if (severity < LOG_SEVERITY[session.logLevel]) return true;
    const { _meta, ...rest } = params;
    try {
      const message = notification(NOTIFICATIONS.message, { ...rest, ...metaMember(params) });
      session.sendNotification(message);
    } catch (error) {
      log.warning("Notification of a server was not sent", { error: messageOf(error) });
    }
    return true;
  }

  #share(): void {
    this.#sole = undefined;
    this.#isShared = true;
  }
}

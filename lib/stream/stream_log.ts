/**
 * The log lines of streams. Their first words are fixed, so that people can search for them.
 *
 * @module
 */
import { shortId } from "../base/ids.ts";
import { logFor } from "../base/log.ts";
import type { CloseReason } from "./close_reason.ts";
import type { StreamSnapshot } from "./snapshot.ts";

const log = logFor("stream");

/** A stream opens. */
export function logOpening({ id, client, dialect }: StreamSnapshot): void {
  log.info("SSE Connection establishing", {
    connection_id: shortId(id),
    client_ip: client.address,
    user_agent: client.userAgent,
    dialect,
  });
}

/** The client of a stream has left. */
export function logAborted({ id }: StreamSnapshot): void {
  log.debug("Connection aborted detected", { connection_id: shortId(id) });
}

/** A ping could not be handed over, or was left unanswered. */
export function logFailedPing({ id, failedPings }: StreamSnapshot): void {
  log.warning("Ping failed", { connection_id: shortId(id), consecutive_failures: failedPings });
}

/** A ping failed that is one too many. */
export function logLastFailedPing({ id, failedPings }: StreamSnapshot): void {
  log.info("Max consecutive failures reached, closing connection", {
    connection_id: shortId(id),
    failures: failedPings,
  });
}

/** A stream is about to end. */
export function logClosing({ id }: StreamSnapshot, reason: CloseReason): void {
  log.info("Forcing connection closure", { connection_id: shortId(id), reason });
}

/**
 * A stream has ended.
 *
 * @param sentBytes that the transport had taken by then
 */
export function logClosed(stream: StreamSnapshot, sentBytes: number): void {
  const { id, reason, uptime, pingCount } = stream;
  log.info("Connection forcefully closed", {
    connection_id: shortId(id),
    reason,
    uptime,
    ping_count: pingCount,
    bytes_sent: sentBytes,
  });
}

/** A stream was cut off before its reader took all answers. */
export function logLostResults({ id, reason }: StreamSnapshot, results: number): void {
  log.warning("Results lost", { connection_id: shortId(id), reason, results });
}

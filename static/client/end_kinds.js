/**
 * Close reasons by what they mean to the operator.
 *
 * @module
 */

/** @typedef {"done" | "left" | "due" | "lost"} EndKind */

/** @type {Readonly<Record<string, EndKind>>} */
const KINDS = {
  completed: "done",
  disconnected: "done",
  superseded: "done",
  client_closed: "left",
  max_age: "due",
  auth_expired: "due",
  limit: "due",
  drain: "due",
  write_failed: "lost",
  ping_failed: "lost",
  queue_full: "lost",
  peer_lost: "lost",
  error: "lost",
};

/**
 * `done`: as it should be; `left`: the client went; `due`: the server's time or limit was up;
 * `lost`: something is wrong, as it is with a reason that nobody knows.
 *
 * @param {string} reason
 * @returns {EndKind}
 */
export function endKind(reason) {
  return Object.hasOwn(KINDS, reason) ? KINDS[reason] : "lost";
}

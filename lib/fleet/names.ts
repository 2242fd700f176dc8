/**
 * The names of instances in ids.
 *
 * @module
 */
import { CONNECTION_PREFIX } from "../base/ids.ts";
import { INSTANCE_DIGITS } from "../store/shared_store.ts";
import type { JsonRpcId } from "../wire/json_rpc.ts";

const STREAM_REGEXP = new RegExp(`i([0-9a-f]{${INSTANCE_DIGITS}})$`);
const QUESTION_REGEXP = new RegExp(`^lifeline-i([0-9a-f]{${INSTANCE_DIGITS}})-`);
const CONNECTION_REGEXP = new RegExp(
  `^${CONNECTION_PREFIX}[0-9a-f]{${32 - INSTANCE_DIGITS}}([0-9a-f]{${INSTANCE_DIGITS}})$`,
);

/** The instance that writes a stream; undefined for a name without one. */
export function instanceOfStream(name: string): string | undefined {
  return STREAM_REGEXP.exec(name)?.[1];
}

/** The instance that asked a question or sent a ping; undefined for an id without one. */
export function instanceOfQuestion(id: JsonRpcId | null): string | undefined {
  return QUESTION_REGEXP.exec(String(id))?.[1];
}

/**
 * The instance that has the connection with this id. The name comes last, so that the beginning, which
 * the ledger and the log show, is random.
 *
 * @returns undefined if the text is not a whole id
 */
export function instanceOfConnection(id: string): string | undefined {
  return CONNECTION_REGEXP.exec(id)?.[1];
}

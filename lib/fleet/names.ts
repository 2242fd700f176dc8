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
const INSTANCE_REGEXP = new RegExp(`^[0-9a-f]{${INSTANCE_DIGITS}}$`);

/** The instance that writes a stream; undefined for a name without one. */
export function instanceOfStream(name: string): string | undefined {
  return STREAM_REGEXP.exec(name)?.[1];
}

/** The instance that asked a question or sent a ping; undefined for an id without one. */
export function instanceOfQuestion(id: JsonRpcId | null): string | undefined {
  return QUESTION_REGEXP.exec(String(id))?.[1];
}

/** The instance that has the connection with this id; undefined if the text is no such id. */
export function instanceOfConnection(id: string): string | undefined {
  if (!id.startsWith(CONNECTION_PREFIX)) return undefined;
  const start = CONNECTION_PREFIX.length;
  const name = id.slice(start, start + INSTANCE_DIGITS);
  return INSTANCE_REGEXP.test(name) ? name : undefined;
}

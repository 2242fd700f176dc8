/**
 * Notifications that need not all arrive: where a reader is behind, a later one of the same key
 * takes the place of an earlier one. All other messages (answers, requests, cancellations) do.
 *
 * @module
 */
import { isNotification, type JsonRpcMessage } from "./json_rpc.ts";
import { NOTIFICATIONS } from "./methods.ts";

/** In the order in which metrics and documents name them. */
export const DROPPABLE_KINDS = ["list_changed", "resource_updated", "progress", "log"] as const;
/** The kind of a message that may be dropped for a slow reader. */
export type DroppableKind = (typeof DROPPABLE_KINDS)[number];

/** The subject of a notification. */
export interface Droppable {
  readonly kind: DroppableKind;
  /** A later notification with this key replaces this one; undefined for log messages. */
  readonly key: string | undefined;
}

const LIST_CHANGED_REGEXP = /^notifications\/[a-z]+\/list_changed$/;

/** The subject of a message; undefined for a message that must arrive. */
export function droppableOf(message: JsonRpcMessage): Droppable | undefined {
  if (!isNotification(message)) return undefined;
  const { method, params } = message;
  if (method === NOTIFICATIONS.progress) {
    return { kind: "progress", key: progressKey(params?.progressToken) };
  }
  if (method === NOTIFICATIONS.message) return { kind: "log", key: undefined };
  // Subscriptions that share a pipe differ in `_meta`.
  const key = JSON.stringify([method, params?.uri, params?._meta]);
  if (method === NOTIFICATIONS.resourceUpdated) return { kind: "resource_updated", key };
  return LIST_CHANGED_REGEXP.test(method) ? { kind: "list_changed", key } : undefined;
}

/** The key of all progress of one call; the tokens 1 and "1" are two. */
export function progressKey(token: unknown): string {
  return `progress ${JSON.stringify(token)}`;
}
